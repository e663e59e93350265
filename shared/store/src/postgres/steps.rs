//! The steps of a move, each in a transaction of its own.

use replication::{Document, OwnershipStep, past_lost};
use tokio_postgres::error::SqlState;

use super::PostgresStore;
use super::error::store_error;
use super::lease::{lease, lease_alone};
use super::link::{Link, READ_COMMITTED};
use super::lock::{ALONE, SHARED, lock_number};
use super::ownership::OwnershipTx;
use super::run::{maybe, number, run};
use super::write_check::commit;
use crate::crash_point::fault;
use crate::sql::Statements;
use crate::table::Table;
use crate::{Entry, Handover, MoveError, Ownership, Peer, Role, StoreError};

/// For how long a step waits for the writes that run.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '2s'";

/// What a step keeps out while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bars {
    /// Other steps and all writes.
    Writes,
    /// Other steps.
    Steps,
    /// Nothing but steps that keep writes out: it is itself like a write.
    Nothing,
}

impl PostgresStore {
    pub(crate) async fn ownership(&self, table: &Table) -> Result<Ownership, StoreError> {
        let Table { statements, position_watch } = table;
        lease_alone(&self.pool, async |client| {
            let tx = OwnershipTx::load(client, statements).await?;
            position_watch.tell(&tx.document, tx.facts.position);
            Ok(tx.document.tell(&statements.collection.name, tx.facts))
        })
        .await
    }

    pub(crate) async fn step(&self, table: &Table, step: OwnershipStep) -> Result<(), MoveError> {
        let bars = match step {
            OwnershipStep::Readdress(_) => Bars::Steps,
            _ => Bars::Writes,
        };
        let name = step.name();
        self.change(table, name, bars, async |tx| {
            let was = tx.document.role;
            tx.document.step(step, &tx.facts)?;
            if was == Role::Follower && tx.document.role == Role::Primary {
                // A successor that has not read its handover must not read it any more.
                tx.forget_marks().await?;
                if let Some(handover) = &tx.document.handover {
                    tx.forget_follower(&handover.to.store).await?;
                }
                tx.raise_ids(past_lost(tx.last_id().await?)).await?;
                let sql = &tx.statements.moves.last_rev;
                let read = async || number(tx.client, sql, &[]).await;
                let last_rev = tx.client.unhurried(read).await?;
                tx.document.revs_above = past_lost(last_rev.max(tx.document.revs_above));
            }
            Ok(tx.save().await?)
        })
        .await
    }

    pub(crate) async fn handover(
        &self,
        table: &Table,
        fence: &str,
        epoch: u64,
        to: Peer,
    ) -> Result<Handover, MoveError> {
        self.change(table, "handover", Bars::Writes, async |tx| {
            let now_ms = tx.facts.now_ms;
            if let Some(given) = tx.document.check_handover(fence, epoch, &to, now_ms)? {
                return Ok(given);
            }
            let (position, last_id) = (tx.place().await?, tx.last_id().await?);
            let handover = Handover { epoch: epoch + 1, to, position, last_id };
            tx.mark(&Entry::Handover(handover.clone())).await?;
            tx.document.handover(handover.clone());
            tx.save().await?;
            tx.facts.position = position;
            Ok(handover)
        })
        .await
    }

    pub(crate) async fn heartbeat(&self, table: &Table) -> Result<(), MoveError> {
        self.change(table, "heartbeat", Bars::Nothing, async |tx| {
            tx.document.check_primary()?;
            tx.mark(&Entry::Heartbeat { at_ms: tx.facts.now_ms }).await?;
            tx.facts.position = tx.place().await?;
            Ok(())
        })
        .await
    }

    /// Removes a portion of a retired store's rows and keys; says how many.
    pub(crate) async fn remove_portion(&self, table: &Table) -> Result<u64, MoveError> {
        self.change(table, "purge", Bars::Steps, async |tx| {
            let feed = &tx.statements.feed;
            let rows = run(tx.client, &feed.remove_rows, &[]).await?;
            Ok(rows + run(tx.client, &feed.remove_keys, &[]).await?)
        })
        .await
    }

    pub(crate) async fn cancel(&self, table: &Table) -> Result<(), MoveError> {
        self.change(table, "cancel", Bars::Writes, async |tx| {
            if !tx.document.check_cancel(tx.facts.rows)? {
                return Ok(());
            }
            let moves = &tx.statements.moves;
            for sql in tx.statements.feed.empty.iter().chain([
                &moves.forget_marks,
                &moves.forget_followers,
                &moves.forget_runs,
            ]) {
                run(tx.client, sql, &[]).await?;
            }
            tx.document = tx.document.cancelled();
            tx.save().await?;
            Ok(tx.begin_run(0, tx.next_place()?).await?)
        })
        .await
    }

    /// Changes the ownership in a transaction, or refuses and changes nothing.
    pub(super) async fn change<T>(
        &self,
        table: &Table,
        name: &'static str,
        bars: Bars,
        work: impl AsyncFnOnce(&mut OwnershipTx<'_>) -> Result<T, MoveError>,
    ) -> Result<T, MoveError> {
        let Table { statements, position_watch } = table;
        let done = lease(&self.pool, async |client| {
            client.begin(READ_COMMITTED).await?;
            let (done, document, latest) = match step(client, statements, bars, work).await {
                Ok(done) => done,
                Err(error) => {
                    client.roll_back().await?;
                    return match error {
                        MoveError::Store(error) => Err(error),
                        refused => Ok(Err(refused)),
                    };
                }
            };
            fault(name, "before-commit");
            commit(client.batch("COMMIT")).await?;
            position_watch.tell(&document, latest);
            fault(name, "after-commit");
            Ok(Ok(done))
        });
        done.await?
    }
}

/// Does the work of a step inside its transaction; gives what it made, and what is known after its commit.
async fn step<T>(
    client: &Link,
    statements: &Statements,
    bars: Bars,
    work: impl AsyncFnOnce(&mut OwnershipTx<'_>) -> Result<T, MoveError>,
) -> Result<(T, Document, u64), MoveError> {
    client.batch(LOCK_WAIT).await.map_err(store_error)?;
    let lock = match bars {
        Bars::Writes => Some(ALONE),
        Bars::Steps => None,
        Bars::Nothing => Some(SHARED),
    };
    if let Some(lock) = lock {
        let number = lock_number(statements);
        match client.query(lock, &[&number]).await {
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                return Err(MoveError::WritesRun);
            }
            locked => locked.map_err(store_error)?,
        };
    }
    if bars != Bars::Nothing {
        maybe::<String>(client, &statements.moves.document_locked, &[]).await?;
    }
    // Behind the locks, so that it sees what others did while these were waited for.
    let mut tx = OwnershipTx::load(client, statements).await?;
    let done = work(&mut tx).await?;
    Ok((done, tx.document, tx.facts.position))
}
