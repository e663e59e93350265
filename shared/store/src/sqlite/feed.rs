//! Reading the change feed. Writes take their places one after the other, so a snapshot has all that
//! is below its newest place.

use std::sync::Arc;

use models::{Content, Timestamp};
use replication::{LastHeard, LaterRun, check_history, check_purged};
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::error::store_error;
use super::ownership::{OwnershipTx, maybe, one};
use super::rows::SqliteColumns;
use crate::assemble::{Collected, PageEnd, Placed};
use crate::place::FeedPlace;
use crate::sql::Statements;
use crate::table::Table;
use crate::{
    BlockingTransaction, Changes, Idempotency, IdempotencyRecord, MoveError, Role, StoreError,
};

impl SqliteStore {
    pub(crate) async fn changes(
        &self,
        table: &Arc<Table>,
        after: FeedPlace,
        heard: Option<&str>,
        limit: usize,
    ) -> Result<Changes<Content>, MoveError> {
        let statements = &table.statements;
        let connection = self.reader()?;
        let snapshot = connection.unchecked_transaction().map_err(store_error)?;
        let tx = OwnershipTx::load(&snapshot, statements)?;
        let OwnershipTx { document, position: latest, now, .. } = tx;
        if document.acts_as() == Role::Retired {
            let (role, primary) = (Role::Retired, document.primary());
            return Err(MoveError::NotPrimary { role, primary });
        }
        if after.position > latest {
            return Err(MoveError::WentBack);
        }
        check_run(&snapshot, statements, after, heard)?;
        let mut page = rows(&snapshot, statements, after, limit)?;
        page.add_marks(marks(&snapshot, statements, after)?);
        give_keys(&snapshot, statements, &mut page, now)?;
        let run = one(&snapshot, &statements.moves.run, [])?;
        Ok(page.page(after, latest, PageEnd { document, run, latest, now, blocked_by: None }))
    }

    pub(crate) async fn blocked_by(&self) -> Result<Option<BlockingTransaction>, StoreError> {
        Ok(None)
    }
}

fn check_run(
    connection: &Connection,
    statements: &Statements,
    after: FeedPlace,
    heard: Option<&str>,
) -> Result<(), MoveError> {
    let moves = &statements.moves;
    let Some(LastHeard { run, latest }) = heard.map(LastHeard::read) else {
        return check_purged(&after.into(), one(connection, &moves.purged, [])?);
    };
    if maybe::<i64>(connection, &moves.run_known, [run])?.is_none() {
        return Err(MoveError::WentBack);
    }
    let mut later = connection.prepare_cached(&moves.runs_after).map_err(store_error)?;
    let later = later
        .query_map([run], |row| Ok(LaterRun { position: row.get(0)?, purged: row.get(1)? }))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(store_error)?;
    // Here each place of a feed is one of this store, and there was none beyond it.
    check_history(&after.into(), latest.unwrap_or(after.position), &later)
}

fn rows(
    connection: &Connection,
    statements: &Statements,
    after: FeedPlace,
    limit: usize,
) -> Result<Collected, StoreError> {
    let mut page = Collected::new(limit);
    let mut statement = connection.prepare_cached(&statements.feed.page).map_err(store_error)?;
    let params = params![after.position, after.id, page.wanted()];
    let mut rows = statement.query(params).map_err(store_error)?;
    while let Some(row) = rows.next().map_err(store_error)? {
        let (row, bytes) = Placed::row(&statements.collection, &SqliteColumns(row))?;
        if !page.take(row, bytes) {
            break;
        }
    }
    Ok(page)
}

fn marks(
    connection: &Connection,
    statements: &Statements,
    after: FeedPlace,
) -> Result<Vec<Placed>, StoreError> {
    let mut marks = connection.prepare_cached(&statements.moves.marks).map_err(store_error)?;
    let mut marks = marks.query([after.position]).map_err(store_error)?;
    let mut found = Vec::new();
    while let Some(row) = marks.next().map_err(store_error)? {
        let position = row.get(0).map_err(store_error)?;
        let content: String = row.get(1).map_err(store_error)?;
        found.push(Placed::mark(position, &content)?);
    }
    Ok(found)
}

/// Gives each row the keys with which it was made.
fn give_keys(
    connection: &Connection,
    statements: &Statements,
    page: &mut Collected,
    now: Timestamp,
) -> Result<(), StoreError> {
    if maybe::<i64>(connection, &statements.feed.any_key, [])?.is_none() {
        return Ok(());
    }
    let cutoff = Idempotency::cutoff(now);
    let mut keys = connection.prepare_cached(&statements.feed.keys).map_err(store_error)?;
    for (id, row) in page.rows() {
        let found = keys.query_map(params![id, cutoff], |key| {
            Ok(IdempotencyRecord {
                key: key.get(1)?,
                fingerprint: key.get(2)?,
                created_ms: key.get(3)?,
                answer: key.get(4)?,
            })
        });
        row.idempotency = found.and_then(Iterator::collect).map_err(store_error)?;
    }
    Ok(())
}
