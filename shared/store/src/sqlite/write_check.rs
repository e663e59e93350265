//! What each write of a client passes first, in its own transaction.

use models::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::error::store_error;
use super::ownership;
use crate::sql::Statements;
use crate::{Position, StoreError};

/// Takes the next place of the feed, if the store is primary and not fenced. Checking and counting are one
/// statement, so the ownership cannot change in between.
pub(super) fn pass(
    connection: &Connection,
    statements: &Statements,
    now: Timestamp,
) -> Result<Position, StoreError> {
    let mut check =
        connection.prepare_cached(&statements.moves.write_check).map_err(store_error)?;
    let place = check
        .query_row([now.unix_ms], |row| Ok(Position { at: row.get(0)?, epoch: row.get(1)? }))
        .optional()
        .map_err(store_error)?;
    match place {
        Some(place) => Ok(place),
        None => {
            let primary = ownership::document(connection, statements)?.primary();
            Err(StoreError::NotPrimary { primary })
        }
    }
}
