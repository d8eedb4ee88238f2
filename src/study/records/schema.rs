//! The file: how it is opened without harming it, what its tables are, and how older files become new ones.
//!
//! Rollback journal and not WAL: one file that can be copied, on any file system, and nothing beside it once a write is done.
//! `synchronous = EXTRA` is FULL plus a sync of the folder after the journal is gone, so a review that was acknowledged survives
//! a kill and a power cut.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::error::{RecordsError, Result};

/// `whee`, in the header of every progress file.
pub(super) const APPLICATION_ID: i32 = 0x7768_6565;

/// What leads from each format to the next; the file's `user_version` says how many were done.
pub(super) const MIGRATIONS: &[&str] = &["
    CREATE TABLE profile (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        created INTEGER NOT NULL,          -- microseconds since 1970
        interview TEXT,                    -- the date practice leads to
        planned_on TEXT                    -- the day that date was set
    ) STRICT;
    CREATE TABLE review (
        profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
        id TEXT NOT NULL,                  -- digest of everything below
        at INTEGER NOT NULL,               -- microseconds since 1970
        day TEXT NOT NULL,                 -- the person's day
        question TEXT NOT NULL,
        mode TEXT NOT NULL,
        rating TEXT NOT NULL,
        score INTEGER NOT NULL CHECK (score BETWEEN 0 AND 100),
        points TEXT NOT NULL CHECK (json_valid(points)),
        misconceptions TEXT NOT NULL CHECK (json_valid(misconceptions)),
        answer TEXT,
        took_ms INTEGER,
        PRIMARY KEY (profile, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX review_in_order ON review (profile, at, id);
    CREATE TABLE draft (
        profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
        slot TEXT NOT NULL,
        saved INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (profile, slot)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
"];

/// How long a write waits for another wheelhouse that is writing.
const BUSY: Duration = Duration::from_secs(5);

/// Opens a progress file, makes it if there is none, and brings it to the newest format.
///
/// # Errors
/// Damaged, foreign, newer, unreadable or unwritable files; none of them is changed.
pub(super) fn open(path: &Path, migrations: &[&str]) -> Result<Connection> {
    let fresh = peek(path, migrations.len())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let flags = if fresh { flags | OpenFlags::SQLITE_OPEN_CREATE } else { flags };
    let mut conn = Connection::open_with_flags(path, flags).map_err(|e| sort(path, &e))?;
    let prepared = prepare(&mut conn, path, migrations);
    prepared.map(|()| conn)
}

/// Opens a file that may not be written to, as it is.
pub(super) fn open_read_only(path: &Path, migrations: &[&str]) -> Result<Connection> {
    peek(path, migrations.len())?;
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|e| sort(path, &e))?;
    examine(&conn, path, migrations.len())?;
    Ok(conn)
}

/// A database that is gone with the program.
pub(super) fn in_memory(migrations: &[&str]) -> rusqlite::Result<Connection> {
    let mut conn = Connection::open_in_memory()?;
    conn.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut conn, migrations)?;
    Ok(conn)
}

/// Looks at the header before SQLite does: `true` if there is nothing yet.
fn peek(path: &Path, known: usize) -> Result<bool> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(true),
        Err(e) => return Err(RecordsError::Unreadable { file: path.into(), why: e.to_string() }),
    };
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(RecordsError::Foreign { file: path.into(), why: "it is a folder".into() });
    }
    let mut header = Vec::with_capacity(100);
    let read = file.by_ref().take(100).read_to_end(&mut header);
    read.map_err(|e| RecordsError::Unreadable { file: path.into(), why: e.to_string() })?;
    if header.is_empty() {
        return Ok(true);
    }
    // A kill in the middle of a write leaves a journal beside the file, and SQLite must heal the file before its header means anything.
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    if Path::new(&journal).exists() {
        return Ok(false);
    }
    if !header.starts_with(b"SQLite format 3\0") || header.len() < 100 {
        return Err(RecordsError::Foreign { file: path.into(), why: "it begins as something else".into() });
    }
    let number = |at: usize| header[at..at + 4].iter().fold(0u32, |n, byte| n << 8 | u32::from(*byte));
    judge(path, number(68), number(60), known).map(|()| false)
}

