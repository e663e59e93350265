//! Which store may write, and how that goes from one store to another.
//!
//! Each step can be repeated, and each is durable when it has answered.

use std::sync::Arc;
use std::time::Duration;

use models::{Cell, Collection, Content};
use replication::{KnownPosition, OwnershipStep};

use super::{Engine, Store};
use crate::crash_point::fault;
use crate::{
    Applied, Changes, FeedCursor, FollowerSeen, Handover, MIN_TOMBSTONE_AGE, MoveError, Ownership,
    Peer, Position, Role, RowRate, StoreError,
};

impl Store {
    /// The store's document of ownership, as it is now.
    ///
    /// Brings up to date what [`Store::position`] and [`Store::role`] say, if another program on the same database
    /// has changed it.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn ownership(&self, collection: &Collection) -> Result<Ownership, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.ownership(table).await)
    }

    /// How far the store is, as this program knows it, without asking the database. To be taken before a read and
    /// after a write: then it is true of what was read or written.
    ///
    /// A primary's is the highest place that this program knows to be committed; a follower's is the
    /// place of its source up to which it has everything.
    pub fn position(&self, collection: &Collection) -> Position {
        self.known(collection).position
    }

    /// The role of the store, as this program knows it, without asking the database. A store that was cancelled
    /// counts as retired.
    pub fn role(&self, collection: &Collection) -> Role {
        self.known(collection).role
    }

    /// Whether the rows here may be read, as this program knows it, without asking the database. Those of a
    /// follower may be read once it has copied everything that there was.
    pub fn serves(&self, collection: &Collection) -> bool {
        self.known(collection).serves
    }

    /// Nothing, if the store was opened without the collection.
    fn known(&self, collection: &Collection) -> KnownPosition {
        self.tables
            .find(collection)
            .map_or(KnownPosition::NOTHING, |table| table.position_watch.known())
    }

    /// Makes a store that was never used a follower of another one, with nothing copied yet. If it follows that
    /// store already, notes its address and changes nothing else. Without a `rate`, it copies as fast as it was
    /// told before.
    ///
    /// # Errors
    /// [`MoveError::InUse`], [`MoveError::Follows`], [`MoveError::Itself`], [`MoveError::Fenced`], or if the store
    /// cannot be written.
    pub async fn follow(
        &self,
        collection: &Collection,
        source: Peer,
        lineage: &str,
        epoch: u64,
        rate: Option<RowRate>,
    ) -> Result<Ownership, MoveError> {
        self.step(
            collection,
            OwnershipStep::Follow { source, lineage: lineage.to_owned(), epoch, rate },
        )
        .await
    }

    /// Notes the present address of a peer: the store that it follows, or its successor.
    ///
    /// # Errors
    /// [`MoveError::NoSuccessor`] if it knows no such peer; or if the store cannot be written.
    pub async fn readdress(
        &self,
        collection: &Collection,
        peer: Peer,
    ) -> Result<Ownership, MoveError> {
        self.step(collection, OwnershipStep::Readdress(peer)).await
    }

    /// Applies a page of the source's feed, which begins at `from`: all of it or nothing, together with
    /// the cursor behind it. A handover to this store makes it the primary in the same transaction.
    ///
    /// A row's newest state may take a unique value from a row whose own newer state is still to come.
    /// Until that comes both are there, each as it was at some time.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::OtherSource`], [`MoveError::OtherLineage`],
    /// [`MoveError::OldEpoch`], [`MoveError::SourceFollows`], [`MoveError::OtherCursor`],
    /// [`MoveError::OtherFields`], or if the store cannot be written.
    pub async fn apply(
        &self,
        collection: &Collection,
        from: FeedCursor,
        page: Arc<Changes<Content>>,
    ) -> Result<Applied, MoveError> {
        let table = self.tables.find(collection)?;
        let cells = read_contents(&table.statements.collection, &page)?;
        let applied = each!(self, engine => engine.apply(table, from, page, cells).await)?;
        if applied.promoted {
            fault("promote", "after-commit");
        }
        Ok(applied)
    }

    /// Makes a store that handed over `epoch` a follower of its successor, which became primary of it at its
    /// own place `since`, in its run `run`.
    ///
    /// # Errors
    /// [`MoveError::NeverHandedOver`], [`MoveError::NotFollower`], or if the store cannot be written.
    pub async fn follow_back(
        &self,
        collection: &Collection,
        peer: Peer,
        epoch: u64,
        since: u64,
        run: &str,
    ) -> Result<Ownership, MoveError> {
        self.step(collection, OwnershipStep::FollowBack { peer, epoch, since, run: run.to_owned() })
            .await
    }

    /// Refuses writes for a time, at most [`MAX_FENCE`](crate::MAX_FENCE), once those that run have ended. With the
    /// same id again, the time begins anew.
    ///
    /// # Errors
    /// [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`], [`MoveError::Fenced`], [`MoveError::FenceTooLong`],
    /// [`MoveError::WritesRun`], or if the store cannot be written.
    pub async fn fence(
        &self,
        collection: &Collection,
        id: &str,
        epoch: u64,
        lasts: Duration,
    ) -> Result<Ownership, MoveError> {
        self.step(collection, OwnershipStep::Fence { id: id.to_owned(), epoch, lasts }).await
    }

    /// Ends the fence with this id. If there is none, changes nothing.
    ///
    /// # Errors
    /// [`MoveError::Fenced`] if the fence has another id; or if the store cannot be written.
    pub async fn release(&self, collection: &Collection, id: &str) -> Result<Ownership, MoveError> {
        self.step(collection, OwnershipStep::Release { id: id.to_owned() }).await
    }

    /// Gives the ownership of the epoch after this one to another store, as the last entry of this one's
    /// feed. From here the store takes no writes. A repeat with the same successor gives the same handover.
    ///
    /// # Errors
    /// [`MoveError::NotFenced`], [`MoveError::HandedOver`], [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`],
    /// [`MoveError::Itself`], or if the store cannot be written.
    pub async fn handover(
        &self,
        collection: &Collection,
        fence: &str,
        epoch: u64,
        to: Peer,
    ) -> Result<Handover, MoveError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.handover(table, fence, epoch, to).await)
    }

    /// Ends a follower's service. Its rows go, unless they are to be kept. If only their removal fails, the outcome is
    /// [unknown](StoreError::OutcomeUnknown), and a repeat removes the rest.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::NoSuccessor`], [`MoveError::HandoverOpen`], or if the store cannot
    /// be written.
    pub async fn retire(
        &self,
        collection: &Collection,
        keep_rows: bool,
    ) -> Result<Ownership, MoveError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.step(table, OwnershipStep::Retire).await)?;
        if !keep_rows {
            loop {
                let removed = each!(self, engine => engine.remove_portion(table).await);
                if removed.map_err(after_commit)? == 0 {
                    break;
                }
            }
        }
        self.after_step(collection).await
    }

    /// Makes a follower a store that was never used. Of what it copied nothing stays; it only remembers the address
    /// of the source. Until it follows again it takes no writes. If the store was never used, changes nothing.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::HandoverOpen`], or if the store cannot be written.
    pub async fn cancel(&self, collection: &Collection) -> Result<Ownership, MoveError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.cancel(table).await)?;
        self.after_step(collection).await
    }

    /// Makes a store that handed over `epoch` the primary of the epoch after that, by force: the successor is
    /// lost for good, and with it whatever it alone has.
    ///
    /// # Errors
    /// [`MoveError::NeverHandedOver`], or if the store cannot be written.
    pub async fn take(&self, collection: &Collection, epoch: u64) -> Result<Ownership, MoveError> {
        self.step(collection, OwnershipStep::Take { epoch }).await
    }

    /// Retires a primary for one of a later epoch, which was made by force while this one was taken for lost.
    /// All that it has stays.
    ///
    /// # Errors
    /// [`MoveError::OtherLineage`], [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`] if the epoch is not later,
    /// [`MoveError::Itself`], or if the store cannot be written.
    pub async fn give_way(
        &self,
        collection: &Collection,
        to: Peer,
        lineage: &str,
        epoch: u64,
    ) -> Result<Ownership, MoveError> {
        self.step(collection, OwnershipStep::GiveWay { to, lineage: lineage.to_owned(), epoch })
            .await
    }

    /// Writes a sign of life into the feed.
    ///
    /// # Errors
    /// [`MoveError::NotPrimary`], or if the store cannot be written.
    pub async fn heartbeat(&self, collection: &Collection) -> Result<(), MoveError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.heartbeat(table).await)
    }

    /// Notes that a follower has come this far in the feed; written at most once a second.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn passed(
        &self,
        collection: &Collection,
        follower: &str,
        position: u64,
    ) -> Result<(), StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.passed(table, follower, position).await)
    }

    /// The followers that have read the feed, and how far each has come.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn followers(
        &self,
        collection: &Collection,
    ) -> Result<Vec<FollowerSeen>, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.followers(table).await)
    }

    /// No longer waits for a follower before deleted rows are purged.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn forget(&self, collection: &Collection, follower: &str) -> Result<(), StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.forget(table, follower).await)
    }

    /// Purges rows that were deleted so long ago, and at least [`MIN_TOMBSTONE_AGE`](crate::MIN_TOMBSTONE_AGE), and
    /// that every follower has passed, a portion of them at once; says how many. 0 if there is none left.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn purge_tombstones(
        &self,
        collection: &Collection,
        older_than: Duration,
    ) -> Result<u64, StoreError> {
        let table = self.tables.find(collection)?;
        let age_ms = older_than.max(MIN_TOMBSTONE_AGE).as_millis() as i64;
        let purged = each!(self, engine => engine.purge_tombstones(table, age_ms).await);
        purged.map_err(|error| match error {
            MoveError::Store(error) => error,
            refused => StoreError::failed(refused),
        })
    }

    async fn step(
        &self,
        collection: &Collection,
        step: OwnershipStep,
    ) -> Result<Ownership, MoveError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.step(table, step).await)?;
        self.after_step(collection).await
    }

    /// The document after a step, which is done even if it cannot be read.
    async fn after_step(&self, collection: &Collection) -> Result<Ownership, MoveError> {
        Ok(self.ownership(collection).await.map_err(StoreError::after_commit)?)
    }
}

/// The same error of what comes after a commit.
fn after_commit(error: MoveError) -> MoveError {
    match error {
        MoveError::Store(error) => MoveError::Store(error.after_commit()),
        refused => refused,
    }
}

/// The cells of each row of a page, before anything is locked; blank ones of a row that is deleted.
fn read_contents(
    collection: &Collection,
    page: &Changes<Content>,
) -> Result<Vec<Vec<Cell>>, MoveError> {
    let cells = page.rows().map(|row| match &row.content {
        Some(content) => {
            let cells = collection.content(content.json());
            cells.map_err(|error| MoveError::OtherFields {
                key: row.key.clone(),
                what: error.to_string(),
            })
        }
        None => Ok(collection.fields.iter().map(|field| field.kind().blank()).collect()),
    });
    cells.collect()
}
