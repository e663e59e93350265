//! The change feed of a collection: the last change of each key, in the order of transactions.
//!
//! The triggers only append what they note to a log: that is the cheapest for the application, and keeps its transactions
//! apart. A reader folds the log into the feed, which has one line a key, and then reads the feed: both in one snapshot.
//! Readers do so one at a time. The tables are locked against `ALTER TABLE` meanwhile. What a reader saw is on disk when it answers: its own commit is synchronous and comes after.

use postgres::order::{CLOCK, HORIZON};
use replication::{FeedCursor, Key, MAX_FEED_BYTES, Within};

use crate::collection::{Collection, Member};
use crate::objects::{Objects, feed_key};
use crate::page::{Change, Column, FeedError, Page};
use crate::rows::{PINNED, columns_of, give_rows_of_all};
use crate::session::{Error, Session};

/// How many notes are folded in one transaction.
const PORTION: i64 = 20_000;
/// A transaction that changed more rows than this is split.
const LARGE: usize = 50_000;
/// How many rows are read at first, until it is known how large they are, and at most.
const FIRST: usize = 8;
const MOST: usize = 2_000;

/// Reads the feed of a collection.
#[derive(Debug)]
pub struct Feed {
    objects: Objects,
    members: Vec<Member>,
    fold: String,
    page: String,
}

impl Feed {
    /// The feed of an installed collection.
    pub fn of(collection: &Collection) -> Self {
        let objects = Objects::of(&collection.schema, collection.name.as_str());
        let (log, feed, key) = (objects.log(), objects.feed(), feed_key(&collection.members));
        let fold = format!(
            "WITH noted AS (DELETE FROM {log} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {log} \
             WHERE position >= $1 ORDER BY position LIMIT {PORTION})) RETURNING position, member, k), \
             folded AS (INSERT INTO {feed} AS f (key, position, member, k) \
             SELECT {key}, max(position), member, k FROM noted GROUP BY member, k \
             ON CONFLICT (key) DO UPDATE SET position = greatest(f.position, excluded.position), noted_at = {CLOCK}) \
             SELECT count(*) FROM noted"
        );
        let page = format!(
            "SELECT position, key, member, k FROM {feed} WHERE (position, key) > ($1, $2) \
             AND position < $3 ORDER BY position, key LIMIT $4"
        );
        Self { objects, members: collection.members.clone(), fold, page }
    }

    /// What changed after a cursor: at most `limit` changes, and as many ahead. It ends earlier if the rows are large. If
    /// the collection has several tables, it goes on to the end of a transaction, unless that is large.
    ///
    /// # Errors
    /// If the database does not do it.
    pub async fn page(
        &self,
        session: &Session,
        after: &FeedCursor,
        limit: u32,
    ) -> Result<Page, FeedError> {
        let horizon = self.begin_page(session).await?;
        let read = self.read(session, after, limit, horizon).await;
        end(session, read).await
    }

    /// Begins the snapshot of a page, in which all of the log is folded; gives its horizon. [`end`] ends it.
    pub(crate) async fn begin_page(&self, session: &Session) -> Result<i64, FeedError> {
        loop {
            self.begin(session).await?;
            match self.fold(session).await {
                Ok(Some(horizon)) => return Ok(horizon),
                Ok(None) => session.batch("ending the fold", "COMMIT").await?,
                Err(error) => {
                    session.roll_back().await;
                    return Err(error);
                }
            }
        }
    }

    /// Folds all of the log.
    pub(crate) async fn fold_all(&self, session: &Session) -> Result<(), FeedError> {
        loop {
            self.begin(session).await?;
            match self.fold(session).await {
                Ok(done) => {
                    session.batch("ending the fold", "COMMIT").await?;
                    if done.is_some() {
                        return Ok(());
                    }
                }
                Err(error) => {
                    session.roll_back().await;
                    return Err(error);
                }
            }
        }
    }

