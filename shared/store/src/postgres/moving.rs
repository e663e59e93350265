//! What is not built yet answers so.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::PostgresStore;
use crate::document::Step;
use crate::known::{Desks, Known};
use crate::{
    Applied, Changes, Digest, FeedCursor, FollowerSeen, Grant, Hashes, HeldBack, MoveError,
    Ownership, Peer, Record, StoreError,
};

fn not_built<T, E: From<StoreError>>() -> Result<T, E> {
    Err(StoreError::failed(io::Error::other("this is not built yet")).into())
}

impl PostgresStore {
    pub(crate) fn known<R: Record>(&self) -> Known {
        Desks::new(&[]).known::<R>()
    }

    pub(crate) fn changed<R: Record>(&self) -> watch::Receiver<u64> {
        Desks::new(&[]).changed::<R>()
    }

    pub(crate) async fn ownership<R: Record>(&self) -> Result<Ownership, StoreError> {
        not_built()
    }

    pub(crate) async fn apply<R: Record>(
        &self,
        _: FeedCursor,
        _: Arc<Changes<R::Content>>,
    ) -> Result<Applied, MoveError> {
        not_built()
    }

    pub(crate) async fn grant<R: Record>(
        &self,
        _: &str,
        _: u64,
        _: Peer,
    ) -> Result<Grant, MoveError> {
        not_built()
    }

    pub(crate) async fn retire<R: Record>(&self, _: bool) -> Result<Ownership, MoveError> {
        not_built()
    }

    pub(crate) async fn cancel<R: Record>(&self) -> Result<Ownership, MoveError> {
        not_built()
    }

    pub(crate) async fn heartbeat<R: Record>(&self) -> Result<(), MoveError> {
        not_built()
    }

    pub(crate) async fn passed<R: Record>(&self, _: &str, _: u64) -> Result<(), StoreError> {
        not_built()
    }

    pub(crate) async fn followers<R: Record>(&self) -> Result<Vec<FollowerSeen>, StoreError> {
        not_built()
    }

    pub(crate) async fn forget<R: Record>(&self, _: &str) -> Result<(), StoreError> {
        not_built()
    }

    pub(crate) async fn purge_tombstones<R: Record>(&self, _: Duration) -> Result<u64, StoreError> {
        not_built()
    }

    pub(crate) async fn changes<R: Record>(
        &self,
        _: FeedCursor,
        _: Option<&str>,
        _: usize,
    ) -> Result<Changes<R::Content>, MoveError> {
        not_built()
    }

    pub(crate) async fn digest<R: Record>(
        &self,
        _: u64,
        _: Option<u64>,
        _: usize,
    ) -> Result<Digest, StoreError> {
        not_built()
    }

    pub(crate) async fn hashes<R: Record>(&self, _: u64, _: u64) -> Result<Hashes, StoreError> {
        not_built()
    }

    pub(crate) async fn recent<R: Record>(&self, _: usize) -> Result<Hashes, StoreError> {
        not_built()
    }

    pub(crate) async fn row_hash<R: Record>(&self, _: &[u64]) -> Result<Hashes, StoreError> {
        not_built()
    }

    pub(crate) async fn step<R: Record>(&self, _: Step) -> Result<Ownership, MoveError> {
        not_built()
    }

    pub(crate) async fn held_back(&self) -> Result<Option<HeldBack>, StoreError> {
        not_built()
    }
}
