//! A collection in the same store.

use std::cell::Cell;
use std::sync::Arc;

use replication::follower::{CollectionLocation, OwnershipCache};
use runtime::Clients;
use store::StoreError;

use super::ask::{Asker, NeighbourAnswer};
use super::sought::Sought;
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
    async fn look(&self, sought: &Sought, trace: &Trace) -> Result<Option<u64>, Problem> {
        let StoredCollection { store, collection } = &self.stored;
        let failed = |error| Problem::of_store(error, &collection.member, None);
        let has = async || match sought {
            Sought::Id(id) => {
                let row = store.get(collection, *id).await.map_err(failed)?;
                Ok::<_, Problem>(row.map(|row| row.id))
            }
            Sought::Named(name) => store.named(collection, name).await.map_err(failed),
        };
        let copied = Cell::new(None);
        let first = async || {
            if self.ownership_cache.intended().is_none()
                && let Some(id) = self.at_primary(sought).await.map_err(failed)?
            {
                return Ok(NeighbourAnswer::Has(id));
            }
            // The role comes before the row: a store that is the primary has all that was answered until then.
            match self.ownership_cache.place(&self.stored).await.map_err(failed)? {
                CollectionLocation::Here => Ok(NeighbourAnswer::Has(has().await?)),
                CollectionLocation::Follows { primary } => {
                    copied.set(has().await?);
                    Ok(NeighbourAnswer::Ask(primary))
                }
                CollectionLocation::Gone { primary } => {
                    copied.set(None);
                    Ok(NeighbourAnswer::Ask(primary))
                }
            }
        };
        match self.asker.ask(first, || copied.get().is_some(), sought, trace).await? {
            Some(found) => Ok(found.id),
            None if copied.get().is_some() => Ok(copied.get()),
            None => Err(silent(&collection.name, sought)),
        }
    }

    /// The id of the member, if there is one; nothing if this store is not the primary.
    async fn at_primary(&self, sought: &Sought) -> Result<Option<Option<u64>>, StoreError> {
        let StoredCollection { store, collection } = &self.stored;
        match sought {
            Sought::Id(id) => {
                let has = store.primary_has(collection, *id).await?;
                Ok(has.map(|has| has.then_some(*id)))
            }
            Sought::Named(name) => store.primary_named(collection, name).await,
        }
    }
}

impl Neighbour for Local {
    fn find<'a>(&'a self, sought: &'a Sought, trace: &'a Trace) -> Answer<'a> {
        Box::pin(self.look(sought, trace))
    }
}
