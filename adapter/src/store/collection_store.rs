//! The store as the tasks of a move use it.

use std::sync::Arc;

use replication::follower::CollectionStore;
use replication::{Applied, Changes, FeedCursor, Ownership, Peer, Role, RowRate};

use super::AdapterStore;
use crate::content::Content;
use crate::store_error::{MoveError, StoreError};

impl CollectionStore for AdapterStore {
    type Content = Content;
    type Error = StoreError;

    fn role(&self) -> Role {
        self.role()
    }

    async fn ownership(&self) -> Result<Ownership, StoreError> {
        self.ownership().await
    }

    async fn follow(
        &self,
        source: Peer,
        lineage: &str,
        epoch: u64,
        rate: Option<RowRate>,
    ) -> Result<Ownership, MoveError> {
        self.follow(source, lineage, epoch, rate).await
    }

    async fn readdress(&self, peer: Peer) -> Result<Ownership, MoveError> {
        self.readdress(peer).await
    }

    async fn apply(
        &self,
        from: FeedCursor,
        page: Arc<Changes<Content>>,
    ) -> Result<Applied, MoveError> {
        self.apply(from, page).await
    }

    async fn follow_back(
        &self,
        peer: Peer,
        epoch: u64,
        since: u64,
        run: &str,
    ) -> Result<Ownership, MoveError> {
        self.follow_back(peer, epoch, since, run).await
    }

    async fn give_way(&self, to: Peer, lineage: &str, epoch: u64) -> Result<Ownership, MoveError> {
        self.give_way(to, lineage, epoch).await
    }

    async fn heartbeat(&self) -> Result<(), MoveError> {
        self.heartbeat().await
    }

    async fn purge_tombstones(&self) -> Result<u64, StoreError> {
        self.purge_tombstones().await
    }
}
