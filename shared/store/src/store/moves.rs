//! Who may write, and how that goes from one store to another.
//!
//! Each step can be repeated, and each is durable when it has answered.

use std::sync::Arc;
use std::time::Duration;

use super::{Engine, Store};
use crate::document::Step;
use crate::{
    Applied, Changes, FeedCursor, FollowerSeen, Handover, MoveError, Ownership, Peer, Position,
    Record, Role, RowRate, StoreError,
};

impl Store {
    /// The store's document of ownership, as it is now.
    ///
    /// Brings up to date what [`Store::position`] and [`Store::role`] say, where another program on the
    /// same database has changed it.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn ownership<R: Record>(&self) -> Result<Ownership, StoreError> {
        each!(self, engine => engine.ownership::<R>().await)
    }

    /// How far the store is, as this program knows it; asks nobody. To be taken before a read and after
    /// a write: then what is said is true of what was read or written.
    ///
    /// A primary's is the highest place that this program knows to be committed; a follower's is the
    /// place of its source up to which it has everything.
    pub fn position<R: Record>(&self) -> Position {
        each!(self, engine => engine.known::<R>().position)
    }

    /// What the store is, as this program knows it; asks nobody. One that was cancelled counts as retired.
    pub fn role<R: Record>(&self) -> Role {
        each!(self, engine => engine.known::<R>().role)
    }

    /// Whether what is here may be read, as this program knows it; asks nobody. A follower's may be once it has
    /// copied everything that there was.
    pub fn serves<R: Record>(&self) -> bool {
        each!(self, engine => engine.known::<R>().serves)
    }

    /// Makes a store that was never used a follower of another one, with nothing copied yet. Where it
    /// follows that store already, notes its address and changes nothing else. How fast it copies stays as it was
    /// told before where `rate` says nothing.
    ///
    /// # Errors
    /// [`MoveError::InUse`], [`MoveError::Follows`], [`MoveError::Itself`], [`MoveError::Fenced`], or where
    /// the store cannot be written.
    pub async fn follow<R: Record>(
        &self,
        source: Peer,
        lineage: &str,
        epoch: u64,
        rate: Option<RowRate>,
    ) -> Result<Ownership, MoveError> {
        let step = Step::Follow { source, lineage: lineage.to_owned(), epoch, rate };
        each!(self, engine => engine.step::<R>(step).await)
    }

    /// Notes where a peer is now: the store that it follows, or its successor.
    ///
    /// # Errors
    /// [`MoveError::NoSuccessor`] where it knows no such peer; or where the store cannot be written.
    pub async fn readdress<R: Record>(&self, peer: Peer) -> Result<Ownership, MoveError> {
        each!(self, engine => engine.step::<R>(Step::Readdress(peer)).await)
    }

    /// Applies a page of the source's feed, which begins at `from`: all of it or nothing, together with
    /// the cursor behind it. A handover to this store makes it the primary in the same transaction.
    ///
    /// A row's newest state may take a unique value from a row whose own newer state is still to come.
    /// Until that comes both are there, each as it was at some time.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::OtherSource`], [`MoveError::OtherLineage`],
    /// [`MoveError::OldEpoch`], [`MoveError::SourceFollows`], [`MoveError::OtherCursor`], or where the
    /// store cannot be written.
    pub async fn apply<R: Record>(
        &self,
        from: FeedCursor,
        page: Arc<Changes<R::Content>>,
    ) -> Result<Applied, MoveError> {
        each!(self, engine => engine.apply::<R>(from, page).await)
    }

    /// Makes a store that handed over `epoch` a follower of its successor, which became primary of it at its
    /// own place `since`, in its run `run`.
    ///
    /// # Errors
    /// [`MoveError::NeverHandedOver`], [`MoveError::NotFollower`], or where the store cannot be written.
    pub async fn follow_back<R: Record>(
        &self,
        peer: Peer,
        epoch: u64,
        since: u64,
        run: &str,
    ) -> Result<Ownership, MoveError> {
        let step = Step::FollowBack { peer, epoch, since, run: run.to_owned() };
        each!(self, engine => engine.step::<R>(step).await)
    }

    /// Refuses writes for a time, at most [`MAX_FENCE`](crate::MAX_FENCE), once those that run have ended.
    /// The same id holds on from now.
    ///
    /// # Errors
    /// [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`], [`MoveError::Fenced`],
    /// [`MoveError::FenceTooLong`], [`MoveError::WritesRun`], or where the store cannot be written.
    pub async fn fence<R: Record>(
        &self,
        id: &str,
        epoch: u64,
        lasts: Duration,
    ) -> Result<Ownership, MoveError> {
        let step = Step::Fence { id: id.to_owned(), epoch, lasts };
        each!(self, engine => engine.step::<R>(step).await)
    }

    /// Lets writes go on that this id holds. Where it holds none, changes nothing.
    ///
    /// # Errors
    /// [`MoveError::Fenced`] where another id holds them; or where the store cannot be written.
    pub async fn release<R: Record>(&self, id: &str) -> Result<Ownership, MoveError> {
        let step = Step::Release { id: id.to_owned() };
        each!(self, engine => engine.step::<R>(step).await)
    }

    /// Gives the ownership of the epoch after this one to another store, as the last entry of this one's
    /// feed. From here the store takes no writes. A repeat with the same successor gives the same handover.
    ///
    /// # Errors
    /// [`MoveError::NotFenced`], [`MoveError::HandedOver`], [`MoveError::NotPrimary`],
    /// [`MoveError::OtherEpoch`], [`MoveError::Itself`], or where the store cannot be written.
    pub async fn handover<R: Record>(
        &self,
        fence: &str,
        epoch: u64,
        to: Peer,
    ) -> Result<Handover, MoveError> {
        each!(self, engine => engine.handover::<R>(fence, epoch, to).await)
    }

    /// Ends a follower's service. Its rows go, unless they are to be kept.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::NoSuccessor`], [`MoveError::HandoverOpen`], or where the store
    /// cannot be written.
    pub async fn retire<R: Record>(&self, keep_rows: bool) -> Result<Ownership, MoveError> {
        each!(self, engine => engine.retire::<R>(keep_rows).await)
    }

    /// Makes a follower a store that was never used: nothing of what it copied stays, only where the source
    /// is. Until it follows again it takes no writes. Changes nothing where the store was never used.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::HandoverOpen`], or where the store cannot be written.
    pub async fn cancel<R: Record>(&self) -> Result<Ownership, MoveError> {
        each!(self, engine => engine.cancel::<R>().await)
    }

    /// Makes a store that handed over `epoch` the primary of the epoch after that, by force: the successor is
    /// lost for good, and with it whatever it alone has.
    ///
    /// # Errors
    /// [`MoveError::NeverHandedOver`], or where the store cannot be written.
    pub async fn take<R: Record>(&self, epoch: u64) -> Result<Ownership, MoveError> {
        each!(self, engine => engine.step::<R>(Step::Take { epoch }).await)
    }

    /// Retires a primary for one of a later epoch, which was made by force while this one was taken for lost.
    /// All that it has stays.
    ///
    /// # Errors
    /// [`MoveError::OtherLineage`], [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`] where the epoch is not
    /// later, [`MoveError::Itself`], or where the store cannot be written.
    pub async fn give_way<R: Record>(
        &self,
        to: Peer,
        lineage: &str,
        epoch: u64,
    ) -> Result<Ownership, MoveError> {
        let step = Step::GiveWay { to, lineage: lineage.to_owned(), epoch };
        each!(self, engine => engine.step::<R>(step).await)
    }

    /// Writes a sign of life into the feed.
    ///
    /// # Errors
    /// [`MoveError::NotPrimary`], or where the store cannot be written.
    pub async fn heartbeat<R: Record>(&self) -> Result<(), MoveError> {
        each!(self, engine => engine.heartbeat::<R>().await)
    }

    /// Notes that a follower has come this far in the feed; written at most once a second.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub async fn passed<R: Record>(&self, follower: &str, position: u64) -> Result<(), StoreError> {
        each!(self, engine => engine.passed::<R>(follower, position).await)
    }

    /// Who has read the feed, and how far.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn followers<R: Record>(&self) -> Result<Vec<FollowerSeen>, StoreError> {
        each!(self, engine => engine.followers::<R>().await)
    }

    /// No longer waits for a follower before deleted rows are purged.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub async fn forget<R: Record>(&self, follower: &str) -> Result<(), StoreError> {
        each!(self, engine => engine.forget::<R>(follower).await)
    }

    /// Purges rows that were deleted so long ago, and at least [`MIN_TOMBSTONE_AGE`](crate::MIN_TOMBSTONE_AGE),
    /// and that every follower has passed, a portion of them at once; says how many. 0 where there is none left.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub async fn purge_tombstones<R: Record>(
        &self,
        older_than: Duration,
    ) -> Result<u64, StoreError> {
        each!(self, engine => engine.purge_tombstones::<R>(older_than).await)
    }
}
