//! Fingerprints of rows.

use rusqlite::{Connection, params};

use super::SqliteStore;
use super::error::store_error;
use super::ownership::{OwnershipTx, maybe};
use super::rows::{self, SqliteColumns};
use crate::digest::{Digesting, Hashing};
use crate::row::RowRef;
use crate::sql::Statements;
use crate::table::Table;
use crate::{Digest, Hashes, Position, StoreError};

impl SqliteStore {
    pub(crate) async fn digest(
        &self,
        table: &Table,
        after: u64,
        to: Option<u64>,
        limit: usize,
    ) -> Result<Digest, StoreError> {
        self.compare(table, |connection, statements, position| {
            let mut digesting = Digesting::new(to, limit);
            let end = digesting.end();
            let full = each(connection, statements, after, end, |row| digesting.take(row))?;
            let more = match to {
                None => full,
                Some(to) => each(connection, statements, to, models::MAX_ID, |_| Ok(false))?,
            };
            let last = maybe(connection, &statements.feed.last, [])?;
            Ok(digesting.finish(position, more, last))
        })
    }

    pub(crate) async fn hashes(
        &self,
        table: &Table,
        after: u64,
        to: u64,
    ) -> Result<Hashes, StoreError> {
        self.compare(table, |connection, statements, position| {
            let mut hashing = Hashing::default();
            each(connection, statements, after, to, |row| hashing.take(row).map(|()| true))?;
            Ok(hashing.finish(position))
        })
    }

    pub(crate) async fn recent(&self, table: &Table, count: usize) -> Result<Hashes, StoreError> {
        self.compare(table, |connection, statements, position| {
            let mut hashing = Hashing::default();
            let sql = &statements.feed.recent;
            let mut recent = connection.prepare_cached(sql).map_err(store_error)?;
            let mut recent = recent.query([count]).map_err(store_error)?;
            while let Some(row) = recent.next().map_err(store_error)? {
                hashing.take(&RowRef::read(&statements.collection, &SqliteColumns(row), 0)?)?;
            }
            Ok(hashing.finish(position))
        })
    }

    pub(crate) async fn row_hash(&self, table: &Table, ids: &[u64]) -> Result<Hashes, StoreError> {
        self.compare(table, |connection, statements, position| {
            let mut hashing = Hashing::default();
            for id in ids {
                rows::find(connection, statements, &statements.get, *id, |row| hashing.take(row))?;
            }
            Ok(hashing.finish(position))
        })
    }

    /// Reads rows and how far the store is in one snapshot.
    fn compare<T>(
        &self,
        table: &Table,
        work: impl FnOnce(&Connection, &Statements, Position) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let statements = &table.statements;
        let snapshot = self.reader()?.unchecked_transaction().map_err(store_error)?;
        let tx = OwnershipTx::load(&snapshot, statements)?;
        let position = tx.document.position(tx.position);
        work(&snapshot, statements, position)
    }
}

/// Gives out the living rows of a range by id until one is not taken; whether one was not.
fn each(
    connection: &Connection,
    statements: &Statements,
    after: u64,
    to: u64,
    mut take: impl FnMut(&RowRef<'_>) -> Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    let mut range = connection.prepare_cached(&statements.feed.range).map_err(store_error)?;
    let mut range = range.query(params![after, to, i64::MAX]).map_err(store_error)?;
    while let Some(row) = range.next().map_err(store_error)? {
        if !take(&RowRef::read(&statements.collection, &SqliteColumns(row), 0)?)? {
            return Ok(true);
        }
    }
    Ok(false)
}
