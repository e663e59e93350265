//! What SQLite's error codes (sqlite.org/rescode.html) mean for a store.

use models::Collection;
use rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;
use rusqlite::{Error, ErrorCode};

use crate::{OpenError, StoreError};

pub(super) fn store_error(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::full(error),
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied,
        ) => StoreError::unavailable(error),
        _ => StoreError::failed(error),
    }
}

/// An error of an insert or update into a collection's table.
pub(super) fn write_error(error: Error, collection: &Collection) -> StoreError {
    match (error.sqlite_extended_error_code(), collection.unique()) {
        (Some(SQLITE_CONSTRAINT_UNIQUE), Some(field)) => {
            StoreError::Taken { field: field.name.clone() }
        }
        _ => store_error(error),
    }
}

/// Whether the file is no database, or one whose structure is broken.
pub(super) fn is_damage(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// Whether a database could not be opened for want of room. The index of its log may have none either, which SQLite takes
/// for a failure of the disk.
pub(super) fn is_full(error: &OpenError) -> bool {
    let (OpenError::Unreachable { cause, .. } | OpenError::Schema { cause, .. }) = error else {
        return false;
    };
    match (cause.downcast_ref::<Error>(), cause.downcast_ref::<StoreError>()) {
        (Some(error), _) => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure)
        ),
        (_, Some(error)) => matches!(error, StoreError::Full(_)),
        (None, None) => false,
    }
}