/// Are these the numbers of a progress file that this program knows? A file without any is an empty database.
fn judge(path: &Path, application: u32, version: u32, known: usize) -> Result<()> {
    if application != APPLICATION_ID as u32 && (application, version) != (0, 0) {
        return Err(RecordsError::Foreign { file: path.into(), why: "another program made it".into() });
    }
    let known = known as u32;
    if version > known { Err(RecordsError::Newer { file: path.into(), found: version, known }) } else { Ok(()) }
}

fn prepare(conn: &mut Connection, path: &Path, migrations: &[&str]) -> Result<()> {
    let sorted = |e: rusqlite::Error| sort(path, &e);
    conn.busy_timeout(BUSY).map_err(sorted)?;
    examine(conn, path, migrations.len())?;
    conn.pragma_update(None, "journal_mode", "DELETE").map_err(sorted)?;
    conn.pragma_update(None, "synchronous", "EXTRA").map_err(sorted)?;
    conn.pragma_update(None, "fullfsync", true).map_err(sorted)?;
    conn.pragma_update(None, "foreign_keys", true).map_err(sorted)?;
    migrate(conn, migrations).map_err(sorted)?;
    // Can it be written? A write that is taken back says so without changing anything.
    let trial = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sorted)?;
    trial.execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('trial', '')", []).map_err(sorted)?;
    trial.rollback().map_err(sorted)
}

/// Whole, ours, and not newer than we are.
fn examine(conn: &Connection, path: &Path, known: usize) -> Result<()> {
    let sorted = |e: rusqlite::Error| sort(path, &e);
    let number = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(sorted);
    let (application, version) = (number("application_id")?, number("user_version")?);
    judge(path, application as u32, version as u32, known)?;
    let verdict: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(sorted)?;
    if verdict != "ok" {
        return Err(RecordsError::Damaged { file: path.into(), why: verdict.replace('\n', " ") });
    }
    if version == 0 && conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).map_err(sorted)? > 0 {
        return Err(RecordsError::Foreign { file: path.into(), why: "another program made it".into() });
    }
    Ok(())
}

/// All missing steps in one transaction: a kill in the middle leaves the file as it was.
fn migrate(conn: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    let done = |conn: &Connection| conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    if done(conn)? == migrations.len() as i64 {
        return Ok(());
    }
    let change = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again under the lock: another program may have done it meanwhile.
    let from = usize::try_from(done(&change)?).unwrap_or(0);
    for step in migrations.iter().skip(from) {
        change.execute_batch(step)?;
    }
    change.pragma_update(None, "application_id", APPLICATION_ID)?;
    change.pragma_update(None, "user_version", migrations.len() as i64)?;
    change.commit()
}

/// What SQLite complains about, in plain words; its own come last, in brackets.
pub(super) fn sort(path: &Path, error: &rusqlite::Error) -> RecordsError {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnName, InvalidColumnType, Utf8Error};
    let (file, theirs) = (path.to_path_buf(), error.to_string());
    if let FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnName(..) | InvalidColumnType(..) | Utf8Error(..) =
        error
    {
        // Values that this program never wrote.
        return RecordsError::Damaged { file, why: theirs };
    }
    let plain = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => return RecordsError::Busy { file },
        Some(ErrorCode::DatabaseCorrupt) => return RecordsError::Damaged { file, why: theirs },
        Some(ErrorCode::NotADatabase) => return RecordsError::Foreign { file, why: format!("it holds something else ({theirs})") },
        Some(ErrorCode::ReadOnly) => "it may only be read",
        Some(ErrorCode::DiskFull) => "the disk is full",
        Some(ErrorCode::PermissionDenied) => "you may not",
        Some(ErrorCode::CannotOpen) => "it cannot be opened; is its folder there, and may you write into it?",
        Some(ErrorCode::SystemIoFailure) => "the disk does not do what it should",
        _ => return RecordsError::Unreadable { file, why: theirs },
    };
    RecordsError::Unwritable { file, why: format!("{plain} ({theirs})") }
}
