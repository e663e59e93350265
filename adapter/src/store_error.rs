//! What a store says of its own failures.

use std::error::Error as StdError;
use std::sync::Arc;

use postgres::failure::{Failure, is_refusal};

use crate::page::FeedError;
use crate::session::Error;

type Cause = Arc<dyn StdError + Send + Sync>;

/// Why a store failed. Nothing was changed, unless it says otherwise.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or cannot do it now.
    #[error("the database cannot do it now")]
    Unavailable(#[source] Cause),
    /// The database has no space left.
    #[error("no space is left")]
    Full(#[source] Cause),
    /// The answer to a commit was lost: what was asked may have been done.
    #[error("the answer to a commit was lost; it may have been done, or not")]
    OutcomeUnknown(#[source] Cause),
    /// The installation of the collection is not whole: writes could pass by.
    #[error("the installation of the collection is not whole; run adapter install again")]
    NotInstalled,
    /// A constraint of the application's tables is against it: it keeps rows of the source out, or rows of other tables
    /// would go too. If it is between two collections, it may pass when the other one has come further.
    #[error("a constraint of the tables is against it")]
    Kept(#[source] Cause),
    /// A fault of this program, of the application's tables or of the stored data.
    #[error("the database refuses it")]
    Failed(#[source] Cause),
}

/// Why a step was refused, or failed.
pub type MoveError = replication::MoveError<StoreError>;

impl StoreError {
    pub(crate) fn failed(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::Failed(Arc::new(cause))
    }

    /// An error of a commit.
    pub(crate) fn of_commit(error: Error) -> Self {
        match &error {
            Error::Failed { cause, .. } if is_refusal(cause) => error.into(),
            _ => Self::OutcomeUnknown(Arc::new(error)),
        }
    }

    /// The same error of what comes after a commit: whatever it is, something is stored.
    pub(crate) fn after_commit(self) -> Self {
        match self {
            unknown @ Self::OutcomeUnknown(_) => unknown,
            other => Self::OutcomeUnknown(Arc::new(other)),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let failure = match &error {
            Error::Failed { cause, .. } => Failure::of(cause),
            Error::Unreachable { .. } | Error::Locked { .. } => Failure::Passing,
            Error::Refused(_) => Failure::Lasting,
        };
        match failure {
            Failure::Full => Self::Full(Arc::new(error)),
            Failure::Passing => Self::Unavailable(Arc::new(error)),
            Failure::Lasting => Self::Failed(Arc::new(error)),
        }
    }
}

impl From<FeedError> for StoreError {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Session(error) => error.into(),
            FeedError::Twice { .. } | FeedError::Unreadable(_) => Self::failed(error),
        }
    }
}

impl From<Error> for MoveError {
    fn from(error: Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<StoreError> for MoveError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<FeedError> for MoveError {
    fn from(error: FeedError) -> Self {
        Self::Store(error.into())
    }
}
