//! One collection of a store, as the tasks of a move use it.

use std::sync::Arc;
use std::time::Duration;

use models::{Collection, Content, View};
use replication::calls::{CallRefusal, ServedStore};
use replication::follower::{CollectionLocation, CollectionStore, OwnershipCache};
use store::{
    Applied, BlockingTransaction, Changes, Digest, FeedCursor, FollowerSeen, Handover, Hashes,
    Heard, Key, MIN_TOMBSTONE_AGE, MoveError, Ownership, Peer, Position, Role, RowRate, Shown,
    Store, StoreError,
};
use tokio::sync::watch;

use crate::problem::Problem;

/// A collection and the store that keeps it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct StoredCollection {
    pub(crate) store: Arc<Store>,
    pub(crate) collection: Arc<Collection>,
}

/// What became of looking for a member.
pub(crate) enum Found {
    Here(Shown),
    /// It is not in this store, which is no more than a copy unless the collection is here.
    Missing(CollectionLocation),
}

impl StoredCollection {
    /// Looks for a member. A store may be a copy when it is read, and the primary when that is looked at: then it
    /// is read again. So if the member is missing and the collection is here, the collection was here all the time.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn find(
        &self,
        ownership_cache: &OwnershipCache,
        id: u64,
        view: View,
    ) -> Result<Found, StoreError> {
        let Self { store, collection } = self;
        self.look(ownership_cache, async || store.show(collection, id, view).await).await
    }

    /// The same, by the member's name.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn find_named(
        &self,
        ownership_cache: &OwnershipCache,
        name: &str,
        view: View,
    ) -> Result<Found, StoreError> {
        let Self { store, collection } = self;
        let show = async || match store.named(collection, name).await? {
            Some(id) => store.show(collection, id, view).await,
            None => Ok(None),
        };
        self.look(ownership_cache, show).await
    }

    async fn look(
        &self,
        ownership_cache: &OwnershipCache,
        show: impl AsyncFn() -> Result<Option<Shown>, StoreError>,
    ) -> Result<Found, StoreError> {
        let Self { store, collection } = self;
        loop {
            let before = (store.role(collection), store.position(collection).epoch);
            if let Some(shown) = show().await? {
                return Ok(Found::Here(shown));
            }
            let place = ownership_cache.place(self).await?;
            let after = (store.role(collection), store.position(collection).epoch);
            if place != CollectionLocation::Here || before == after {
                return Ok(Found::Missing(place));
            }
        }
    }
}

impl CollectionStore for StoredCollection {
    type Content = Content;
    type Error = StoreError;

    fn role(&self) -> Role {
        self.store.role(&self.collection)
    }

    async fn ownership(&self) -> Result<Ownership, StoreError> {
        self.store.ownership(&self.collection).await
    }

    async fn follow(
        &self,
        source: Peer,
        lineage: &str,
        epoch: u64,
        rate: Option<RowRate>,
    ) -> Result<Ownership, MoveError> {
        self.store.follow(&self.collection, source, lineage, epoch, rate).await
    }

    async fn readdress(&self, peer: Peer) -> Result<Ownership, MoveError> {
        self.store.readdress(&self.collection, peer).await
    }

    async fn apply(
        &self,
        from: FeedCursor,
        page: Arc<Changes<Content>>,
    ) -> Result<Applied, MoveError> {
        self.store.apply(&self.collection, from, page).await
    }

    async fn follow_back(
        &self,
        peer: Peer,
        epoch: u64,
        since: u64,
        run: &str,
    ) -> Result<Ownership, MoveError> {
        self.store.follow_back(&self.collection, peer, epoch, since, run).await
    }

    async fn give_way(&self, to: Peer, lineage: &str, epoch: u64) -> Result<Ownership, MoveError> {
        self.store.give_way(&self.collection, to, lineage, epoch).await
    }

    async fn heartbeat(&self) -> Result<(), MoveError> {
        self.store.heartbeat(&self.collection).await
    }

    async fn purge_tombstones(&self) -> Result<u64, StoreError> {
        self.store.purge_tombstones(&self.collection, MIN_TOMBSTONE_AGE).await
    }
}

impl ServedStore for StoredCollection {
    fn position(&self) -> Position {
        self.store.position(&self.collection)
    }

    fn serves(&self) -> bool {
        self.store.serves(&self.collection)
    }

    fn heard(&self) -> watch::Receiver<Heard> {
        self.store.changed(&self.collection)
    }

    fn refusal(&self, error: &StoreError) -> CallRefusal {
        match error {
            StoreError::OutcomeUnknown(_) => CallRefusal::perhaps(error),
            other => Problem::of_store(other.clone(), &self.collection.member, None).into(),
        }
    }

    async fn fence(&self, id: &str, epoch: u64, lasts: Duration) -> Result<Ownership, MoveError> {
        self.store.fence(&self.collection, id, epoch, lasts).await
    }

    async fn release(&self, id: &str) -> Result<Ownership, MoveError> {
        self.store.release(&self.collection, id).await
    }

    async fn handover(&self, fence: &str, epoch: u64, to: Peer) -> Result<Handover, MoveError> {
        self.store.handover(&self.collection, fence, epoch, to).await
    }

    async fn retire(&self, keep_rows: bool) -> Result<Ownership, MoveError> {
        self.store.retire(&self.collection, keep_rows).await
    }

    async fn cancel(&self) -> Result<Ownership, MoveError> {
        self.store.cancel(&self.collection).await
    }

    async fn take(&self, epoch: u64) -> Result<Ownership, MoveError> {
        self.store.take(&self.collection, epoch).await
    }

    async fn followers(&self) -> Result<Vec<FollowerSeen>, StoreError> {
        self.store.followers(&self.collection).await
    }

    async fn passed(&self, follower: &str, position: u64) -> Result<(), StoreError> {
        self.store.passed(&self.collection, follower, position).await
    }

    async fn forget(&self, follower: &str) -> Result<(), StoreError> {
        self.store.forget(&self.collection, follower).await
    }

    async fn blocked_by(&self) -> Result<Option<BlockingTransaction>, StoreError> {
        self.store.blocked_by().await
    }

    async fn changes(
        &self,
        after: &FeedCursor,
        heard: Option<&str>,
        limit: usize,
    ) -> Result<Changes<Content>, MoveError> {
        self.store.changes(&self.collection, after, heard, limit).await
    }

    async fn digest(
        &self,
        after: Option<&Key>,
        to: Option<&Key>,
        limit: usize,
    ) -> Result<Digest, MoveError> {
        self.store.digest(&self.collection, after, to, limit).await
    }

    async fn hashes(&self, after: Option<&Key>, to: &Key) -> Result<Hashes, MoveError> {
        self.store.hashes(&self.collection, after, to).await
    }

    async fn recent(&self, count: usize) -> Result<Hashes, StoreError> {
        self.store.recent(&self.collection, count).await
    }

    async fn named(&self, keys: &[Key]) -> Result<Hashes, MoveError> {
        self.store.row_hash(&self.collection, keys).await
    }
}
