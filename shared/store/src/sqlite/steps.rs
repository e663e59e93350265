//! The steps of a move, each in a transaction of its own.

use std::sync::Arc;

use replication::{Document, OwnershipStep, past_lost};
use rusqlite::Connection;

use super::SqliteStore;
use super::error::store_error;
use super::ownership::{OwnershipTx, one, run};
use super::writer::JobTurn;
use crate::crash_point::fault;
use crate::table::Table;
use crate::{Entry, Handover, MoveError, Ownership, Peer, Role, StoreError};

impl SqliteStore {
    pub(crate) async fn ownership(&self, table: &Arc<Table>) -> Result<Ownership, StoreError> {
        let connection = self.reader()?;
        let snapshot = connection.unchecked_transaction().map_err(store_error)?;
        let tx = OwnershipTx::load(&snapshot, &table.statements)?;
        table.position_watch.tell(&tx.document, tx.position);
        tx.tell()
    }

    pub(crate) async fn step(
        &self,
        table: &Arc<Table>,
        step: OwnershipStep,
    ) -> Result<(), MoveError> {
        let releases = matches!(step, OwnershipStep::Release { .. });
        self.change_if_full_too(table, step.name(), move |tx| {
            let was = tx.document.role;
            tx.document.step(step.clone(), &tx.facts()?)?;
            if was == Role::Follower && tx.document.role == Role::Primary {
                // A successor that has not read its handover must not read it any more.
                tx.forget_marks()?;
                if let Some(handover) = &tx.document.handover {
                    tx.forget_follower(&handover.to.store)?;
                }
                tx.raise_ids(past_lost(tx.last_id()?))?;
                let last_rev: u64 = one(tx.connection, &tx.statements.moves.last_rev, [])?;
                tx.document.revs_above = past_lost(last_rev.max(tx.document.revs_above));
            }
            Ok(tx.save()?)
        })
        .await?;
        if releases {
            // What was given up for the fence is wanted for the next one.
            self.reserve.keep();
        }
        Ok(())
    }

    pub(crate) async fn handover(
        &self,
        table: &Arc<Table>,
        fence: &str,
        epoch: u64,
        to: Peer,
    ) -> Result<Handover, MoveError> {
        let fence = fence.to_owned();
        self.change_if_full_too(table, "handover", move |tx| {
            if let Some(given) = tx.document.check_handover(&fence, epoch, &to, tx.now.unix_ms)? {
                return Ok(given);
            }
            tx.take_places(1)?;
            let (position, last_id) = (tx.position, tx.last_id()?);
            let handover = Handover { epoch: epoch + 1, to: to.clone(), position, last_id };
            tx.mark(&Entry::Handover(handover.clone()))?;
            tx.document.handover(handover.clone());
            tx.save()?;
            Ok(handover)
        })
        .await
    }

    pub(crate) async fn heartbeat(&self, table: &Arc<Table>) -> Result<(), MoveError> {
        self.change(table, "heartbeat", |tx| {
            tx.document.check_primary()?;
            tx.take_places(1)?;
            Ok(tx.mark(&Entry::Heartbeat { at_ms: tx.now.unix_ms })?)
        })
        .await
    }

    /// Removes a portion of a retired store's rows and keys; says how many.
    pub(crate) async fn remove_portion(&self, table: &Arc<Table>) -> Result<u64, MoveError> {
        self.change(table, "purge", |tx| {
            let feed = &tx.statements.feed;
            let rows = run(tx.connection, &feed.remove_rows, [])?;
            Ok((rows + run(tx.connection, &feed.remove_keys, [])?) as u64)
        })
        .await
    }

    pub(crate) async fn cancel(&self, table: &Arc<Table>) -> Result<(), MoveError> {
        self.change(table, "cancel", |tx| {
            if !tx.document.check_cancel(tx.facts()?.rows)? {
                return Ok(());
            }
            let OwnershipTx { connection, statements, .. } = *tx;
            let moves = &statements.moves;
            for sql in statements.feed.empty.iter().chain([
                &moves.reset_ids,
                &moves.forget_marks,
                &moves.forget_followers,
                &moves.forget_runs,
            ]) {
                run(connection, sql, [])?;
            }
            tx.document = tx.document.cancelled();
            tx.save()?;
            Ok(tx.begin_run(0)?)
        })
        .await
    }

    /// Changes the ownership in a transaction, or refuses before anything was written. If the disk is full, uses
    /// the room that is kept for that.
    async fn change_if_full_too<T: Send + 'static>(
        &self,
        table: &Arc<Table>,
        name: &'static str,
        work: impl Fn(&mut OwnershipTx<'_>) -> Result<T, MoveError> + Clone + Send + 'static,
    ) -> Result<T, MoveError> {
        match self.change(table, name, work.clone()).await {
            Err(MoveError::Store(StoreError::Full(_))) => {
                log::warn!("store: the disk is full; its reserve is given up for the step {name}");
                self.change_in(table, JobTurn::Last, name, work).await
            }
            done => done,
        }
    }

    /// Changes the ownership in a transaction, or refuses before anything was written.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        table: &Arc<Table>,
        name: &'static str,
        work: impl FnOnce(&mut OwnershipTx<'_>) -> Result<T, MoveError> + Send + 'static,
    ) -> Result<T, MoveError> {
        self.change_in(table, JobTurn::Usual, name, work).await
    }

    async fn change_in<T: Send + 'static>(
        &self,
        table: &Arc<Table>,
        turn: JobTurn,
        name: &'static str,
        work: impl FnOnce(&mut OwnershipTx<'_>) -> Result<T, MoveError> + Send + 'static,
    ) -> Result<T, MoveError> {
        let (changed, told) = (Arc::clone(table), Arc::clone(table));
        let work = move |connection: &Connection| {
            let mut tx = OwnershipTx::load(connection, &changed.statements)?;
            let done = match work(&mut tx) {
                Err(MoveError::Store(error)) => return Err(error),
                done => done,
            };
            fault(name, "before-commit");
            Ok((done, tx.document, tx.position))
        };
        let announce = move |(_, document, latest): &(_, Document, u64)| {
            told.position_watch.tell(document, *latest);
            fault(name, "after-commit");
        };
        self.writer.write_in(turn, work, announce).await?.0
    }
}
