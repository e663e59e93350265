//! Why a command was refused.

use std::error::Error;

use super::code::{Code, Finding};
use super::remote_store::NotDone;
use spaces::ApiError;

/// A command that was not carried out, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRefusal {
    kind: RefusalKind,
    text: String,
    codes: Vec<Code>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RefusalKind {
    /// It cannot be read.
    Invalid,
    /// There is no such collection or application.
    Missing,
    /// Something stands against it.
    Conflict,
    /// It is not the caller's fault.
    Internal,
}

impl CommandRefusal {
    fn new(kind: RefusalKind, found: impl Into<Finding>) -> Self {
        let Finding { text, code } = found.into();
        Self { kind, text, codes: Vec::from_iter(code) }
    }

    pub(super) fn invalid(found: impl Into<Finding>) -> Self {
        Self::new(RefusalKind::Invalid, found)
    }

    pub(super) fn missing(found: impl Into<Finding>) -> Self {
        Self::new(RefusalKind::Missing, found)
    }

    pub(super) fn conflict(found: impl Into<Finding>) -> Self {
        Self::new(RefusalKind::Conflict, found)
    }

    /// A conflict with a code.
    pub(super) fn of(code: Code, text: impl Into<String>) -> Self {
        Self::conflict(Finding::new(code, text))
    }

    /// Several things stand against it; `text` names them.
    pub(super) fn several(text: String, codes: Vec<Code>) -> Self {
        Self { kind: RefusalKind::Conflict, text, codes }
    }

    /// A failure of ours: the cause goes to the log.
    pub(super) fn internal(cause: &dyn Error) -> Self {
        log::error!("moves: {}", runtime::chain(cause));
        Self::broken("the state could not be read or written; the log says why".into())
    }

    /// A failure of ours.
    pub(super) fn broken(text: String) -> Self {
        Self::new(RefusalKind::Internal, text)
    }

    /// A program did not do what it was asked for. The first argument is its part in the move, with its URL.
    pub(super) fn peer(side: &str, error: &NotDone) -> Self {
        let (text, code) = (format!("{side}: {error}"), error.code().map(Code::Program));
        Self::conflict(Finding { text, code })
    }

    /// Whether there is no such collection or application.
    pub(super) fn is_missing(&self) -> bool {
        self.kind == RefusalKind::Missing
    }

    /// The exception's name, as the Refactor Spaces API has it.
    pub fn exception(&self) -> &'static str {
        match self.kind {
            RefusalKind::Invalid => "ValidationException",
            RefusalKind::Missing => "ResourceNotFoundException",
            RefusalKind::Conflict => "ConflictException",
            RefusalKind::Internal => "InternalServerException",
        }
    }

    /// The HTTP status of the exception.
    pub fn status(&self) -> u16 {
        match self.kind {
            RefusalKind::Invalid => 400,
            RefusalKind::Missing => 404,
            RefusalKind::Conflict => 409,
            RefusalKind::Internal => 500,
        }
    }

    /// What is wrong, and where.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What advice is made from.
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }
}

impl From<ApiError> for CommandRefusal {
    fn from(error: ApiError) -> Self {
        let text = error.message().to_owned();
        match error {
            ApiError::Validation(_) | ApiError::InvalidResourcePolicy(_) => Self::invalid(text),
            ApiError::NotFound { .. } => Self::missing(text),
            ApiError::Quota { .. } | ApiError::Conflict { .. } => Self::conflict(text),
            ApiError::Internal(_) => Self::broken(text),
        }
    }
}

impl From<journal::Error> for CommandRefusal {
    fn from(error: journal::Error) -> Self {
        Self::internal(&error)
    }
}
