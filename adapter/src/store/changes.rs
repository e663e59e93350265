//! Reading the change feed: the pages that other stores apply.

use postgres::blocking::{OLDEST, OldestTransaction};
use replication::{
    BlockingTransaction, Changes, Entry, FeedCursor, FeedRow, LastHeard, LaterRun, Role, Within,
    check_history, check_purged, heard,
};

use super::AdapterStore;
use super::ownership::{OwnershipTx, sql_number, unsigned};
use crate::content::Content;
use crate::feed::end;
use crate::page::{Change, Page};
use crate::session::Session;
use crate::store_error::{MoveError, StoreError};

/// An entry and its place.
type Placed = (FeedCursor, Entry<Content>);

/// What is read of a store before its page, in the same snapshot.
struct Beginning {
    document: replication::Document,
    facts: replication::Facts,
    horizon: u64,
    marks: Vec<Placed>,
}

impl AdapterStore {
    /// At most `limit` entries of the feed after a cursor, out of one snapshot.
    ///
    /// `heard` is [`Changes::heard`] of the last page. With it the store sees whether it was put back to an older
    /// state since.
    ///
    /// # Errors
    /// [`MoveError::WentBack`], [`MoveError::Purged`], [`MoveError::NotPrimary`] of a retired store, or if the store
    /// cannot be read.
    pub async fn changes(
        &self,
        after: &FeedCursor,
        heard: Option<&str>,
        limit: usize,
    ) -> Result<Changes<Content>, MoveError> {
        let inner = &*self.inner;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        inner
            .sessions
            .with(async |session| {
                let horizon = inner.feed.begin_page(session).await?;
                let read = self.read_page(session, after, heard, (limit, horizon)).await;
                let (page, beginning) = end(session, read).await?;
                inner.watch.tell(&beginning.document, beginning.facts.position);
                let nothing = page.changes.is_empty() && beginning.marks.is_empty();
                let blocked = nothing && beginning.facts.position >= beginning.horizon;
                let blocked_by = if blocked { self.find_blocking(session).await? } else { None };
                Ok(assemble(page, beginning, after, blocked_by))
            })
            .await
    }

    /// The transaction that has kept the feed from going on for more than a second.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn blocked_by(&self) -> Result<Option<BlockingTransaction>, StoreError> {
        self.inner.sessions.with(async |session| self.find_blocking(session).await).await
    }

    async fn find_blocking(
        &self,
        session: &Session,
    ) -> Result<Option<BlockingTransaction>, StoreError> {
        let rows = session.rows("looking for the oldest transaction", OLDEST, &[]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let found = self.inner.blocking.read(row).map_err(StoreError::failed)?;
        Ok(found.map(|OldestTransaction { pid, prepared, role, database, open }| {
            BlockingTransaction { pid, prepared, role, database, seconds: open.as_secs() }
        }))
    }

    async fn read_page(
        &self,
        session: &Session,
        after: &FeedCursor,
        heard: Option<&str>,
        (limit, horizon): (u32, i64),
    ) -> Result<(Page, Beginning), MoveError> {
        let beginning = self.begin_page(session, after, heard).await?;
        let page = self.inner.feed.read(session, after, limit, horizon).await?;
        Ok((page, beginning))
    }

    async fn begin_page(
        &self,
        session: &Session,
        after: &FeedCursor,
        heard: Option<&str>,
    ) -> Result<Beginning, MoveError> {
        let tx = OwnershipTx::load(session, &self.inner.statements).await?;
        if tx.document.acts_as() == Role::Retired {
            let primary = tx.document.primary();
            return Err(MoveError::NotPrimary { role: Role::Retired, primary });
        }
        if after.position >= tx.beyond {
            return Err(MoveError::WentBack);
        }
        check_run(&tx, after, heard).await?;
        let marks = marks(&tx, after).await?;
        let OwnershipTx { document, facts, horizon, .. } = tx;
        Ok(Beginning { document, facts, horizon, marks })
    }
}

async fn check_run(
    tx: &OwnershipTx<'_>,
    after: &FeedCursor,
    heard: Option<&str>,
) -> Result<(), MoveError> {
    let Some(LastHeard { run, latest }) = heard.map(LastHeard::read) else {
        return check_purged(after, tx.purged);
    };
    let what = "reading the history";
    if tx.session.rows(what, &tx.statements.run_known, &[&run]).await?.is_empty() {
        return Err(MoveError::WentBack);
    }
    let rows = tx.session.rows(what, &tx.statements.runs_after, &[&run]).await?;
    let later = rows
        .iter()
        .map(|row| Ok(LaterRun { position: unsigned(row.get(0))?, purged: unsigned(row.get(1))? }));
    let later = later.collect::<Result<Vec<_>, StoreError>>()?;
    // A cursor may be beyond all places of the feed: the server's other databases take numbers too.
    check_history(after, latest.unwrap_or(0), &later)
}

/// The marks behind a cursor whose turn has come.
async fn marks(tx: &OwnershipTx<'_>, after: &FeedCursor) -> Result<Vec<Placed>, StoreError> {
    let position = sql_number(after.position)?;
    let rows = tx.session.rows("reading the marks", &tx.statements.marks, &[&position]).await?;
    let mut marks = Vec::new();
    for row in rows {
        let position = unsigned(row.get(0))?;
        let entry = serde_json::from_str(row.get(1)).map_err(StoreError::failed)?;
        if position < tx.horizon {
            marks.push((FeedCursor { position, within: Within::Mark }, entry));
        }
    }
    Ok(marks)
}

fn placed(change: Change) -> Placed {
    let Change { position, key, row: content, .. } = change;
    let at = FeedCursor { position, within: Within::Row(key.clone()) };
    let idempotency = Vec::new();
    let row = FeedRow { key, rev: 0, created_ms: 0, updated_ms: 0, content, idempotency };
    (at, Entry::Row(row))
}

/// Puts rows and marks in order. A page that is not full has all that there is below the horizon.
fn assemble(
    page: Page,
    beginning: Beginning,
    after: &FeedCursor,
    blocked_by: Option<BlockingTransaction>,
) -> Changes<Content> {
    let Page { changes, ahead, horizon, more, more_ahead, .. } = page;
    let Beginning { document, facts, marks, .. } = beginning;
    let mut entries: Vec<_> = changes.into_iter().map(placed).collect();
    // If the page is full, rows that it does not have may come before a mark.
    let end = entries.last().filter(|_| more).map(|(at, _)| at.clone());
    entries.extend(marks.into_iter().filter(|(at, _)| end.as_ref().is_none_or(|end| at < end)));
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    let (promises, whole) = (!more && !more_ahead, horizon.saturating_sub(1));
    let cursor = if promises {
        after.clone().max(FeedCursor::all(whole))
    } else {
        entries.last().map_or_else(|| after.clone(), |(at, _)| at.clone())
    };
    let latest = facts.position.max(document.since);
    Changes {
        store: document.store,
        lineage: document.lineage,
        role: document.role,
        epoch: document.epoch,
        heard: Some(heard(&facts.run, latest)),
        run: facts.run,
        entries: entries.into_iter().chain(ahead.into_iter().map(placed)).map(|(_, e)| e).collect(),
        cursor,
        covered: if promises { whole } else { 0 },
        latest,
        revs_above: 0,
        more,
        now_ms: facts.now_ms,
        blocked_by,
    }
}
