//! A collection in the same store.

use std::cell::Cell;
use std::sync::Arc;

use replication::follower::{CollectionLocation, OwnershipCache};
use runtime::Clients;

use super::ask::{Asker, NeighbourAnswer};
use super::{Answer, Neighbour, silent};
use crate::moving::StoredCollection;
use crate::problem::Problem;
use crate::trace::Trace;

/// A collection in the same store, which may have moved away from it. The copy that is left is a follower's: it
/// counts only while the primary cannot be reached, so that writes go on.
pub(crate) struct Local {
    stored: StoredCollection,
    ownership_cache: Arc<OwnershipCache>,
    asker: Asker,
}

impl Local {
    pub(crate) fn new(
        stored: StoredCollection,
        ownership_cache: Arc<OwnershipCache>,
        clients: Arc<Clients>,
    ) -> Self {
        let asker = Asker::new(stored.collection.target(), clients);
        Self { stored, ownership_cache, asker }
    }

    /// What the primary has: this store, or the one that it names.
    async fn find(&self, id: u64, trace: &Trace) -> Result<bool, Problem> {
        let StoredCollection { store, collection } = &self.stored;
        let failed = |error| Problem::of_store(error, &collection.member, Some(id));
        let has = async || Ok(store.get(collection, id).await.map_err(failed)?.is_some());
        let copied = Cell::new(false);
        let first = async || {
            if self.ownership_cache.intended().is_none()
                && let Some(has) = store.primary_has(collection, id).await.map_err(failed)?
            {
                return Ok(NeighbourAnswer::Has(has));
            }
            // The role comes before the row: a store that is the primary has all that was answered until then.
            match self.ownership_cache.place(&self.stored).await.map_err(failed)? {
                CollectionLocation::Here => Ok(NeighbourAnswer::Has(has().await?)),
                CollectionLocation::Follows { primary } => {
                    copied.set(has().await?);
                    Ok(NeighbourAnswer::Ask(primary))
                }
                CollectionLocation::Gone { primary } => {
                    copied.set(false);
                    Ok(NeighbourAnswer::Ask(primary))
                }
            }
        };
        match self.asker.ask(first, || copied.get(), id, trace).await? {
            Some(found) => Ok(found.has),
            None if copied.get() => Ok(true),
            None => Err(silent(&collection.name, id)),
        }
    }
}

impl Neighbour for Local {
    fn exists<'a>(&'a self, id: u64, trace: &'a Trace) -> Answer<'a> {
        Box::pin(self.find(id, trace))
    }
}
