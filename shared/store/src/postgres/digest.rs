//! Fingerprints of rows.

use super::PostgresStore;
use super::ownership::OwnershipTx;
use super::rows::{self, PostgresColumns};
use super::run::{maybe, query, sql_id, unsigned};
use crate::digest::{Digesting, Hashing};
use crate::row::RowRef;
use crate::table::Table;
use crate::{Digest, Hashes, StoreError};

/// The most rows fetched at once.
const PORTION: usize = 1_000;

impl PostgresStore {
    pub(crate) async fn digest(
        &self,
        table: &Table,
        after: u64,
        to: Option<u64>,
        limit: usize,
    ) -> Result<Digest, StoreError> {
        self.compare(table, async |tx| {
            let mut digesting = Digesting::new(to, limit);
            let end = digesting.end();
            let full = each(tx, after, end, |row| digesting.take(row)).await?;
            let more = match to {
                None => full,
                Some(to) => each(tx, to, models::MAX_ID, |_| Ok(false)).await?,
            };
            let last: Option<i64> = maybe(tx.client, &tx.statements.feed.last, &[]).await?;
            let last = last.map(unsigned).transpose()?;
            Ok(digesting.finish(tx.document.position(tx.facts.position), more, last))
        })
        .await
    }

    pub(crate) async fn hashes(
        &self,
        table: &Table,
        after: u64,
        to: u64,
    ) -> Result<Hashes, StoreError> {
        self.compare(table, async |tx| {
            let mut hashing = Hashing::default();
            each(tx, after, to, |row| hashing.take(row).map(|()| true)).await?;
            Ok(hashing.finish(tx.document.position(tx.facts.position)))
        })
        .await
    }

    pub(crate) async fn recent(&self, table: &Table, count: usize) -> Result<Hashes, StoreError> {
        self.compare(table, async |tx| {
            let mut hashing = Hashing::default();
            let count = sql_id(count as u64)?;
            for row in query(tx.client, &tx.statements.feed.recent, &[&count]).await? {
                let columns = PostgresColumns(&row);
                hashing.take(&RowRef::read(&tx.statements.collection, &columns, 0)?)?;
            }
            Ok(hashing.finish(tx.document.position(tx.facts.position)))
        })
        .await
    }

    pub(crate) async fn row_hash(&self, table: &Table, ids: &[u64]) -> Result<Hashes, StoreError> {
        self.compare(table, async |tx| {
            let mut hashing = Hashing::default();
            for id in ids {
                let statements = tx.statements;
                let take = |row: &RowRef<'_>| hashing.take(row);
                rows::find(tx.client, statements, &statements.get, *id, take).await?;
            }
            Ok(hashing.finish(tx.document.position(tx.facts.position)))
        })
        .await
    }
}

/// Gives out the living rows of a range by id until one is not taken; whether one was not.
async fn each(
    tx: &OwnershipTx<'_>,
    after: u64,
    to: u64,
    mut take: impl FnMut(&RowRef<'_>) -> Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    let (mut from, to, count) = (sql_id(after)?, sql_id(to)?, sql_id(PORTION as u64)?);
    loop {
        let rows = query(tx.client, &tx.statements.feed.range, &[&from, &to, &count]).await?;
        for row in &rows {
            let columns = PostgresColumns(row);
            let row = RowRef::read(&tx.statements.collection, &columns, 0)?;
            from = sql_id(row.id)?;
            if !take(&row)? {
                return Ok(true);
            }
        }
        if rows.len() < PORTION {
            return Ok(false);
        }
    }
}
