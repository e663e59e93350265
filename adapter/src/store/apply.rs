//! Applying a page of another store's feed: all of it or nothing, together with the cursor behind it.

use std::sync::Arc;

use replication::{Applied, Changes, Entry, FeedCursor, FeedRow, MoveError as Refused, RowRate};

use super::AdapterStore;
use super::ownership::OwnershipTx;
use super::transaction::Bars;
use crate::apply::batch::{Batch, Lists, batches, parameters};
use crate::apply::exchange::exchange;
use crate::apply::order::{any_acts, order};
use crate::apply::target::{Source, Target, note_held};
use crate::apply::user_triggers::{rouse, silence};
use crate::content::Content;
use crate::sequences::raise;
use crate::session::Error;
use crate::store_error::{MoveError, StoreError};

/// In which order rows are deleted, and made or changed, and how those are changed. If one meets a constraint, the next is
/// tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    /// What is deleted makes room for what is made.
    DeletesFirst,
    /// A row leaves another one, which is deleted then.
    DeletesLast,
    /// Rows exchange values.
    Exchange,
}

impl AdapterStore {
    /// Applies a page of the source's feed, which begins at `from`: all of it or nothing, together with the cursor behind
    /// it. A handover to this store makes it the primary in the same transaction.
    ///
    /// A page whose [`Changes::covered`] is 0 may have a row without what it refers to, or with a value that another row
    /// still has here: the rest is still to come. If so, all its rows are held back until a page promises that everything
    /// is there.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::OtherSource`], [`MoveError::OtherLineage`], [`MoveError::OldEpoch`],
    /// [`MoveError::SourceFollows`], [`MoveError::OtherCursor`], [`MoveError::OtherFields`], or if the store cannot be
    /// written: then the message of PostgreSQL names the constraint, if one keeps a row out.
    pub async fn apply(
        &self,
        from: FeedCursor,
        page: Arc<Changes<Content>>,
    ) -> Result<Applied, MoveError> {
        let super::Inner { collection, objects, sessions, .. } = &*self.inner;
        sessions
            .with(async |session| Ok::<_, MoveError>(silence(session, collection, objects).await?))
            .await?;
        let hands_over = page.entries.iter().any(|entry| matches!(entry, Entry::Handover(_)));
        let bars = if hands_over { Bars::Promotion } else { Bars::Applying };
        self.change("apply", bars, async |tx| {
            tx.document.check_page(&from, &page)?;
            let (entries, handover) = tx.document.split(&page);
            let rows: Vec<_> = entries.iter().filter_map(Entry::row).collect();
            self.store_rows(tx, &rows, page.covered > 0 || handover.is_some()).await?;
            if !rows.is_empty() || handover.is_some() {
                tx.facts.position = tx.place().await?;
            }
            match handover {
                Some(handover) => {
                    tx.document.promote(&page, handover, tx.facts.position);
                    tx.session.batch("forgetting the marks", &tx.statements.forget_marks).await?;
                    raise(tx.session, collection, objects, handover.last_id, 0).await?;
                    rouse(tx.session, objects).await?;
                }
                None => tx.document.applied(&page),
            }
            tx.save().await?;
            let rate = RowRate(tx.document.max_rows_per_second);
            Ok(Applied { rows: rows.len() as u64, promoted: handover.is_some(), rate })
        })
        .await
    }

