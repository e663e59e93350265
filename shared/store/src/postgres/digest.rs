//! Fingerprints of rows.

use super::PostgresStore;
use super::feed::query;
use super::ownership::OwnershipTx;
use super::rows::{self, PostgresCells, sql_id};
use crate::digest::{Digesting, Hasher};
use crate::{Digest, Hashes, Record, Row, RowHash, StoreError};

/// The most rows fetched at once.
const PORTION: usize = 1_000;

impl PostgresStore {
    pub(crate) async fn digest<R: Record>(
        &self,
        after: u64,
        to: Option<u64>,
        limit: usize,
    ) -> Result<Digest, StoreError> {
        self.compare::<R, _>(async |tx| {
            let mut digesting = Digesting::new(after, to, limit);
            let end = digesting.end();
            let full = each::<R>(tx, after, end, |row| digesting.take(&row)).await?;
            let more = match to {
                None => full,
                Some(to) => each::<R>(tx, to, models::MAX_ID, |_| Ok(false)).await?,
            };
            Ok(digesting.finish(tx.document.position(tx.facts.position), more))
        })
        .await
    }

    pub(crate) async fn hashes<R: Record>(
        &self,
        after: u64,
        to: u64,
    ) -> Result<Hashes, StoreError> {
        self.compare::<R, _>(async |tx| {
            let mut hashing = Hashing::default();
            each::<R>(tx, after, to, |row| hashing.take(&row).map(|()| true)).await?;
            Ok(hashing.finish(tx))
        })
        .await
    }

    pub(crate) async fn recent<R: Record>(&self, count: usize) -> Result<Hashes, StoreError> {
        self.compare::<R, _>(async |tx| {
            let mut hashing = Hashing::default();
            let count = sql_id(count as u64)?;
            for row in query(tx.client, &tx.statements.feed.recent, &[&count]).await? {
                hashing.take(&Row::read::<R>(&mut PostgresCells::new(&row))?)?;
            }
            Ok(hashing.finish(tx))
        })
        .await
    }

    pub(crate) async fn row_hash<R: Record>(&self, ids: &[u64]) -> Result<Hashes, StoreError> {
        self.compare::<R, _>(async |tx| {
            let mut hashing = Hashing::default();
            for id in ids {
                let get = &tx.statements.get;
                if let Some(row) = rows::find::<R>(tx.client, get, *id).await? {
                    hashing.take(&row)?;
                }
            }
            Ok(hashing.finish(tx))
        })
        .await
    }
}

/// Fingerprints while their rows come in.
#[derive(Default)]
struct Hashing {
    hasher: Hasher,
    rows: Vec<RowHash>,
}

impl Hashing {
    fn take<M: models::Model>(&mut self, row: &Row<M>) -> Result<(), StoreError> {
        self.rows.push(self.hasher.row(row)?);
        Ok(())
    }

    fn finish(self, tx: &OwnershipTx<'_>) -> Hashes {
        Hashes { position: tx.document.position(tx.facts.position), rows: self.rows }
    }
}

/// Gives out the living rows of a range by id until one is not taken; whether one was not.
async fn each<R: Record>(
    tx: &OwnershipTx<'_>,
    after: u64,
    to: u64,
    mut take: impl FnMut(Row<R::Content>) -> Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    let (mut from, to, count) = (sql_id(after)?, sql_id(to)?, sql_id(PORTION as u64)?);
    loop {
        let rows = query(tx.client, &tx.statements.feed.range, &[&from, &to, &count]).await?;
        for row in &rows {
            let row = Row::read::<R>(&mut PostgresCells::new(row))?;
            from = sql_id(row.id)?;
            if !take(row)? {
                return Ok(true);
            }
        }
        if rows.len() < PORTION {
            return Ok(false);
        }
    }
}
