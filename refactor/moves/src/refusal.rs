//! Why a command was refused. Each message says what is wrong and which command helps.

use std::error::Error;

use super::peer::PeerError;
use spaces::ApiError;

/// A command that was not carried out, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: it cannot be read.
    Invalid(String),
    /// 404: there is no such collection or application.
    Missing(String),
    /// 409: something stands against it.
    Conflict(String),
    /// 500: not the caller's fault.
    Internal(String),
}

impl Refusal {
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict(message.into())
    }

    /// A failure of ours: the cause goes to the log.
    pub(super) fn internal(cause: &dyn Error) -> Self {
        log::error!("moves: {}", runtime::chain(cause));
        Self::Internal("the state could not be read or written; the log says why".into())
    }

    /// A program did not do what it was asked for. The first argument is its part in the move, with its URL.
    pub(super) fn peer(who: &str, error: &PeerError) -> Self {
        Self::Conflict(format!("{who}: {error}"))
    }

    /// The exception's name, as the Refactor Spaces API has it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "ValidationException",
            Self::Missing(_) => "ResourceNotFoundException",
            Self::Conflict(_) => "ConflictException",
            Self::Internal(_) => "InternalServerException",
        }
    }

    /// The HTTP status of the exception.
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) => 400,
            Self::Missing(_) => 404,
            Self::Conflict(_) => 409,
            Self::Internal(_) => 500,
        }
    }

    /// What is wrong, for people.
    pub fn message(&self) -> &str {
        match self {
            Self::Invalid(message)
            | Self::Missing(message)
            | Self::Conflict(message)
            | Self::Internal(message) => message,
        }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        let message = error.message().to_owned();
        match error {
            ApiError::Validation(_) | ApiError::InvalidResourcePolicy(_) => Self::Invalid(message),
            ApiError::NotFound { .. } => Self::Missing(message),
            ApiError::Quota { .. } | ApiError::Conflict { .. } => Self::Conflict(message),
            ApiError::Internal(_) => Self::Internal(message),
        }
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(&error)
    }
}