    /// Stores the rows of a page. `whole`: with them, everything is here that there was at the source at some time.
    async fn store_rows(
        &self,
        tx: &OwnershipTx<'_>,
        rows: &[&FeedRow<Content>],
        whole: bool,
    ) -> Result<(), MoveError> {
        let super::Inner { collection, objects, .. } = &*self.inner;
        let held = self.holds_any(tx).await?;
        if rows.is_empty() && !(whole && held) {
            return Ok(());
        }
        let batches = batches(&collection.members, rows)?;
        let mut targets = Vec::new();
        for batch in &batches {
            let target = Target::read(tx.session, objects, batch.member).await?;
            batch.check_columns(target.columns.iter().map(|column| &*column.name))?;
            targets.push(target);
        }
        let acts = any_acts(tx.session, collection).await?;
        let order = order(tx.session, collection).await?;
        let work = Work { tx, batches, targets, order, acts };
        work.fit().await?;
        if held && whole {
            work.hold().await?;
            work.try_all(Source::Held, work.attempts()).await?;
            let session = tx.session;
            session.rows("noting rows", &note_held(objects), &[]).await?;
            let emptied = format!("DELETE FROM {}", objects.held());
            return Ok(session.batch("emptying what was held", &emptied).await?);
        }
        if !whole && acts && work.deletes_any().await? {
            // What a foreign key would take with these may still come: it may have left them at the source.
            return work.hold().await;
        }
        let attempts = if whole { work.attempts() } else { &ALL[..1] };
        match work.try_all(Source::Page, attempts).await {
            Ok(()) => {
                if held {
                    work.let_go(objects.held()).await?;
                }
                work.note().await
            }
            Err(Refused::Store(StoreError::Kept(_))) if !whole => work.hold().await,
            refused => refused,
        }
    }

    async fn holds_any(&self, tx: &OwnershipTx<'_>) -> Result<bool, StoreError> {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", self.inner.objects.held());
        Ok(!tx.session.rows("looking at what is held", &sql, &[]).await?.is_empty())
    }
}

const ALL: [Attempt; 3] = [Attempt::DeletesFirst, Attempt::DeletesLast, Attempt::Exchange];

/// The rows of one page and the tables that they go to.
pub(super) struct Work<'a> {
    pub(super) tx: &'a OwnershipTx<'a>,
    pub(super) batches: Vec<Batch<'a>>,
    pub(super) targets: Vec<Target<'a>>,
    /// The places of the tables: those that others refer to come first.
    order: Vec<usize>,
    /// Whether a delete may take other rows with it.
    acts: bool,
}

