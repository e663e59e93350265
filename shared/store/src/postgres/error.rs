//! What PostgreSQL's errors mean for a store.

use ::postgres::failure::{Failure, is_refusal};
use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::StoreError;
use crate::sql::{Statements, unique_index};

pub(super) fn store_error(error: Error) -> StoreError {
    match Failure::of(&error) {
        Failure::Full => StoreError::full(error),
        Failure::Passing => StoreError::unavailable(error),
        Failure::Lasting => StoreError::failed(error),
    }
}

/// Whether a lock was not to be had in time.
pub(super) fn is_lock_timeout(error: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = error else { return false };
    let cause = cause.downcast_ref::<Error>();
    cause.and_then(Error::code) == Some(&SqlState::LOCK_NOT_AVAILABLE)
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
