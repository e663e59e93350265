//! The tables. Everything but keys is one JSON document a row.

use rusqlite::Connection;

/// Makes the tables if they do not exist yet.
///
/// # Errors
/// What SQLite says.
pub(crate) fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS cfn_stacks (
             seq INTEGER PRIMARY KEY,
             id TEXT NOT NULL UNIQUE,
             region TEXT NOT NULL,
             name TEXT NOT NULL,
             living INTEGER NOT NULL, -- 0 once it is deleted: the name is free again
             document TEXT NOT NULL
         ) STRICT;
         CREATE UNIQUE INDEX IF NOT EXISTS cfn_stacks_living ON cfn_stacks (region, name) WHERE living;
         CREATE TABLE IF NOT EXISTS cfn_resources (
             stack TEXT NOT NULL,
             logical_id TEXT NOT NULL,
             document TEXT NOT NULL,
             PRIMARY KEY (stack, logical_id)
         ) STRICT, WITHOUT ROWID;
         CREATE TABLE IF NOT EXISTS cfn_change_sets (
             seq INTEGER PRIMARY KEY,
             id TEXT NOT NULL UNIQUE,
             stack TEXT NOT NULL,
             name TEXT NOT NULL,
             document TEXT NOT NULL,
             UNIQUE (stack, name)
         ) STRICT;
         CREATE TABLE IF NOT EXISTS cfn_events (
             seq INTEGER PRIMARY KEY,
             stack TEXT NOT NULL,
             document TEXT NOT NULL
         ) STRICT;
         CREATE INDEX IF NOT EXISTS cfn_events_by_stack ON cfn_events (stack, seq);
         CREATE TABLE IF NOT EXISTS cfn_exports (
             region TEXT NOT NULL,
             name TEXT NOT NULL,
             stack TEXT NOT NULL,
             PRIMARY KEY (region, name)
         ) STRICT, WITHOUT ROWID;
         CREATE TABLE IF NOT EXISTS cfn_imports (
             region TEXT NOT NULL,
             name TEXT NOT NULL,
             stack TEXT NOT NULL,
             PRIMARY KEY (region, name, stack)
         ) STRICT, WITHOUT ROWID;
         CREATE TABLE IF NOT EXISTS cfn_operations (
             seq INTEGER PRIMARY KEY,
             stack TEXT NOT NULL UNIQUE,
             document TEXT NOT NULL
         ) STRICT;",
    )
}
