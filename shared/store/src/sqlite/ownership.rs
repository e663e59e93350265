//! The ownership of a collection inside a transaction: loading it, changing it, saving it.

use models::{Content, Timestamp};
use replication::{Document, Facts, random_id};
use rusqlite::{Connection, OptionalExtension, Params, TransactionBehavior, params};

use super::error::store_error;
use crate::assemble::mark;
use crate::sql::Statements;
use crate::stored::read_document;
use crate::table::Tables;
use crate::{Entry, Ownership, StoreError};
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

/// Runs a statement that gives one value, or no row.
pub(super) fn maybe<T: rusqlite::types::FromSql>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    statement.query_row(params, |row| row.get(0)).optional().map_err(store_error)
}

pub(super) fn document(
    connection: &Connection,
    statements: &Statements,
) -> Result<Document, StoreError> {
    let text: String = one(connection, &statements.moves.document, [])?;
    read_document(&text)
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
        Ok(Facts { now_ms: self.now.unix_ms, position: self.position, run, rows })
    }

    pub(super) fn tell(self) -> Result<Ownership, StoreError> {
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
    pub(super) fn last_id(&self) -> Result<u64, StoreError> {
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
    pub(super) fn mark(&self, entry: &Entry<Content>) -> Result<(), StoreError> {
        let (kind, content) = mark(entry)?;
        let params = params![kind, content, self.position];
        run(self.connection, &self.statements.moves.mark, params).map(drop)
    }

    pub(super) fn forget_marks(&self) -> Result<(), StoreError> {
        run(self.connection, &self.statements.moves.forget_marks, []).map(drop)
    }

    /// Waits for this follower no longer before it purges.
    pub(super) fn forget_follower(&self, follower: &str) -> Result<(), StoreError> {
        run(self.connection, &self.statements.moves.forget_follower, [follower]).map(drop)
    }

    /// Begins a new part of the history with the place after the present one.
    pub(super) fn begin_run(&self, purged: u64) -> Result<(), StoreError> {
        let params = params![random_id(), purged, self.position + 1];
        run(self.connection, &self.statements.moves.begin_run, params).map(drop)
    }
}
