//! Reading the change feed.
//!
//! Transactions commit in another order than they are numbered in. Only what lies before the oldest one that still
//! runs is given in order: nothing can be added there any more. Rows behind that are given ahead of their turn if
//! they may hide an older change, and are given again when it has come.

use std::collections::HashMap;

use models::{Content, MAX_ID, Timestamp};
use replication::{LastHeard, LaterRun, check_history, check_purged};

use super::PostgresStore;
use super::blocking;
use super::lease::{lease, lease_alone};
use super::link::SNAPSHOT;
use super::ownership::OwnershipTx;
use super::rows::PostgresColumns;
use super::run::{get, maybe, query, sql_id, unsigned};
use crate::assemble::{Collected, PageEnd, Placed};
use crate::place::FeedPlace;
use crate::table::Table;
use crate::{BlockingTransaction, Changes, IdempotencyRecord, MoveError, Role, StoreError};

/// The most rows fetched at once.
const PORTION: usize = 1_000;

impl PostgresStore {
    pub(crate) async fn changes(
        &self,
        table: &Table,
        after: FeedPlace,
        heard: Option<&str>,
        limit: usize,
    ) -> Result<Changes<Content>, MoveError> {
        let page = self.compare(table, async |tx| {
            let document = tx.document.clone();
            if document.acts_as() == Role::Retired {
                let (role, primary) = (Role::Retired, document.primary());
                return Ok(Err(MoveError::NotPrimary { role, primary }));
            }
            if after.position >= tx.beyond {
                return Ok(Err(MoveError::WentBack));
            }
            if let Err(refused) = check_run(tx, after, heard).await? {
                return Ok(Err(refused));
            }
            let whole = tx.horizon - 1;
            let mut page = Collected::new(limit);
            let turn = (after, tx.horizon);
            rows(tx, turn, &mut page, Collected::take).await?;
            page.add_marks(marks(tx, after).await?);
            let end = FeedPlace::all(whole);
            if !page.more && end > after {
                let ahead = (end, MAX_ID);
                rows(tx, ahead, &mut page, Collected::take_ahead).await?;
            }
            give_keys(tx, &mut page).await?;
            // If an entry has its turn, nothing holds the feed back.
            let blocked = page.entries.is_empty() && tx.facts.position >= tx.horizon;
            let blocked_by =
                if blocked { blocking::find(&self.blocking, tx.client).await? } else { None };
            let (run, now) = (tx.facts.run.clone(), Timestamp { unix_ms: tx.facts.now_ms });
            let latest = tx.facts.position.max(document.since);
            Ok(Ok(page.page(after, whole, PageEnd { document, run, latest, now, blocked_by })))
        });
        page.await?
    }

    pub(crate) async fn blocked_by(&self) -> Result<Option<BlockingTransaction>, StoreError> {
        lease_alone(&self.pool, async |client| blocking::find(&self.blocking, client).await).await
    }

    /// Reads in one snapshot.
    pub(super) async fn compare<T>(
        &self,
        table: &Table,
        work: impl AsyncFnOnce(&OwnershipTx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let statements = &table.statements;
        lease(&self.pool, async |client| {
            client.begin(SNAPSHOT).await?;
            let done = async {
                let tx = OwnershipTx::load(client, statements).await?;
                work(&tx).await
            };
            client.end(done.await).await
        })
        .await
    }
}

async fn check_run(
    tx: &OwnershipTx<'_>,
    after: FeedPlace,
    heard: Option<&str>,
) -> Result<Result<(), MoveError>, StoreError> {
    let moves = &tx.statements.moves;
    let Some(LastHeard { run, latest }) = heard.map(LastHeard::read) else {
        return Ok(check_purged(&after.into(), tx.purged));
    };
    if maybe::<i32>(tx.client, &moves.run_known, &[&run]).await?.is_none() {
        return Ok(Err(MoveError::WentBack));
    }
    let mut later = Vec::new();
    for row in query(tx.client, &moves.runs_after, &[&run]).await? {
        let number = |place| unsigned(get(&row, place)?);
        later.push(LaterRun { position: number(0)?, purged: number(1)? });
    }
    // A cursor may be beyond all places of the feed: the server's other databases take numbers too.
    Ok(check_history(&after.into(), latest.unwrap_or(0), &later))
}

/// Gives a page a row and how many bytes it holds. False if the page takes no more.
type Take = fn(&mut Collected, Placed, usize) -> bool;

/// Reads rows behind a cursor and below a place until the page takes no more.
async fn rows(
    tx: &OwnershipTx<'_>,
    (after, below): (FeedPlace, u64),
    page: &mut Collected,
    take: Take,
) -> Result<(), StoreError> {
    let below = sql_id(below)?;
    let mut from = after;
    loop {
        let portion = page.wanted().min(PORTION);
        let count = sql_id(portion as u64)?;
        let (position, id) = (sql_id(from.position)?, sql_id(from.id)?);
        let sql = &tx.statements.feed.page;
        let rows = query(tx.client, sql, &[&position, &id, &count, &below]).await?;
        for row in &rows {
            let (row, bytes) = Placed::row(&tx.statements.collection, &PostgresColumns(row))?;
            from = row.at;
            if !take(page, row, bytes) {
                return Ok(());
            }
        }
        if rows.len() < portion {
            return Ok(());
        }
    }
}

async fn marks(tx: &OwnershipTx<'_>, after: FeedPlace) -> Result<Vec<Placed>, StoreError> {
    let mut marks = Vec::new();
    let position = sql_id(after.position)?;
    for row in query(tx.client, &tx.statements.moves.marks, &[&position]).await? {
        let position = unsigned(get(&row, 0)?)?;
        let content: &str = get(&row, 1)?;
        if position < tx.horizon {
            marks.push(Placed::mark(position, content)?);
        }
    }
    Ok(marks)
}

/// Gives each row the keys with which it was made.
async fn give_keys(tx: &OwnershipTx<'_>, page: &mut Collected) -> Result<(), StoreError> {
    let ids = page.rows().map(|(id, _)| sql_id(id)).collect::<Result<Vec<_>, _>>()?;
    if ids.is_empty() {
        return Ok(());
    }
    let keys = query(tx.client, &tx.statements.feed.keys, &[&ids]).await?;
    let mut by_id = HashMap::<u64, Vec<IdempotencyRecord>>::new();
    for key in keys {
        let record = IdempotencyRecord {
            key: get(&key, 1)?,
            fingerprint: get(&key, 2)?,
            created_ms: get(&key, 3)?,
            answer: get(&key, 4)?,
        };
        by_id.entry(unsigned(get(&key, 0)?)?).or_default().push(record);
    }
    if !by_id.is_empty() {
        for (id, row) in page.rows() {
            row.idempotency = by_id.remove(&id).unwrap_or_default();
        }
    }
    Ok(())
}
