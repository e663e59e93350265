//! Why stacks cannot be read or written.

use std::error::Error;
use std::fmt;

/// Why state could not be read or written: the journal refused, or a row holds what this version cannot read.
#[derive(Debug)]
pub struct StackError(Box<dyn Error + Send + Sync>);

impl StackError {
    /// For a stack that must be there and is not.
    pub(crate) fn missing(id: &str) -> Self {
        Self(format!("there is no {id}").into())
    }
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state of the stacks cannot be read or written: {}", self.0)
    }
}

impl Error for StackError {}

impl From<journal::Error> for StackError {
    fn from(err: journal::Error) -> Self {
        Self(err.into())
    }
}

impl From<serde_json::Error> for StackError {
    fn from(err: serde_json::Error) -> Self {
        Self(err.into())
    }
}
