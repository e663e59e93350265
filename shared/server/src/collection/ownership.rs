//! What only the primary of a collection does.

use std::time::Instant;

use actix_web::http::header::HeaderMap;
use replication::follower::CollectionLocation;
use replication::headers::{READ, READ_PRIMARY};
use store::Role;

use crate::problem::{Fault, Problem};
use crate::served::Served;

impl Served {
    /// Refuses a write that belongs elsewhere, before anything is asked for it. The store decides again, in
    /// the transaction of the write.
    ///
    /// # Errors
    /// 421 if another store is the primary of the collection.
    pub(super) async fn must_own(&self) -> Result<(), Problem> {
        if self.was_here() { Ok(()) } else { self.must_own_now().await }
    }

    /// The same, by the store's own word: for a refusal that rests on what was read here.
    ///
    /// # Errors
    /// 421 if another store is the primary of the collection.
    pub(super) async fn must_own_now(&self) -> Result<(), Problem> {
        match self.place().await? {
            CollectionLocation::Here => Ok(()),
            CollectionLocation::Follows { primary } | CollectionLocation::Gone { primary } => {
                Err(Problem::misdirected(primary))
            }
        }
    }

    /// Refuses a read if this store may not answer it. A copy that is not complete would show part of a list as the
    /// whole, and one that is too old would show what has changed since. A read that asks for the primary is
    /// refused by all other stores. That is settled before anything is read, by the store's own word.
    ///
    /// # Errors
    /// 421 if the collection is gone from here, not copied yet or too far behind, or if the read asks for the
    /// primary and this store is not. 400 for another [`READ`] than [`READ_PRIMARY`].
    pub(super) async fn must_serve(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if let Some(read) = headers.get(READ) {
            if read != READ_PRIMARY {
                let fault = Fault::header("Banyan-Read", "takes `primary`, or is left out");
                return Err(Problem::malformed("a header is wrong", vec![fault]));
            }
            return self.must_own_now().await;
        }
        if self.is_stale()
            && let CollectionLocation::Follows { primary } = self.place().await?
        {
            return Err(Problem::stale(primary));
        }
        let (store, collection) = (&self.store, &self.collection);
        let copy = store.role(collection) == Role::Follower && store.serves(collection);
        let serves = copy || self.was_here();
        if serves { Ok(()) } else { self.must_serve_now().await }
    }

    /// Refuses what was read from a copy that another program may have begun to clear.
    ///
    /// # Errors
    /// 421 if the collection is gone from here.
    pub(super) async fn still_serves(&self) -> Result<(), Problem> {
        if self.was_here() { Ok(()) } else { self.must_serve_now().await }
    }

    /// Whether the store is a copy that is too old to be read, or does not know how old it is.
    fn is_stale(&self) -> bool {
        let progress = &self.ownership_cache.progress;
        self.store.role(&self.collection) == Role::Follower && progress.is_stale(Instant::now())
    }

    async fn must_serve_now(&self) -> Result<(), Problem> {
        match self.place().await? {
            CollectionLocation::Here | CollectionLocation::Follows { .. } => Ok(()),
            CollectionLocation::Gone { primary } => Err(Problem::misdirected(primary)),
        }
    }

    async fn place(&self) -> Result<CollectionLocation, Problem> {
        let place = self.ownership_cache.place(&self.stored()).await;
        place.map_err(self.problem(None))
    }
}
