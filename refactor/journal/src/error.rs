//! Why the state cannot be read or written.

use std::error::Error as StdError;
use std::fmt;

type Cause = Box<dyn StdError + Send + Sync>;

/// Why the state cannot be read or written. Nothing was changed, unless the commit itself failed and the session is
/// over: then it may be there.
#[derive(Debug)]
pub struct Error(ErrorKind);

#[derive(Debug)]
enum ErrorKind {
    /// The engine refused, or a row holds what this version cannot read.
    Failed(Cause),
    /// The session has ended, or cannot be used any more.
    Over(Cause),
    /// Another process changes the state now.
    NotLeader,
}

impl Error {
    pub(crate) fn failed(cause: impl Into<Cause>) -> Self {
        Self(ErrorKind::Failed(cause.into()))
    }

    pub(crate) fn over(cause: impl Into<Cause>) -> Self {
        Self(ErrorKind::Over(cause.into()))
    }

    /// Whether the session has ended, or never began.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.0, ErrorKind::Over(_))
    }

    pub(crate) fn not_leader() -> Self {
        Self(ErrorKind::NotLeader)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            ErrorKind::Failed(_) => "the state cannot be read or written",
            ErrorKind::Over(_) => "there is no session with the control database",
            ErrorKind::NotLeader => "another process makes the changes now",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            ErrorKind::Failed(cause) | ErrorKind::Over(cause) => Some(&**cause),
            ErrorKind::NotLeader => None,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::failed(error)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::failed(error)
    }
}
