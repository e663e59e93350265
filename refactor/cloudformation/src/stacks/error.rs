//! Why stacks cannot be read or written.

use std::error::Error;
use std::fmt;

/// Why state could not be read or written: SQLite refused, or a row holds what this version cannot read.
#[derive(Debug)]
pub struct StoreError(Box<dyn Error + Send + Sync>);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state of the stacks cannot be read or written: {}", self.0)
    }
}

impl Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(err: rusqlite::Error) -> Self {
        Self(err.into())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(err: serde_json::Error) -> Self {
        Self(err.into())
    }
}
