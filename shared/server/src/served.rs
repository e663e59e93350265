//! A collection, and what its handlers work with.

use std::sync::Arc;

use models::Collection;
use replication::calls::{Answering, Moving};
use replication::follower::OwnershipCache;
use store::{Store, StoreError};

use crate::callers::Callers;
use crate::moving::StoredCollection;
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
    pub(crate) callers: Arc<Callers>,
}

impl Served {
    /// The collection, as the tasks of a move use it.
    pub(crate) fn stored(&self) -> StoredCollection {
        let (store, collection) = (Arc::clone(&self.store), Arc::clone(&self.collection));
        StoredCollection { store, collection }
    }

    /// What answers other programs about the collection.
    pub(crate) fn answering(&self) -> Answering<StoredCollection> {
        let (cache, moving) = (Arc::clone(&self.ownership_cache), Arc::clone(&self.moving));
        Answering::new(self.stored(), cache, moving)
    }

    /// Whether the collection was here when the store was asked last, and that is not too long ago.
    pub(crate) fn was_here(&self) -> bool {
        self.ownership_cache.was_here(|| self.store.role(&self.collection))
    }

    /// A store's error as an answer to a request for the member `id`.
    pub(crate) fn problem(&self, id: Option<u64>) -> impl Fn(StoreError) -> Problem {
        move |error| Problem::of_store(error, &self.collection.member, id)
    }
}
