//! Why there can be no connection.

use std::error::Error;
use std::sync::Arc;

/// Why there can be no connection.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{advice}")]
pub struct ConnectError {
    /// What to do about it.
    pub advice: &'static str,
    /// What the library said.
    #[source]
    pub cause: Arc<dyn Error + Send + Sync>,
}

impl ConnectError {
    pub(crate) fn new(advice: &'static str, cause: impl Error + Send + Sync + 'static) -> Self {
        Self { advice, cause: Arc::new(cause) }
    }
}
