//! The steps of a move, each in one transaction.

use std::time::Duration;

use replication::{
    Entry, Handover, Ownership, OwnershipStep, Peer, Position, Role, RowRate, past_lost,
};

use super::ownership::OwnershipTx;
use super::transaction::Bars;
use super::{AdapterStore, Inner};
use crate::apply::user_triggers::rouse;
use crate::fence::{Writer, writers};
use crate::present::missing;
use crate::sequences::raise;
use crate::store_error::{MoveError, StoreError};

impl AdapterStore {
    /// The document of ownership, as it is now. Brings up to date what [`AdapterStore::position`] and
    /// [`AdapterStore::role`] say.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn ownership(&self) -> Result<Ownership, StoreError> {
        let inner = &*self.inner;
        inner
            .sessions
            .with(async |session| {
                let tx = OwnershipTx::load(session, &inner.statements).await?;
                inner.watch.tell(&tx.document, tx.facts.position);
                Ok(tx.document.tell(inner.collection.name.as_str(), tx.facts))
            })
            .await
    }

    /// The newest position that is committed now, at the place of each write that was committed before or behind it. Brings
    /// up to date what [`AdapterStore::position`] says.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn latest(&self) -> Result<Position, StoreError> {
        self.ownership().await?;
        Ok(self.position())
    }

    /// Refuses writes for a time, at most [`MAX_FENCE`](replication::MAX_FENCE), once those that run have ended. With the
    /// same id again, the time begins anew.
    ///
    /// # Errors
    /// [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`], [`MoveError::Fenced`], [`MoveError::FenceTooLong`],
    /// [`MoveError::WritesRun`], of which [`AdapterStore::writers`] says more, or if the store cannot be written.
    pub async fn fence(
        &self,
        id: &str,
        epoch: u64,
        lasts: Duration,
    ) -> Result<Ownership, MoveError> {
        self.step(OwnershipStep::Fence { id: id.to_owned(), epoch, lasts }).await
    }

    /// The transactions of the application that have written and are still open: a fence waits for them.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn writers(&self) -> Result<Vec<Writer>, StoreError> {
        let objects = &self.inner.objects;
        self.inner.sessions.with(async |session| Ok(writers(session, objects).await?)).await
    }

    /// Ends the fence with this id. If there is none, changes nothing.
    ///
    /// # Errors
    /// [`MoveError::Fenced`] if the fence has another id; or if the store cannot be written.
    pub async fn release(&self, id: &str) -> Result<Ownership, MoveError> {
        self.step(OwnershipStep::Release { id: id.to_owned() }).await
    }

    /// Gives the ownership of the epoch after this one to another store, as the last entry of this one's feed. From here
    /// the store takes no writes. A repeat with the same successor gives the same handover.
    ///
    /// # Errors
    /// [`MoveError::NotFenced`], [`MoveError::HandedOver`], [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`],
    /// [`MoveError::Itself`], or if the store cannot be written.
    pub async fn handover(&self, fence: &str, epoch: u64, to: Peer) -> Result<Handover, MoveError> {
        self.change("handover", Bars::Writes, async |tx| {
            if let Some(given) = tx.document.check_handover(fence, epoch, &to, tx.facts.now_ms)? {
                return Ok(given);
            }
            self.whole(tx).await?;
            let (position, last_id) = (tx.place().await?, self.last_id(tx.session).await?);
            let handover = Handover { epoch: epoch + 1, to, position, last_id };
            tx.mark(&Entry::Handover(handover.clone())).await?;
            tx.document.handover(handover.clone());
            tx.save().await?;
            tx.facts.position = position;
            Ok(handover)
        })
        .await
    }

    /// Makes a store that was never used a follower of another one, with nothing copied yet. If it follows that store
    /// already, notes its address and changes nothing else. Without a `rate`, it copies as fast as it was told before.
    ///
    /// # Errors
    /// [`MoveError::InUse`], [`MoveError::Follows`], [`MoveError::Itself`], [`MoveError::Fenced`], or if the store
    /// cannot be written.
    pub async fn follow(
        &self,
        source: Peer,
        lineage: &str,
        epoch: u64,
        rate: Option<RowRate>,
    ) -> Result<Ownership, MoveError> {
        self.step(OwnershipStep::Follow { source, lineage: lineage.to_owned(), epoch, rate }).await
    }

    /// Notes the present address of a peer: the store that it follows, or its successor.
    ///
    /// # Errors
    /// [`MoveError::NoSuccessor`] if it knows no such peer; or if the store cannot be written.
    pub async fn readdress(&self, peer: Peer) -> Result<Ownership, MoveError> {
        self.step(OwnershipStep::Readdress(peer)).await
    }

    /// Makes a store that handed over `epoch` a follower of its successor, which became primary of it at its own place
    /// `since`, in its run `run`.
    ///
    /// # Errors
    /// [`MoveError::NeverHandedOver`], [`MoveError::NotFollower`], or if the store cannot be written.
    pub async fn follow_back(
        &self,
        peer: Peer,
        epoch: u64,
        since: u64,
        run: &str,
    ) -> Result<Ownership, MoveError> {
        self.step(OwnershipStep::FollowBack { peer, epoch, since, run: run.to_owned() }).await
    }

    /// Makes a store that handed over `epoch` the primary of the epoch after that, by force: the successor is lost for good,
    /// and with it whatever it alone has.
    ///
    /// # Errors
    /// [`MoveError::NeverHandedOver`], or if the store cannot be written.
    pub async fn take(&self, epoch: u64) -> Result<Ownership, MoveError> {
        self.step(OwnershipStep::Take { epoch }).await
    }

    /// Retires a primary for one of a later epoch, which was made by force while this one was taken for lost. All that
    /// it has stays.
    ///
    /// # Errors
    /// [`MoveError::OtherLineage`], [`MoveError::NotPrimary`], [`MoveError::OtherEpoch`] if the epoch is not later,
    /// [`MoveError::Itself`], or if the store cannot be written.
    pub async fn give_way(
        &self,
        to: Peer,
        lineage: &str,
        epoch: u64,
    ) -> Result<Ownership, MoveError> {
        self.step(OwnershipStep::GiveWay { to, lineage: lineage.to_owned(), epoch }).await
    }

    /// Writes a sign of life into the feed.
    ///
    /// # Errors
    /// [`MoveError::NotPrimary`], or if the store cannot be written.
    pub async fn heartbeat(&self) -> Result<(), MoveError> {
        self.change("heartbeat", Bars::Nothing, async |tx| {
            // Two of these hold the same row, so the handover is not overtaken: its place is behind this one.
            tx.document.check_primary()?;
            tx.mark(&Entry::Heartbeat { at_ms: tx.facts.now_ms }).await?;
            tx.facts.position = tx.facts.position.max(tx.place().await?);
            Ok(())
        })
        .await
    }

    async fn step(&self, step: OwnershipStep) -> Result<Ownership, MoveError> {
        let bars = match step {
            OwnershipStep::Readdress(_) => Bars::Steps,
            OwnershipStep::Take { .. } => Bars::Promotion,
            _ => Bars::Writes,
        };
        let needs_all = matches!(step, OwnershipStep::Fence { .. } | OwnershipStep::Follow { .. });
        self.change(step.name(), bars, async |tx| {
            let was = tx.document.role;
            tx.document.step(step, &tx.facts)?;
            if needs_all {
                self.whole(tx).await?;
            }
            if was == Role::Follower && tx.document.role == Role::Primary {
                self.take_back(tx).await?;
            }
            Ok(tx.save().await?)
        })
        .await?;
        self.after_step().await
    }

    /// What a store does besides that has taken the ownership by force.
    async fn take_back(&self, tx: &OwnershipTx<'_>) -> Result<(), StoreError> {
        // A successor that has not read its handover must not read it any more.
        tx.session.batch("forgetting the marks", &tx.statements.forget_marks).await?;
        if let Some(Handover { to, .. }) = &tx.document.handover {
            let sql = &tx.statements.forget_follower;
            tx.session.rows("forgetting the successor", sql, &[&to.store]).await?;
        }
        let Inner { collection, objects, .. } = &*self.inner;
        raise(tx.session, collection, objects, 0, past_lost(0)).await?;
        Ok(rouse(tx.session, objects).await?)
    }

    /// Refuses a step that rests on the triggers if they are not whole.
    async fn whole(&self, tx: &OwnershipTx<'_>) -> Result<(), MoveError> {
        if tx.installed && missing(tx.session, &self.inner.collection).await?.is_empty() {
            return Ok(());
        }
        Err(StoreError::NotInstalled.into())
    }

    /// The document after a step, which is done even if it cannot be read.
    pub(super) async fn after_step(&self) -> Result<Ownership, MoveError> {
        Ok(self.ownership().await.map_err(StoreError::after_commit)?)
    }
}
