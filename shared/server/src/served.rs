//! A collection, and what its handlers work with.

use std::sync::Arc;

use models::Collection;
use store::{Store, StoreError};

use crate::moving::{Moving, OwnershipCache};
use crate::neighbour::Neighbours;
use crate::problem::Problem;

/// A collection, and what its handlers work with.
pub(crate) struct Served {
    pub(crate) collection: Arc<Collection>,
    pub(crate) store: Arc<Store>,
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) ownership_cache: Arc<OwnershipCache>,
    pub(crate) moving: Arc<Moving>,
    pub(crate) read_only: bool,
}

impl Served {
    /// A store's error as an answer to a request for the member `id`.
    pub(crate) fn problem(&self, id: Option<u64>) -> impl Fn(StoreError) -> Problem {
        move |error| Problem::of_store(error, &self.collection.member, id)
    }
}
