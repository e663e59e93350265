//! Who owns a collection: loading and saving the document, and the steps that do more than change it.

use std::sync::Arc;
use std::time::Duration;

use models::{Content, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, TransactionBehavior, params};

use super::SqliteStore;
use super::error::store_error;
use super::writer::Turn;
use crate::assemble::mark;
use crate::document::{Document, Facts, OwnershipStep, fault, past_lost, random_id};
use crate::sql::Statements;
use crate::table::{Table, Tables};
use crate::{Entry, Handover, MoveError, Ownership, Peer, Role, StoreError};

/// The place of an empty collection's making, before that of its first row.
const FIRST_PLACE: u64 = 1;

/// Runs a statement that gives nothing.
pub(super) fn run(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    statement.execute(params).map_err(store_error)
}

/// Runs a statement that gives one value.
pub(super) fn one<T: rusqlite::types::FromSql>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<T, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    statement.query_row(params, |row| row.get(0)).map_err(store_error)
}

pub(super) fn document(
    connection: &Connection,
    statements: &Statements,
) -> Result<Document, StoreError> {
    let text: String = one(connection, &statements.moves.document, [])?;
    Document::read(&text)
}

/// Makes the document of each collection that has none, and begins a new run of each.
pub(super) fn begin(connection: &mut Connection, tables: &Tables) -> Result<(), StoreError> {
    let behavior = TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(behavior).map_err(store_error)?;
    let mut told = Vec::new();
    for table in tables.all() {
        let statements = &table.statements;
        let name = &statements.collection.name;
        let sql = format!("SELECT coalesce(max(position), 0) FROM {name}");
        let newest: u64 = one(&transaction, &sql, [])?;
        create(&transaction, statements, newest.max(FIRST_PLACE))?;
        let tx = OwnershipTx::load(&transaction, statements)?;
        tx.begin_run(0)?;
        told.push((table, tx.document, tx.position));
    }
    transaction.commit().map_err(store_error)?;
    for (table, document, latest) in told {
        table.position_watch.tell(&document, latest);
    }
    Ok(())
}

fn create(
    connection: &Connection,
    statements: &Statements,
    position: u64,
) -> Result<(), StoreError> {
    let document = Document::new();
    let text = serde_json::to_string(&document).map_err(StoreError::failed)?;
    run(connection, &statements.moves.create, params![text, document.epoch, position]).map(drop)
}

/// A collection's ownership inside a transaction.
pub(super) struct OwnershipTx<'a> {
    pub(super) connection: &'a Connection,
    pub(super) statements: &'a Statements,
    pub(super) document: Document,
    /// The newest place of the feed.
    pub(super) position: u64,
    pub(super) now: Timestamp,
}

impl<'a> OwnershipTx<'a> {
    pub(super) fn load(
        connection: &'a Connection,
        statements: &'a Statements,
    ) -> Result<Self, StoreError> {
        let document = document(connection, statements)?;
        let position = one(connection, &statements.moves.latest, [])?;
        Ok(Self { connection, statements, document, position, now: Timestamp::now() })
    }

    pub(super) fn facts(&self) -> Result<Facts, StoreError> {
        let run = one(self.connection, &self.statements.moves.run, [])?;
        let rows = self.last_id()? > 0;
        Ok(Facts { now: self.now, position: self.position, run, rows })
    }

    fn tell(self) -> Result<Ownership, StoreError> {
        let facts = self.facts()?;
        Ok(self.document.tell(&self.statements.collection.name, facts))
    }

    pub(super) fn save(&self) -> Result<(), StoreError> {
        let Document { epoch, fence, .. } = &self.document;
        let text = serde_json::to_string(&self.document).map_err(StoreError::failed)?;
        let fenced_until = fence.as_ref().map_or(0, |fence| fence.until_ms);
        let role = self.document.acts_as().name();
        let params = params![text, role, epoch, fenced_until];
        run(self.connection, &self.statements.moves.save, params).map(drop)
    }

    /// Takes the next places of the feed.
    pub(super) fn take_places(&mut self, count: u64) -> Result<(), StoreError> {
        self.position = one(self.connection, &self.statements.moves.take_places, [count])?;
        Ok(())
    }

