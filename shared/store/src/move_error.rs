//! Why a step of a move was refused, or what of the store failed.

use crate::StoreError;

/// Why a store did not give a page of its feed, or did not take a step of a move. Nothing was stored,
/// unless it is a [`MoveError::Store`] that says otherwise.
pub type MoveError = replication::MoveError<StoreError>;

impl From<StoreError> for MoveError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
