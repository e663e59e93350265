//! The file that holds the state of the control plane.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

/// The file's name in the data folder.
const FILE: &str = "state.db";
/// The newest form of the file that this program knows.
const VERSION: i64 = 2;
/// Brings a file of version 1 to version 2, which calls owners primaries, holds fences, and grants handovers. A name
/// with its quotes and colon occurs in JSON only as the name of a member: a quote inside a text is escaped.
const RENAME_WORDS: &str = r#"
    BEGIN IMMEDIATE;
    UPDATE moves SET document = replace(replace(replace(document, '"owner":', '"primary":'),
        '"step":"held"', '"step":"fenced"'), '"step":"granted"', '"step":"handed-over"');
    UPDATE move_comparisons SET document = replace(document, '"owner":', '"primary":');
    PRAGMA user_version = 2;
    COMMIT;
"#;
/// How long the start waits for a process that is just ending.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// The state cannot be opened.
#[derive(Debug)]
pub struct StateError {
    what: String,
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for StateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.cause)
    }
}

/// Makes the data folder if there is none, for its owner alone.
///
/// # Errors
/// As [`files::make_folder`].
pub fn make_folder(folder: &Path) -> Result<(), StateError> {
    files::make_folder(folder).map_err(|cause| StateError {
        what: format!("the data folder {} cannot be used; set DATA_DIR", folder.display()),
        cause: cause.into(),
    })
}

/// Whether a process ran on this folder before.
pub fn is_there(folder: &Path) -> bool {
    folder.join(FILE).exists()
}

/// Opens the file in the data folder. Each commit is on disk when it returns (WAL, synchronous=FULL),
/// and no second process can open the file meanwhile.
///
/// # Errors
/// If the file cannot be used: damaged, not writable, or used by another process.
pub(crate) fn connect(folder: &Path) -> Result<Connection, StateError> {
    let path = folder.join(FILE);
    files::make_database(&path).map_err(|cause| StateError {
        what: format!("{} cannot be opened; set DATA_DIR to another folder", path.display()),
        cause: cause.into(),
    })?;
    let opened = Connection::open(&path).and_then(|connection| {
        connection.busy_timeout(BUSY_WAIT)?;
        // Two control planes on one state would each believe what it remembers.
        connection.pragma_update(None, "locking_mode", "exclusive")?;
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
        if mode != "wal" {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
            let message = format!("its file system takes no log (mode {mode})");
            return Err(rusqlite::Error::SqliteFailure(code, Some(message)));
        }
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", "on")?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > VERSION {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_MISMATCH);
            let message = format!("its version is {version}, and {VERSION} is the newest known");
            return Err(rusqlite::Error::SqliteFailure(code, Some(message)));
        }
        if version == 1 && has_moves(&connection)? {
            connection.execute_batch(RENAME_WORDS)?;
        }
        connection.pragma_update(None, "user_version", VERSION)?;
        let finding: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if finding == "ok" {
            return Ok(connection);
        }
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        Err(rusqlite::Error::SqliteFailure(code, Some(finding)))
    });
    opened.map_err(|cause| {
        let advice = match cause.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                "is used by another process: stop it, set TAKE_OVER=true to take over from it, or set DATA_DIR to \
                 another folder"
            }
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                "is damaged or no database: restore a backup, or set DATA_DIR to another folder"
            }
            Some(rusqlite::ErrorCode::TypeMismatch) => {
                "was written by a newer program, and is left as it is: run the newer program"
            }
            _ => "cannot be opened: this user must be able to write there",
        };
        StateError { what: format!("{} {advice}", path.display()), cause: cause.into() }
    })
}

/// Whether the tables of moves are there. A process that ended during its first start may not have made them.
fn has_moves(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) = 2 FROM sqlite_schema WHERE name IN ('moves', 'move_comparisons')";
    connection.query_row(sql, [], |row| row.get(0))
}
