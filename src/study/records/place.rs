//! Where the progress file lies.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use super::error::{RecordsError, Result};

/// The file's name in the program's folder.
pub const FILE_NAME: &str = "progress.db";

/// The program's own folder for what it keeps: `wheelhouse` in the platform's data folder
/// (`~/.local/share` or `$XDG_DATA_HOME`, `~/Library/Application Support`, `%APPDATA%`). It need not be there.
///
/// # Errors
/// [`RecordsError::NoFolder`] if there is no home folder.
pub fn data_folder() -> Result<PathBuf> {
    #[cfg(any(target_os = "macos", target_os = "ios"))]
    let strategy = etcetera::base_strategy::choose_native_strategy();
    #[cfg(not(any(target_os = "macos", target_os = "ios")))]
    let strategy = etcetera::choose_base_strategy();
    Ok(strategy.map_err(|e| RecordsError::NoFolder(e.to_string()))?.data_dir().join("wheelhouse"))
}

/// The progress file when nobody names another: `progress.db` in the [`data_folder`], which is made if it is not there.
///
/// # Errors
/// [`RecordsError::NoFolder`] if there is no home folder or the folder cannot be made.
pub fn default_file() -> Result<PathBuf> {
    let folder = data_folder()?;
    std::fs::create_dir_all(&folder).map_err(|e| RecordsError::NoFolder(format!("{}: {e}", folder.display())))?;
    Ok(folder.join(FILE_NAME))
}
