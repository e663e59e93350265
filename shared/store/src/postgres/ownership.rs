//! The ownership of a collection inside a transaction: loading it, changing it, saving it.

use models::Content;
use replication::{Document, Facts, random_id};

use super::error::store_error;
use super::link::{Link, Parameter};
use super::lock::{ALONE, lock_number};
use super::run::{get, maybe, number, run, sql_id, unsigned};
use crate::assemble::mark;
use crate::sql::{Statements, TRANSACTION};
use crate::stored::read_document;
use crate::{Entry, StoreError};

pub(super) async fn document(
    client: &Link,
    statements: &Statements,
) -> Result<Document, StoreError> {
    let text: Option<String> = maybe(client, &statements.moves.document, &[]).await?;
    read_document(&text.unwrap_or_default())
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
            now_ms: get(&row, 1)?,
            position: number(2)?,
            run: run.unwrap_or_default(),
            rows: any || purged > 0,
        };
        let document = read_document(text)?;
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

    pub(super) async fn last_id(&self) -> Result<u64, StoreError> {
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

    pub(super) async fn mark(&self, entry: &Entry<Content>) -> Result<(), StoreError> {
        let (kind, content) = mark(entry)?;
        run(self.client, &self.statements.moves.mark, &[&kind, &content]).await.map(drop)
    }

    pub(super) async fn forget_marks(&self) -> Result<(), StoreError> {
        run(self.client, &self.statements.moves.forget_marks, &[]).await.map(drop)
    }

    /// Waits for this follower no longer before it purges.
    pub(super) async fn forget_follower(&self, follower: &str) -> Result<(), StoreError> {
        let sql = &self.statements.moves.forget_follower;
        run(self.client, sql, &[&follower]).await.map(drop)
    }

    /// Begins a new part of the history with this place: all that are below it were taken before.
    pub(super) async fn begin_run(&self, purged: u64, place: i64) -> Result<(), StoreError> {
        let (id, purged) = (random_id(), sql_id(purged)?);
        let sql = &self.statements.moves.begin_run;
        run(self.client, sql, &[&id, &purged, &place]).await.map(drop)
    }

    /// The place behind the newest one. It is sure only while writes are kept out.
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
        // Its rows were numbered by another server: nothing could be put in order behind them. They begin anew, and
        // so do the followers.
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