    /// The highest id that was ever given.
    fn last_id(&self) -> Result<u64, StoreError> {
        one(self.connection, &self.statements.moves.last_id, [])
    }

    /// Gives ids only above this one from now on.
    pub(super) fn raise_ids(&self, last_id: u64) -> Result<(), StoreError> {
        let [raise, begin] = &self.statements.moves.raise_ids;
        if run(self.connection, raise, [last_id])? == 0 {
            run(self.connection, begin, [last_id])?;
        }
        Ok(())
    }

    /// Puts a mark at the present place.
    fn mark(&self, entry: &Entry<Content>) -> Result<(), StoreError> {
        let (kind, content) = mark(entry)?;
        let params = params![kind, content, self.position];
        run(self.connection, &self.statements.moves.mark, params).map(drop)
    }

    pub(super) fn forget_marks(&self) -> Result<(), StoreError> {
        run(self.connection, &self.statements.moves.forget_marks, []).map(drop)
    }

    /// Waits for this follower no longer before it purges.
    fn forget_follower(&self, follower: &str) -> Result<(), StoreError> {
        run(self.connection, &self.statements.moves.forget_follower, [follower]).map(drop)
    }

    /// Begins a new part of the history with the place after the present one.
    pub(super) fn begin_run(&self, purged: u64) -> Result<(), StoreError> {
        let params = params![random_id(), purged, self.position + 1];
        run(self.connection, &self.statements.moves.begin_run, params).map(drop)
    }
}

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
    ) -> Result<Ownership, MoveError> {
        let releases = matches!(step, OwnershipStep::Release { .. });
        self.change_if_full_too(table, step.name(), move |tx| {
            let was = tx.document.role;
            tx.document.step(step.clone(), &tx.facts()?)?;
            if was == Role::Follower && tx.document.role == Role::Primary {
                // Whoever has not read that it was given the ownership must not read it now.
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
        Ok(self.ownership(table).await.map_err(StoreError::perhaps_done)?)
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
            if let Some(given) = tx.document.check_handover(&fence, epoch, &to, tx.now)? {
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

    pub(crate) async fn retire(
        &self,
        table: &Arc<Table>,
        keep_rows: bool,
    ) -> Result<Ownership, MoveError> {
        let ownership = self.step(table, OwnershipStep::Retire).await?;
        if keep_rows {
            return Ok(ownership);
        }
        loop {
            let work = |tx: &mut OwnershipTx<'_>| {
                let feed = &tx.statements.feed;
                let rows = run(tx.connection, &feed.remove_rows, [])?;
                Ok(rows + run(tx.connection, &feed.remove_keys, [])?)
            };
            if self.change(table, "purge", work).await? == 0 {
                return Ok(self.ownership(table).await.map_err(StoreError::perhaps_done)?);
            }
        }
    }

    pub(crate) async fn cancel(&self, table: &Arc<Table>) -> Result<Ownership, MoveError> {
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
        .await?;
        Ok(self.ownership(table).await.map_err(StoreError::perhaps_done)?)
    }

    /// Changes the ownership in a transaction, or refuses before anything was written. Where the disk is full, does it
    /// in the room that is kept for that.
    async fn change_if_full_too<T: Send + 'static>(
        &self,
        table: &Arc<Table>,
        name: &'static str,
        work: impl Fn(&mut OwnershipTx<'_>) -> Result<T, MoveError> + Clone + Send + 'static,
    ) -> Result<T, MoveError> {
        match self.change(table, name, work.clone()).await {
            Err(MoveError::Store(StoreError::Full(_))) => {
                log::warn!("store: the disk is full; its reserve is given up for the step {name}");
                self.change_in(table, Turn::Last, name, work).await
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
        self.change_in(table, Turn::Usual, name, work).await
    }

    async fn change_in<T: Send + 'static>(
        &self,
        table: &Arc<Table>,
        turn: Turn,
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

/// How long ago a time was, in whole seconds.
pub(super) fn seconds_since(now: Timestamp, then: i64) -> u64 {
    Duration::from_millis(now.unix_ms.saturating_sub(then).max(0) as u64).as_secs()
}

/// One value, or nothing where there is no row.
pub(super) fn maybe<T: rusqlite::types::FromSql>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    statement.query_row(params, |row| row.get(0)).optional().map_err(store_error)
}
