//! What PostgreSQL's error codes (appendix A of its manual) mean for a store.

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::StoreError;

pub(super) fn store_error(error: Error) -> StoreError {
    let Some(state) = error.code() else {
        // What came from the server has a code; what has none never got there, or got lost on the way.
        return StoreError::unavailable(error);
    };
    if *state == SqlState::DISK_FULL {
        return StoreError::full(error);
    }
    // 08 connection, 40 rollback (a deadlock), 53 resources, 55 not in the right state (a lock),
    // 57 operator intervention (a shutdown, a statement's time limit), 25006 a read-only standby.
    let transient =
        ["08", "40", "53", "55", "57"].iter().any(|class| state.code().starts_with(class));
    if transient || *state == SqlState::READ_ONLY_SQL_TRANSACTION {
        StoreError::unavailable(error)
    } else {
        StoreError::failed(error)
    }
}

/// An error of an insert or update into a table in which no two rows may agree on `unique`.
pub(super) fn write_error(error: Error, unique: Option<&'static str>) -> StoreError {
    match (error.code(), unique) {
        (Some(state), Some(column)) if *state == SqlState::UNIQUE_VIOLATION => {
            StoreError::Taken { column }
        }
        _ => store_error(error),
    }
}

pub(super) fn pool_error(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => store_error(error),
        PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => StoreError::Busy,
        other => StoreError::unavailable(other),
    }
}
