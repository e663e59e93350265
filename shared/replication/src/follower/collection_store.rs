//! What a store must do so that its collection can be moved.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{Applied, Changes, FeedCursor, MoveError, Ownership, Peer, Role, RowRate};

/// One collection of a store, as the tasks of a move use it. What the rows hold is the store's own affair: the tasks
/// pass it on as it came.
///
/// Each change is durable when its future is done, happens whole or not at all, and can be repeated.
pub trait CollectionStore: Send + Sync {
    /// What a row of a page holds: [`FeedRow::content`](crate::FeedRow::content).
    type Content: DeserializeOwned + Send + Sync + 'static;
    /// Why the store itself failed. Then the outcome is the store's to say.
    type Error: Error + Send + Sync + 'static;

    /// The role of the store, as this program knows it, without asking the database.
    fn role(&self) -> Role;

    /// The document of ownership, as it is now.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn ownership(&self) -> impl Future<Output = Result<Ownership, Self::Error>> + Send;

    /// Makes a store that was never used a follower of another one, with nothing copied yet. If it follows that
    /// store already, notes its address and changes nothing else. Without a `rate`, it copies as fast as it was told
    /// before.
    ///
    /// # Errors
    /// [`MoveError::InUse`], [`MoveError::Follows`], [`MoveError::Itself`], [`MoveError::Fenced`], or if the store
    /// cannot be written.
    fn follow(
        &self,
        source: Peer,
        lineage: &str,
        epoch: u64,
        rate: Option<RowRate>,
    ) -> impl Future<Output = Result<Ownership, MoveError<Self::Error>>> + Send;

    /// Notes the present address of a peer: the store that it follows, or its successor.
    ///
    /// # Errors
    /// [`MoveError::NoSuccessor`] if it knows no such peer; or if the store cannot be written.
    fn readdress(
        &self,
        peer: Peer,
    ) -> impl Future<Output = Result<Ownership, MoveError<Self::Error>>> + Send;

    /// Applies a page of the source's feed, which begins at `from`: all of it or nothing, together with the cursor
    /// behind it. A handover to this store makes it the primary in the same transaction.
    ///
    /// # Errors
    /// [`MoveError::OtherCursor`] if another program has applied it or a part of it. Otherwise [`MoveError::NotFollower`],
    /// [`MoveError::OtherSource`], [`MoveError::OtherLineage`], [`MoveError::OldEpoch`], [`MoveError::SourceFollows`],
    /// [`MoveError::OtherFields`], or if the store cannot be written.
    fn apply(
        &self,
        from: FeedCursor,
        page: Arc<Changes<Self::Content>>,
    ) -> impl Future<Output = Result<Applied, MoveError<Self::Error>>> + Send;

    /// Makes a store that handed over `epoch` a follower of its successor, which became primary of it at its own
    /// place `since`, in its run `run`.
    ///
    /// # Errors
    /// [`MoveError::NeverHandedOver`], [`MoveError::NotFollower`], or if the store cannot be written.
    fn follow_back(
        &self,
        peer: Peer,
        epoch: u64,
        since: u64,
        run: &str,
    ) -> impl Future<Output = Result<Ownership, MoveError<Self::Error>>> + Send;

    /// Retires a primary for one of a later epoch, which was made by force while this one was taken for lost. All
    /// that it has stays.
    ///
    /// # Errors
    /// [`MoveError::OtherLineage`], [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`] if the epoch is not later,
    /// [`MoveError::Itself`], or if the store cannot be written.
    fn give_way(
        &self,
        to: Peer,
        lineage: &str,
        epoch: u64,
    ) -> impl Future<Output = Result<Ownership, MoveError<Self::Error>>> + Send;

    /// Writes a sign of life into the feed.
    ///
    /// # Errors
    /// [`MoveError::NotPrimary`], or if the store cannot be written.
    fn heartbeat(&self) -> impl Future<Output = Result<(), MoveError<Self::Error>>> + Send;

    /// Purges a portion of the rows that were deleted [`MIN_TOMBSTONE_AGE`](crate::MIN_TOMBSTONE_AGE) ago and that every
    /// follower has passed; says how many. 0 if there is none left.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn purge_tombstones(&self) -> impl Future<Output = Result<u64, Self::Error>> + Send;
}