    /// The lock comes before the snapshot, which the first statement that reads takes.
    async fn begin(&self, session: &Session) -> Result<(), Error> {
        let tables: Vec<_> = self.members.iter().map(Member::sql).collect();
        let sql = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL synchronous_commit = on; \
             SET LOCAL lock_timeout = '10s'; {PINNED}; LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE; \
             LOCK TABLE {} IN ACCESS SHARE MODE",
            self.objects.feed(),
            tables.join(", ")
        );
        session.batch("beginning a page", &sql).await
    }

    /// Folds a portion of the log. Gives the horizon of the snapshot if that was all of it.
    async fn fold(&self, session: &Session) -> Result<Option<i64>, FeedError> {
        let (collections, name) = (self.objects.collections(), self.objects.name());
        let what = "folding the log";
        let sql = format!("SELECT {HORIZON}, folded FROM {collections} WHERE name = {name}");
        let rows = session.rows(what, &sql, &[]).await?;
        let Some(row) = rows.first() else {
            return Err(FeedError::Unreadable(format!("the collection {name} is not installed")));
        };
        let (horizon, folded): (i64, i64) = (row.get(0), row.get(1));
        let count = session.rows(what, &self.fold, &[&folded]).await?;
        let count: i64 = count.first().map_or(0, |row| row.get(0));
        if count >= PORTION {
            return Ok(None);
        }
        if horizon != folded {
            // What has a lower number has ended before this snapshot, so it was folded now or before. The write also has
            // the commit wait for the disk: PostgreSQL gives none of these numbers again, even after a crash.
            let sql = format!("UPDATE {collections} SET folded = $1 WHERE name = {name}");
            session.rows(what, &sql, &[&horizon]).await?;
        }
        Ok(Some(horizon))
    }

    /// Reads the page in the snapshot that [`Feed::begin_page`] began.
    pub(crate) async fn read(
        &self,
        session: &Session,
        after: &FeedCursor,
        limit: u32,
        horizon: i64,
    ) -> Result<Page, FeedError> {
        let limit = limit.max(1) as usize;
        let (position, key) = start(after);
        let mut changes = self.changes(session, (position, key), horizon, limit + 1).await?;
        let mut more = changes.len() > limit;
        let next = if more { changes.pop() } else { None };
        if let (Some(next), Some(last)) = (&next, changes.last())
            && self.members.len() > 1
            && next.position == last.position
        {
            let place = (sql_place(last.position), last.key.as_str().to_owned());
            let rest = self.changes(session, (place.0, &place.1), place.0 + 1, LARGE).await?;
            changes.extend(rest);
        }
        let columns = columns_of(session, &self.members).await?;
        let mut bytes = 0;
        let read = self.rows(session, &columns, &mut changes, &mut bytes).await?;
        more |= read < changes.len();
        changes.truncate(read);
        let mut ahead = Vec::new();
        let mut more_ahead = false;
        if !more {
            let beyond = (horizon - 1).max(position);
            ahead = self.changes(session, (beyond, LAST_KEY), i64::MAX, limit + 1).await?;
            more_ahead = ahead.len() > limit;
            if !more_ahead {
                more_ahead =
                    self.rows(session, &columns, &mut ahead, &mut bytes).await? < ahead.len();
            }
            if more_ahead {
                ahead.clear();
            }
        }
        let horizon = horizon.cast_unsigned();
        Ok(Page { changes, ahead, horizon, more, more_ahead, columns })
    }

    /// At most `count` changes behind a place and below a position, without their rows.
    async fn changes(
        &self,
        session: &Session,
        (position, key): (i64, &str),
        below: i64,
        count: usize,
    ) -> Result<Vec<Change>, FeedError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let rows = session
            .rows("reading the feed", &self.page, &[&position, &key, &below, &count])
            .await?;
        rows.iter().map(change).collect()
    }

    /// Gives changes their rows until these are large; says how many it gave one.
    async fn rows(
        &self,
        session: &Session,
        columns: &[Vec<Column>],
        changes: &mut [Change],
        bytes: &mut usize,
    ) -> Result<usize, FeedError> {
        let (mut read, mut portion) = (0, FIRST);
        while read < changes.len() && *bytes <= MAX_FEED_BYTES {
            let end = changes.len().min(read + portion);
            let before = *bytes;
            give_rows_of_all(session, &self.members, columns, &mut changes[read..end]).await?;
            *bytes += changes[read..end].iter().map(size).sum::<usize>();
            let each = ((*bytes - before) / (end - read)).max(1);
            portion =
                (MAX_FEED_BYTES.saturating_sub(*bytes) / each).clamp(1, portion * 4).min(MOST);
            read = end;
        }
        Ok(read)
    }
}

/// Ends the snapshot of a page.
pub(crate) async fn end<T, E: From<Error>>(session: &Session, read: Result<T, E>) -> Result<T, E> {
    match read {
        Ok(page) => {
            session.batch("ending the page", "COMMIT").await.map(|()| page).map_err(E::from)
        }
        Err(error) => {
            session.roll_back().await;
            Err(error)
        }
    }
}

/// How many bytes a change holds.
fn size(change: &Change) -> usize {
    let row = change.row.iter().flatten();
    let cells = row.map(|(name, value)| name.len() + value.as_ref().map_or(0, String::len) + 8);
    change.key.as_str().len() + 64 + cells.sum::<usize>()
}

/// A place as PostgreSQL counts. It came from there.
fn sql_place(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A text behind each key: no text has a character above this one.
pub(crate) const LAST_KEY: &str = "\u{10ffff}\u{10ffff}";

/// The place and the key that a cursor stands behind.
fn start(after: &FeedCursor) -> (i64, &str) {
    let position = i64::try_from(after.position).unwrap_or(i64::MAX);
    match &after.within {
        Within::Mark => (position, ""),
        Within::Row(key) => (position, key.as_str()),
        Within::All => (position, LAST_KEY),
    }
}

fn change(row: &tokio_postgres::Row) -> Result<Change, FeedError> {
    let (position, key): (i64, String) = (row.get(0), row.get(1));
    let unreadable = || FeedError::Unreadable(format!("{position}, {key:?}"));
    Ok(Change {
        position: position.try_into().map_err(|_negative| unreadable())?,
        key: Key::try_from(key.clone()).map_err(|_not_a_key| unreadable())?,
        member: row.get(2),
        columns: row.get(3),
        row: None,
    })
}
