//! Connections to a SQLite file.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Result};

/// How long a statement waits for another process that holds the file.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// More than all statements of three collections.
const STATEMENTS: usize = 64;

/// A connection that writes. Nothing is written by opening it.
pub(super) fn write(path: &Path) -> Result<Connection> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
}

/// A connection that reads a database that exists.
pub(super) fn read(path: &Path) -> Result<Connection> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    // One thread at a time uses a connection, so SQLite's own locks around it are not needed.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_WAIT)?;
    // A statement is planned once, not again for each value that is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Makes each commit of this connection durable before it is answered (sqlite.org/pragma.html).
pub(super) fn make_durable(connection: &Connection) -> Result<()> {
    // SQLite answers with the mode that it is in. That is its only sign of a failure.
    let wal = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let mode = connection.pragma_update_and_check(None, "journal_mode", "wal", wal)?;
    if mode != "wal" {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        let message = format!("its file system has no shared memory for a log (mode {mode})");
        return Err(rusqlite::Error::SqliteFailure(code, Some(message)));
    }
    connection.pragma_update(None, "synchronous", "full")?;
    // A copy of a large table dirties pages of each index all over the file: written back a thousand at a
    // time, as is the default, they are written over and over.
    connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    connection.pragma_update(None, "cache_size", -32 * 1024)?;
    // After a burst of writes the log's file gives its space back.
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)
}
