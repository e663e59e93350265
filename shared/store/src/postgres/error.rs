//! What PostgreSQL's error codes (appendix A of its manual) mean for a store.

use std::error::Error as _;
use std::io;

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::{Severity, SqlState};

use crate::StoreError;
use crate::sql::{Statements, unique_index};

pub(super) fn store_error(error: Error) -> StoreError {
    let Some(state) = error.code() else {
        // What has no code did not come from the server: the way to it is broken, or an answer was
        // not understood.
        let broken = error.is_closed()
            || error.source().is_some_and(<dyn std::error::Error>::is::<io::Error>);
        return if broken { StoreError::unavailable(error) } else { StoreError::failed(error) };
    };
    if *state == SqlState::DISK_FULL {
        return StoreError::full(error);
    }
    // 08 connection, 40 rollback (a deadlock), 53 resources, 55 not in the right state (a lock, or a database that
    // takes no connections), 57 operator intervention (a shutdown, a statement's time limit), 25006 a read-only
    // standby.
    let transient =
        ["08", "40", "53", "55", "57"].iter().any(|class| state.code().starts_with(class));
    if transient || *state == SqlState::READ_ONLY_SQL_TRANSACTION || is_lost_statement(state) {
        StoreError::unavailable(error)
    } else {
        StoreError::failed(error)
    }
}

/// Whether a prepared statement is not there, or one of another program is there under its name.
pub(super) fn is_lost_statement(state: &SqlState) -> bool {
    [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT].contains(state)
}

/// Whether a lock was not to be had in time.
pub(super) fn is_lock_timeout(error: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = error else { return false };
    let cause = cause.downcast_ref::<Error>();
    cause.and_then(Error::code) == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

/// Whether an error is the server's own word that a statement failed, on a connection that stays. Only that says
/// that a commit stored nothing: a server that shuts down, or a pooler in between that lost it, may have committed.
pub(super) fn is_refusal(error: &Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        let lost = ["08", "57P"].iter().any(|class| error.code().code().starts_with(class));
        error.parsed_severity() == Some(Severity::Error) && !lost
    })
}

/// An error of a commit, or of what was sent together with one.
pub(super) fn commit_error(error: Error) -> StoreError {
    if is_refusal(&error) { store_error(error) } else { StoreError::outcome_unknown(error) }
}

/// An error of an insert or update.
pub(super) fn write_error(error: Error, statements: &Statements) -> StoreError {
    let collection = &statements.collection;
    let violated = error.as_db_error().filter(|error| *error.code() == SqlState::UNIQUE_VIOLATION);
    let violated = violated.and_then(|error| error.constraint());
    match collection.unique() {
        Some(field) if violated == Some(&unique_index(&collection.name, &field.column)) => {
            StoreError::Taken { field: field.name.clone() }
        }
        _ => store_error(error),
    }
}

pub(super) fn pool_error(error: PoolError) -> StoreError {
    match error {
        PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => StoreError::Busy,
        // Without a connection no statement was read and no user refused. So the database cannot be reached,
        // whatever the reason.
        other => StoreError::unavailable(other),
    }
}
