//! Fingerprints of rows.

use rusqlite::{Connection, params};

use super::SqliteStore;
use super::error::store_error;
use super::ownership::OwnershipTx;
use super::rows::{self, SqliteCells};
use crate::digest::{Digesting, Hasher};
use crate::sql::Statements;
use crate::{Digest, Hashes, Position, Record, Row, RowHash, StoreError};

impl SqliteStore {
    pub(crate) async fn digest<R: Record>(
        &self,
        after: u64,
        to: Option<u64>,
        limit: usize,
    ) -> Result<Digest, StoreError> {
        self.compare::<R, _>(|connection, statements, position| {
            let mut digesting = Digesting::new(after, to, limit);
            let end = digesting.end();
            let full = each::<R>(connection, statements, after, end, |row| digesting.take(&row))?;
            let more = match to {
                None => full,
                Some(to) => each::<R>(connection, statements, to, models::MAX_ID, |_| Ok(false))?,
            };
            Ok(digesting.finish(position, more))
        })
    }

    pub(crate) async fn hashes<R: Record>(
        &self,
        after: u64,
        to: u64,
    ) -> Result<Hashes, StoreError> {
        self.hash::<R>(|connection, statements, take| {
            each::<R>(connection, statements, after, to, |row| take(row).map(|()| true)).map(drop)
        })
    }

    pub(crate) async fn recent<R: Record>(&self, count: usize) -> Result<Hashes, StoreError> {
        self.hash::<R>(|connection, statements, take| {
            let sql = &statements.feed.recent;
            let mut recent = connection.prepare_cached(sql).map_err(store_error)?;
            let mut recent = recent.query([count]).map_err(store_error)?;
            while let Some(row) = recent.next().map_err(store_error)? {
                take(Row::read::<R>(&mut SqliteCells::new(row))?)?;
            }
            Ok(())
        })
    }

    pub(crate) async fn row_hash<R: Record>(&self, ids: &[u64]) -> Result<Hashes, StoreError> {
        self.hash::<R>(|connection, statements, take| {
            for id in ids {
                if let Some(row) = rows::find::<R>(connection, &statements.get, *id)? {
                    take(row)?;
                }
            }
            Ok(())
        })
    }

    /// Reads rows and how far the store is in one snapshot.
    fn compare<R: Record, T>(
        &self,
        work: impl FnOnce(&Connection, &Statements, Position) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let statements = self.statements::<R>()?;
        let snapshot = self.reader()?.unchecked_transaction().map_err(store_error)?;
        let tx = OwnershipTx::load(&snapshot, statements)?;
        let position = tx.document.position(tx.position);
        work(&snapshot, statements, position)
    }

    /// The fingerprint of each row that the work gives out.
    fn hash<R: Record>(
        &self,
        work: impl FnOnce(
            &Connection,
            &Statements,
            &mut dyn FnMut(Row<R::Content>) -> Result<(), StoreError>,
        ) -> Result<(), StoreError>,
    ) -> Result<Hashes, StoreError> {
        self.compare::<R, _>(|connection, statements, position| {
            let (mut hasher, mut rows) = (Hasher::default(), Vec::<RowHash>::new());
            work(connection, statements, &mut |row| {
                rows.push(hasher.row(&row)?);
                Ok(())
            })?;
            Ok(Hashes { position, rows })
        })
    }
}

/// Gives out the living rows of a range by id until one is not taken; whether one was not.
fn each<R: Record>(
    connection: &Connection,
    statements: &Statements,
    after: u64,
    to: u64,
    mut take: impl FnMut(Row<R::Content>) -> Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    let mut range = connection.prepare_cached(&statements.feed.range).map_err(store_error)?;
    let mut range = range.query(params![after, to, i64::MAX]).map_err(store_error)?;
    while let Some(row) = range.next().map_err(store_error)? {
        if !take(Row::read::<R>(&mut SqliteCells::new(row))?)? {
            return Ok(true);
        }
    }
    Ok(false)
}
