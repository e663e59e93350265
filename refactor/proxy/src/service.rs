//! A service, whichever routes lead to it.

use std::sync::Arc;

use url::Url;

use crate::upstream::Upstream;

/// A service: where it is reached, and the path below which it answers. Two may share an upstream.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) upstream: Arc<Upstream>,
    /// The path of its URL without trailing slashes.
    pub(crate) base: String,
}

impl Service {
    pub(crate) fn new(upstream: Arc<Upstream>, url: &Url) -> Self {
        Self { upstream, base: url.path().trim_end_matches('/').to_owned() }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.shares_upstream(other) && self.base == other.base
    }

    pub(crate) fn shares_upstream(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.upstream, &other.upstream)
    }
}