impl Work<'_> {
    /// Stores the rows in the first way that no constraint is against. Otherwise the transaction is as it was.
    async fn try_all(&self, source: Source, attempts: &[Attempt]) -> Result<(), MoveError> {
        let session = self.tx.session;
        let mut first = None;
        for attempt in attempts {
            if *attempt == Attempt::Exchange && !self.are_replaceable().await? {
                continue;
            }
            session.batch("beginning the rows", "SAVEPOINT page").await?;
            let done = match self.run(source, *attempt).await {
                Ok(()) => session.batch("checking the rows", "SET CONSTRAINTS ALL IMMEDIATE").await,
                Err(error) => Err(error),
            };
            let Err(error) = done else {
                return Ok(session.batch("ending the rows", "RELEASE page").await?);
            };
            session.batch("taking the rows back", "ROLLBACK TO page").await?;
            match error.class() {
                // The second one is the refusal of another collection, whose rows a foreign key would change.
                Some("23" | "ZB") => first.get_or_insert(error),
                Some("22") if source == Source::Page => return Err(self.unfit(error).await),
                _ => return Err(error.into()),
            };
        }
        Err(first.map_or(Refused::Store(StoreError::NotInstalled), |error| {
            Refused::Store(StoreError::Kept(Arc::new(error)))
        }))
    }

    /// How to store all that there is. What left a row that is deleted must have left it here before.
    fn attempts(&self) -> &'static [Attempt] {
        if self.acts { &ALL[1..] } else { &ALL }
    }

    /// Whether a row that is here is deleted.
    async fn deletes_any(&self) -> Result<bool, Error> {
        for (batch, target) in self.batches.iter().zip(&self.targets) {
            if batch.deleted.is_empty() {
                continue;
            }
            let (keys, sql) = (batch.deleted_keys(), target.finds_deleted());
            let rows = self.tx.session.rows("looking for rows", &sql, &parameters(&keys)).await?;
            if !rows.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn are_replaceable(&self) -> Result<bool, Error> {
        for target in &self.targets {
            if !target.is_replaceable(self.tx.session).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn run(&self, source: Source, attempt: Attempt) -> Result<(), Error> {
        self.tx.session.batch("deferring constraints", "SET CONSTRAINTS ALL DEFERRED").await?;
        match attempt {
            Attempt::DeletesFirst => {
                self.delete(source).await?;
                self.upsert(source).await
            }
            Attempt::DeletesLast => {
                self.upsert(source).await?;
                self.delete(source).await
            }
            Attempt::Exchange => self.exchange(source).await,
        }
    }

    async fn upsert(&self, source: Source) -> Result<(), Error> {
        for place in &self.order {
            let (batch, target) = (&self.batches[*place], &self.targets[*place]);
            let lists = if source == Source::Page { values(batch, target) } else { Vec::new() };
            if source == Source::Held || !batch.present.is_empty() {
                let what = format!("applying rows to {}", batch.member.sql());
                self.tx.session.rows(&what, &target.upsert(source), &parameters(&lists)).await?;
            }
        }
        Ok(())
    }

    async fn exchange(&self, source: Source) -> Result<(), Error> {
        let (mut parts, mut lists) = (Vec::new(), Lists::new());
        for place in &self.order {
            let (batch, target) = (&self.batches[*place], &self.targets[*place]);
            parts.push(target.exchange(source, lists.len() + 1));
            if source == Source::Page {
                lists.extend(values(batch, target));
                lists.extend(batch.deleted_keys());
            }
        }
        let sql = exchange(&parts);
        self.tx.session.rows("exchanging rows", &sql, &parameters(&lists)).await?;
        Ok(())
    }

    async fn delete(&self, source: Source) -> Result<(), Error> {
        for place in self.order.iter().rev() {
            let (batch, target) = (&self.batches[*place], &self.targets[*place]);
            let lists = if source == Source::Page { batch.deleted_keys() } else { Vec::new() };
            if source == Source::Held || !batch.deleted.is_empty() {
                let what = format!("deleting rows of {}", batch.member.sql());
                self.tx.session.rows(&what, &target.delete(source), &parameters(&lists)).await?;
            }
        }
        Ok(())
    }

    /// Notes in the feed that the rows changed.
    async fn note(&self) -> Result<(), MoveError> {
        for (batch, target) in self.batches.iter().zip(&self.targets) {
            let keys = batch.keys();
            if keys.first().is_some_and(|keys| !keys.is_empty()) {
                self.tx.session.rows("noting rows", &target.note(), &parameters(&keys)).await?;
            }
        }
        Ok(())
    }

    /// Holds the rows back.
    async fn hold(&self) -> Result<(), MoveError> {
        for (batch, target) in self.batches.iter().zip(&self.targets) {
            let contents = batch.contents()?;
            if contents.is_empty() {
                continue;
            }
            let mut lists = vec![contents.iter().map(Option::as_deref).collect()];
            lists.extend(batch.keys());
            self.tx.session.rows("holding rows back", &target.hold(), &parameters(&lists)).await?;
        }
        Ok(())
    }

    /// Forgets older states of the rows that are held back.
    async fn let_go(&self, held: String) -> Result<(), MoveError> {
        let sql = format!("DELETE FROM {held} WHERE key = ANY ($1::text[])");
        for batch in &self.batches {
            let mut lists = batch.keys();
            lists.truncate(1);
            self.tx.session.rows("forgetting what was held", &sql, &parameters(&lists)).await?;
        }
        Ok(())
    }
}

/// The values of the rows that are present: a list for each column.
pub(super) fn values<'a>(batch: &'a Batch<'_>, target: &Target<'_>) -> Lists<'a> {
    target.columns.iter().map(|column| batch.values(&column.name)).collect()
}
