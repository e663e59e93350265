//! Why stacks cannot be read or written.

use std::error::Error;
use std::fmt;

/// Why state could not be read or written: SQLite refused, or a row holds what this version cannot read.
#[derive(Debug)]
pub struct StackError(Box<dyn Error + Send + Sync>);

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state of the stacks cannot be read or written: {}", self.0)
    }
}

impl Error for StackError {}

impl From<rusqlite::Error> for StackError {
    fn from(err: rusqlite::Error) -> Self {
        Self(err.into())
    }
}

impl From<serde_json::Error> for StackError {
    fn from(err: serde_json::Error) -> Self {
        Self(err.into())
    }
}
