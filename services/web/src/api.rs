//! The board's API, as the pages use it.

mod ask;
mod known;
mod reads;
mod writes;

use std::sync::Arc;

use runtime::Clients;

pub(crate) use known::{Known, Lookup};
pub(crate) use reads::{Member, Page};
pub(crate) use writes::Refusal;

/// The board's API. Every request is repeated for a stated time while the API says "ask again" (`ask`).
#[derive(Clone, Debug)]
pub(crate) struct Api {
    /// Without a slash at its end.
    base: String,
    clients: Arc<Clients>,
}

/// Why a page cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// There was no answer in time, or the API said until then that it cannot answer.
    #[error("the API does not answer: {0}")]
    Unavailable(String),
    /// The API gave an answer that no request here allows for.
    #[error("unexpected response of the API: {0}")]
    Unexpected(String),
}

impl Api {
    /// The API at this URL.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub(crate) fn new(base: String) -> reqwest::Result<Self> {
        Ok(Self { base, clients: Arc::new(Clients::new()?) })
    }
}
