//! Who owns a collection: loading and saving the document, and the steps that do more than change it.

use models::{Content, Timestamp};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::FromSqlOwned;

use super::PostgresStore;
use super::error::store_error;
use super::lease::{lease, lease_alone};
use super::link::{Link, Parameter, READ_COMMITTED};
use super::rows::{get, sql_id, unsigned};
use super::write_check::{ALONE, SHARED, commit, lock_number};
use crate::assemble::mark;
use crate::document::{Document, Facts, OwnershipStep, fault, past_lost, random_id};
use crate::sql::{Statements, TRANSACTION};
use crate::table::Table;
use crate::{Entry, Handover, MoveError, Ownership, Peer, Role, StoreError};

/// For how long a step waits for the writes that run.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '2s'";

/// Runs a statement that gives nothing; says how many rows it changed.
pub(super) async fn run(
    client: &Link,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<u64, StoreError> {
    client.execute(sql, parameters).await.map_err(store_error)
}

/// Runs a statement that gives one value, or nothing.
pub(super) async fn maybe<T: FromSqlOwned>(
    client: &Link,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Option<T>, StoreError> {
    let row = client.query_opt(sql, parameters).await.map_err(store_error)?;
    row.map(|row| row.try_get(0)).transpose().map_err(StoreError::failed)
}

/// Runs a statement that gives one number.
pub(super) async fn number(
    client: &Link,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<u64, StoreError> {
    unsigned(maybe(client, sql, parameters).await?.unwrap_or(0))
}

pub(super) async fn document(
    client: &Link,
    statements: &Statements,
) -> Result<Document, StoreError> {
    let text: Option<String> = maybe(client, &statements.moves.document, &[]).await?;
    Document::read(&text.unwrap_or_default())
}

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

/// A collection's ownership inside a transaction.
pub(super) struct OwnershipTx<'a> {
    pub(super) client: &'a Link,
    pub(super) statements: &'a Statements,
    pub(super) document: Document,
    pub(super) facts: Facts,
    /// The highest place that was purged.
    pub(super) purged: u64,
    /// All transactions with lower numbers have ended.
    pub(super) horizon: u64,
    /// No transaction that the snapshot sees has this number or a higher one.
    pub(super) beyond: u64,
}

impl<'a> OwnershipTx<'a> {
    pub(super) async fn load(
        client: &'a Link,
        statements: &'a Statements,
    ) -> Result<Self, StoreError> {
        let row = client.query_opt(&statements.moves.snapshot, &[]).await.map_err(store_error)?;
        let row = row.ok_or_else(StoreError::closed)?;
        let number = |place| unsigned(get(&row, place)?);
        let text: &str = get(&row, 0)?;
        let run: Option<String> = get(&row, 3)?;
        let any: bool = get(&row, 5)?;
        let purged = number(4)?;
        let facts = Facts {
            now: Timestamp { unix_ms: get(&row, 1)? },
            position: number(2)?,
            run: run.unwrap_or_default(),
            rows: any || purged > 0,
        };
        let document = Document::read(text)?;
        let (horizon, beyond) = (number(6)?, number(7)?);
        Ok(Self { client, statements, document, facts, purged, horizon, beyond })
    }

    pub(super) async fn save(&self) -> Result<(), StoreError> {
        let Document { epoch, fence, .. } = &self.document;
        let text = serde_json::to_string(&self.document).map_err(StoreError::failed)?;
        let fenced_until = fence.as_ref().map_or(0, |fence| fence.until_ms);
        let (role, epoch) = (self.document.acts_as().name(), sql_id(*epoch)?);
        let parameters: [Parameter<'_>; 4] = [&text, &role, &epoch, &fenced_until];
        run(self.client, &self.statements.moves.save, &parameters).await.map(drop)
    }

    /// The place at which this transaction changes something.
    pub(super) async fn place(&self) -> Result<u64, StoreError> {
        number(self.client, &format!("SELECT {TRANSACTION}"), &[]).await
    }

    async fn last_id(&self) -> Result<u64, StoreError> {
        number(self.client, &self.statements.moves.last_id, &[]).await
    }

    /// Gives ids only above this one, and above all that were given, from now on.
    pub(super) async fn raise_ids(&self, last_id: u64) -> Result<(), StoreError> {
        let last_id = sql_id(self.last_id().await?.max(last_id))?;
        let [raise, _] = &self.statements.moves.raise_ids;
        if last_id > 0 {
            maybe::<i64>(self.client, raise, &[&last_id]).await?;
        }
        Ok(())
    }

    async fn mark(&self, entry: &Entry<Content>) -> Result<(), StoreError> {
        let (kind, content) = mark(entry)?;
        run(self.client, &self.statements.moves.mark, &[&kind, &content]).await.map(drop)
    }

    pub(super) async fn forget_marks(&self) -> Result<(), StoreError> {
        run(self.client, &self.statements.moves.forget_marks, &[]).await.map(drop)
    }

    /// Waits for this follower no longer before it purges.
    async fn forget_follower(&self, follower: &str) -> Result<(), StoreError> {
        let sql = &self.statements.moves.forget_follower;
        run(self.client, sql, &[&follower]).await.map(drop)
    }

    /// Begins a new part of the history with this place: all that are below it were taken before.
    pub(super) async fn begin_run(&self, purged: u64, place: i64) -> Result<(), StoreError> {
        let (id, purged) = (random_id(), sql_id(purged)?);
        let sql = &self.statements.moves.begin_run;
        run(self.client, sql, &[&id, &purged, &place]).await.map(drop)
    }

    /// The place behind the newest one. Sure only where writes are kept out.
    pub(super) fn next_place(&self) -> Result<i64, StoreError> {
        let newest = self.facts.position.max(self.document.since).max(self.purged);
        sql_id(newest).map(|newest| newest.saturating_add(1))
    }
}

/// Makes the document of a collection that has none, and begins a new run, while no write of another program runs.
pub(super) async fn begin(
    transaction: &Link,
    statements: &Statements,
) -> Result<(Document, u64), StoreError> {
    // What is committed from here on belongs to the new run, and what was committed before is seen below.
    let lock = lock_number(statements);
    transaction.query(ALONE, &[&lock]).await.map_err(store_error)?;
    let fresh = serde_json::to_string(&Document::new()).map_err(StoreError::failed)?;
    run(transaction, &statements.moves.create, &[&fresh, &1_i64, &0_i64]).await?;
    maybe::<String>(transaction, &statements.moves.document_locked, &[]).await?;
    let mut tx = OwnershipTx::load(transaction, statements).await?;
    let place = tx.place().await?;
    // Another program on this database may have written behind the number of this transaction.
    if tx.facts.position >= tx.beyond && tx.facts.position > place {
        // Its rows were numbered by another server: nothing could be put in order behind them. They
        // begin anew, and so do those who follow.
        log::warn!("{}: the database is on another server now", statements.collection.name);
        run(transaction, &statements.moves.forget_runs, &[]).await?;
        let renumber = async || {
            for sql in &statements.feed.renumber {
                run(transaction, sql, &[]).await?;
            }
            Ok(())
        };
        transaction.unhurried(renumber).await?;
        tx.document.since = place;
        tx.save().await?;
        tx.facts.position = place;
    }
    tx.begin_run(0, tx.next_place()?).await?;
    Ok((tx.document, tx.facts.position))
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

    pub(crate) async fn step(
        &self,
        table: &Table,
        step: OwnershipStep,
    ) -> Result<Ownership, MoveError> {
        let bars = match step {
            OwnershipStep::Readdress(_) => Bars::Steps,
            _ => Bars::Writes,
        };
        let name = step.name();
        self.change(table, name, bars, async |tx| {
            let was = tx.document.role;
            tx.document.step(step, &tx.facts)?;
            if was == Role::Follower && tx.document.role == Role::Primary {
                // Whoever has not read that it was given the ownership must not read it now.
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
        .await?;
        Ok(self.ownership(table).await.map_err(StoreError::perhaps_done)?)
    }

    pub(crate) async fn handover(
        &self,
        table: &Table,
        fence: &str,
        epoch: u64,
        to: Peer,
    ) -> Result<Handover, MoveError> {
        self.change(table, "handover", Bars::Writes, async |tx| {
            let now = tx.facts.now;
            if let Some(given) = tx.document.check_handover(fence, epoch, &to, now)? {
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
            tx.mark(&Entry::Heartbeat { at_ms: tx.facts.now.unix_ms }).await?;
            tx.facts.position = tx.place().await?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn retire(
        &self,
        table: &Table,
        keep_rows: bool,
    ) -> Result<Ownership, MoveError> {
        let ownership = self.step(table, OwnershipStep::Retire).await?;
        if keep_rows {
            return Ok(ownership);
        }
        loop {
            let portion = self.change(table, "purge", Bars::Steps, async |tx| {
                let feed = &tx.statements.feed;
                let rows = run(tx.client, &feed.remove_rows, &[]).await?;
                Ok(rows + run(tx.client, &feed.remove_keys, &[]).await?)
            });
            if portion.await? == 0 {
                return Ok(self.ownership(table).await.map_err(StoreError::perhaps_done)?);
            }
        }
    }

    pub(crate) async fn cancel(&self, table: &Table) -> Result<Ownership, MoveError> {
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
        .await?;
        Ok(self.ownership(table).await.map_err(StoreError::perhaps_done)?)
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
