//! The change feed of a collection: the last change of each key, in the order of transactions.
//!
//! The triggers only append what they note to a log: that is the cheapest for the application, and keeps its transactions
//! apart. A reader folds the log into the feed, which has one line a key, and then reads the feed: both in one snapshot.
//! Readers do so one at a time. The tables are locked against `ALTER TABLE` meanwhile. What a reader saw is on disk when it answers: its own commit is synchronous and comes after.

use postgres::order::HORIZON;
use replication::{FeedCursor, Key, Within};

use crate::collection::{Collection, Member};
use crate::objects::{Objects, feed_key};
use crate::page::{Change, Column, FeedError, Page};
use crate::rows::{PINNED, columns, give_rows};
use crate::session::{Error, Session};

/// How many notes are folded in one transaction.
const PORTION: i64 = 20_000;

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
             ON CONFLICT (key) DO UPDATE SET position = greatest(f.position, excluded.position)) \
             SELECT count(*) FROM noted"
        );
        let page = format!(
            "SELECT position, key, member, k FROM {feed} WHERE (position, key) > ($1, $2) \
             AND position < $3 ORDER BY position, key LIMIT $4"
        );
        Self { objects, members: collection.members.clone(), fold, page }
    }

    /// What changed after a cursor: at most `limit` changes, and as many ahead.
    ///
    /// # Errors
    /// If the database does not do it.
    pub async fn page(
        &self,
        session: &Session,
        after: &FeedCursor,
        limit: u32,
    ) -> Result<Page, FeedError> {
        loop {
            self.begin(session).await?;
            match self.read(session, after, limit).await {
                Ok(page) => {
                    session.batch("ending the page", "COMMIT").await?;
                    if let Some(page) = page {
                        return Ok(page);
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

    /// Folds a portion of the log, and reads the page if that was all of it.
    async fn read(
        &self,
        session: &Session,
        after: &FeedCursor,
        limit: u32,
    ) -> Result<Option<Page>, FeedError> {
        let (collections, name) = (self.objects.collections(), self.objects.name());
        let what = "reading the feed";
        let sql = format!("SELECT {HORIZON}, folded FROM {collections} WHERE name = {name}");
        let rows = session.rows(what, &sql, &[]).await?;
        let Some(row) = rows.first() else {
            return Err(FeedError::Unreadable(format!("the collection {name} is not installed")));
        };
        let (horizon, folded): (i64, i64) = (row.get(0), row.get(1));
        let count = session.rows("folding the log", &self.fold, &[&folded]).await?;
        let count: i64 = count.first().map_or(0, |row| row.get(0));
        if count >= PORTION {
            return Ok(None);
        }
        if count > 0 {
            // What has a lower number has ended before this snapshot, so it was folded now or before.
            let sql = format!("UPDATE {collections} SET folded = $1 WHERE name = {name}");
            session.rows(what, &sql, &[&horizon]).await?;
        }
        let (position, key) = start(after);
        let room = i64::from(limit.max(1));
        let rows =
            session.rows(what, &self.page, &[&position, &key, &horizon, &(room + 1)]).await?;
        let mut changes = rows.iter().map(change).collect::<Result<Vec<_>, _>>()?;
        let more = changes.len() > limit.max(1) as usize;
        changes.truncate(limit.max(1) as usize);
        let mut ahead = if more {
            Vec::new()
        } else {
            let (beyond, below) = ((horizon - 1).max(position), i64::MAX);
            let rows =
                session.rows(what, &self.page, &[&beyond, &LAST_KEY, &below, &(room + 1)]).await?;
            rows.iter().map(change).collect::<Result<Vec<_>, _>>()?
        };
        let more_ahead = ahead.len() > limit.max(1) as usize;
        ahead.truncate(limit.max(1) as usize);
        let columns = self.rows(session, changes.iter_mut().chain(&mut ahead)).await?;
        Ok(Some(Page {
            changes,
            ahead,
            horizon: horizon.cast_unsigned(),
            more,
            more_ahead,
            columns,
        }))
    }

    /// Gives each change its row; says which columns the rows have.
    async fn rows(
        &self,
        session: &Session,
        changes: impl Iterator<Item = &mut Change>,
    ) -> Result<Vec<Vec<Column>>, FeedError> {
        let mut changes: Vec<_> = changes.collect();
        changes.sort_by_key(|change| change.member);
        let mut all = Vec::new();
        for member in &self.members {
            let columns = columns(session, member).await?;
            let first = changes.partition_point(|change| change.member < member.number);
            let end = changes.partition_point(|change| change.member <= member.number);
            let of_member = &mut changes[first..end];
            give_rows(session, &self.objects, (member, &columns), of_member).await?;
            all.push(columns);
        }
        Ok(all)
    }
}

/// A text behind each key: no text has a character above this one.
const LAST_KEY: &str = "\u{10ffff}\u{10ffff}";

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
