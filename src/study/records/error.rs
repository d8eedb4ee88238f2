//! What can go wrong with a progress file, said so that one knows what to do. None of these changes the file.

use std::path::PathBuf;

/// Why the progress file could not be opened, read or written, or why a request cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    #[error("the progress file {} is damaged: part of what is in it cannot be read\n  it was left as it is; restore a copy of it, or move it away and bring your reviews back from an export with `wheelhouse progress import FILE`\n  ({why})", .file.display())]
    Damaged { file: PathBuf, why: String },
    #[error("{} is not a progress file of wheelhouse: {why}\n  it was left as it is; name another file with --progress or WHEELHOUSE_PROGRESS", .file.display())]
    Foreign { file: PathBuf, why: String },
    #[error("the progress file {} was written by a newer wheelhouse (format {found}, this program knows up to {known})\n  it was left as it is; use the newer program, or another file with --progress", .file.display())]
    Newer { file: PathBuf, found: u32, known: u32 },
    #[error("the progress file {} cannot be written: {why}", .file.display())]
    Unwritable { file: PathBuf, why: String },
    #[error("the progress file {} is being written by another wheelhouse; try again in a moment", .file.display())]
    Busy { file: PathBuf },
    #[error("the progress file {} cannot be read: {why}", .file.display())]
    Unreadable { file: PathBuf, why: String },
    #[error("no folder for the progress file: {0}\n  name a file with --progress or WHEELHOUSE_PROGRESS")]
    NoFolder(String),
    #[error("there is no profile '{name}'{}", .nearest.as_ref().map_or("; `wheelhouse progress profiles` lists them".into(), |n| format!("; did you mean '{n}'?")))]
    UnknownProfile { name: String, nearest: Option<String> },
    #[error("there is a profile '{0}' already")]
    ProfileExists(String),
    #[error("'{name}' cannot be the name of a profile: {why}")]
    ProfileName { name: String, why: &'static str },
    #[error("{place} is not an export of wheelhouse progress: {why}\n  nothing was imported")]
    Import { place: String, why: String },
    #[error("this review cannot be stored: {0}")]
    Review(String),
}

/// The result of everything in this room that touches the file.
pub type Result<T> = std::result::Result<T, RecordsError>;
