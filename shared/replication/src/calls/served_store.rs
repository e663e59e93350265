//! What a store must do so that a program can answer for its collection.

use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use super::CallRefusal;
use crate::follower::CollectionStore;
use crate::{
    BlockingTransaction, Changes, Digest, FeedCursor, FollowerSeen, Handover, Hashes, Heard, Key,
    MoveError, Ownership, Peer, Position,
};

/// One collection of a store, as other programs ask about it and move it. Cheap to clone.
///
/// Each step can be repeated, and is durable when its future is done.
pub trait ServedStore: CollectionStore<Content: Serialize> + Clone + 'static {
    /// How far the store is, as this program knows it, without asking the database: a primary in its own feed, a follower
    /// in that of its source.
    fn position(&self) -> Position;

    /// Whether the rows here may be read, as this program knows it, without asking the database. Those of a follower may be
    /// read once it has copied everything that there was.
    fn serves(&self) -> bool;

    /// Hears of what this program knows of new places. It need not hear of what other programs commit.
    fn heard(&self) -> watch::Receiver<Heard>;

    /// What a caller is told if the store could not do something.
    fn refusal(&self, error: &Self::Error) -> CallRefusal;

    /// Refuses writes for a time, once those that run have ended. With the same id again, the time begins anew.
    ///
    /// # Errors
    /// [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`], [`MoveError::Fenced`], [`MoveError::FenceTooLong`],
    /// [`MoveError::WritesRun`], or if the store cannot be written.
    fn fence(
        &self,
        id: &str,
        epoch: u64,
        lasts: Duration,
    ) -> impl Future<Output = Result<Ownership, MoveError<Self::Error>>> + Send;

    /// Ends the fence with this id. If there is none, changes nothing.
    ///
    /// # Errors
    /// [`MoveError::Fenced`] if the fence has another id; or if the store cannot be written.
    fn release(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Ownership, MoveError<Self::Error>>> + Send;

    /// Gives the ownership of the next epoch to another store, as the last entry of this one's feed. A repeat with the
    /// same successor gives the same handover.
    ///
    /// # Errors
    /// [`MoveError::NotFenced`], [`MoveError::HandedOver`], [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`],
    /// [`MoveError::Itself`], or if the store cannot be written.
    fn handover(
        &self,
        fence: &str,
        epoch: u64,
        to: Peer,
    ) -> impl Future<Output = Result<Handover, MoveError<Self::Error>>> + Send;

    /// Ends a follower's service. Its rows go, unless they are to be kept.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::NoSuccessor`], [`MoveError::HandoverOpen`], or if the store cannot be
    /// written.
    fn retire(
        &self,
        keep_rows: bool,
    ) -> impl Future<Output = Result<Ownership, MoveError<Self::Error>>> + Send;

    /// Makes a follower a store that was never used. If the store was never used, changes nothing.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::HandoverOpen`], or if the store cannot be written.
    fn cancel(&self) -> impl Future<Output = Result<Ownership, MoveError<Self::Error>>> + Send;

    /// Makes a store that handed over `epoch` the primary of the epoch after that, by force.
    ///
    /// # Errors
    /// [`MoveError::NeverHandedOver`], or if the store cannot be written.
    fn take(
        &self,
        epoch: u64,
    ) -> impl Future<Output = Result<Ownership, MoveError<Self::Error>>> + Send;

    /// The followers that have read the feed, and how far each has come.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn followers(&self) -> impl Future<Output = Result<Vec<FollowerSeen>, Self::Error>> + Send;

    /// Notes that a follower has come this far in the feed; written at most once a second.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn passed(
        &self,
        follower: &str,
        position: u64,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// No longer waits for a follower before deleted rows are purged.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn forget(&self, follower: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The transaction that has kept the feed from going on for more than a second.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn blocked_by(
        &self,
    ) -> impl Future<Output = Result<Option<BlockingTransaction>, Self::Error>> + Send;

    /// At most `limit` entries of the feed after a cursor, out of one snapshot. `heard` is [`Changes::heard`] of the last page.
    ///
    /// # Errors
    /// [`MoveError::WentBack`], [`MoveError::Purged`], [`MoveError::Key`], or if the store cannot be read.
    fn changes(
        &self,
        after: &FeedCursor,
        heard: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Changes<Self::Content>, MoveError<Self::Error>>> + Send;

    /// The fingerprint of the living rows with keys above `after`, up to `to`; without that, of the next `limit` rows.
    ///
    /// # Errors
    /// [`MoveError::Key`], or if the store cannot be read.
    fn digest(
        &self,
        after: Option<&Key>,
        to: Option<&Key>,
        limit: usize,
    ) -> impl Future<Output = Result<Digest, MoveError<Self::Error>>> + Send;

    /// The fingerprint of each living row with a key above `after`, up to `to`.
    ///
    /// # Errors
    /// [`MoveError::Key`], or if the store cannot be read.
    fn hashes(
        &self,
        after: Option<&Key>,
        to: &Key,
    ) -> impl Future<Output = Result<Hashes, MoveError<Self::Error>>> + Send;

    /// The fingerprints of the `count` living rows that changed last, the newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn recent(&self, count: usize) -> impl Future<Output = Result<Hashes, Self::Error>> + Send;

    /// The fingerprints of those of these rows that live.
    ///
    /// # Errors
    /// [`MoveError::Key`], or if the store cannot be read.
    fn named(
        &self,
        keys: &[Key],
    ) -> impl Future<Output = Result<Hashes, MoveError<Self::Error>>> + Send;
}
