//! The change feed: what has changed since a cursor, oldest first, each row whole.
//!
//! From [`FeedCursor::START`](crate::FeedCursor::START) the feed is the snapshot: copying and following
//! are one thing. It gives each row's last state and not the history of its changes, so a row that
//! was changed twice comes once.

use std::fmt;

use models::Timestamp;
use serde::{Deserialize, Serialize};

use crate::document::is_zero;
use crate::{FeedCursor, Handover, Role, RowRate, unix_ms};

/// A page of the feed, all of it out of one snapshot of the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes<M> {
    /// The store whose feed it is.
    pub store: String,
    /// Names all copies that follow each other.
    pub lineage: String,
    /// What the store is.
    pub role: Role,
    /// The epoch that the store has or knows of.
    pub epoch: u64,
    /// The newest part of the store's history.
    pub run: String,
    /// What to say with the next request; none from a store of an older version, which knows its runs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<String>,
    /// What changed after the cursor that was asked for.
    pub entries: Vec<Entry<M>>,
    /// The cursor that stands behind these entries.
    pub cursor: FeedCursor,
    /// Whoever applied this page, and all before it, has every change up to this place. 0 where the
    /// page says nothing about that: what is still to come may hide an older change of its row.
    pub covered: u64,
    /// The newest place of the feed.
    pub latest: u64,
    /// No state of a row that is still to come gets a rev up to this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revs_above: u64,
    /// Whether the page was full and more can be had at once.
    pub more: bool,
    /// The store's clock.
    #[serde(rename = "nowMs", with = "unix_ms")]
    pub now: Timestamp,
    /// What keeps the feed from going on, where something does.
    pub blocked_by: Option<BlockingTransaction>,
}

impl<M> Changes<M> {
    /// What a store that applied this page has heard of the source's history: to be said with the next request, in
    /// words that the source knows.
    pub fn heard(&self) -> String {
        self.heard.clone().unwrap_or_else(|| self.run.clone())
    }

    /// When a key of this page came, by the clock of a store whose time is `now`: as long ago as by the clock of the
    /// store that read the page, whatever the two clocks say.
    pub(crate) fn came_at(&self, key: &KeyRecord, now: Timestamp) -> i64 {
        let age = self.now.unix_ms.saturating_sub(key.created_at.unix_ms);
        now.unix_ms.saturating_sub(age.max(0))
    }
}

/// A run and the newest place that was heard of in it, as [`Store::changes`](crate::Store::changes) takes them.
pub(crate) fn heard(run: &str, latest: u64) -> String {
    format!("{run}.{latest}")
}

/// One thing that travels through a feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry<M> {
    /// A row's newest state.
    Row(FeedRow<M>),
    /// A sign of life, to measure lag from end to end.
    Heartbeat {
        /// When it was written, by the store's clock.
        #[serde(rename = "atMs", with = "unix_ms")]
        at: Timestamp,
    },
    /// Ownership was given away.
    Handover(Handover),
}

/// A row with everything that a copy of it needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedRow<M> {
    /// Its id.
    pub id: u64,
    /// How often it was written.
    pub rev: u64,
    /// When it was made.
    #[serde(rename = "createdMs", with = "unix_ms")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[serde(rename = "updatedMs", with = "unix_ms")]
    pub updated_at: Timestamp,
    /// What the client wrote; none where the row is deleted.
    pub content: Option<M>,
    /// The idempotency keys with which it was made, as long as they count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyRecord>,
}

/// An idempotency key and the first answer that it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRecord {
    /// What the client sent.
    pub key: String,
    /// Tells one content from another.
    pub fingerprint: String,
    /// When it came.
    #[serde(rename = "createdMs", with = "unix_ms")]
    pub created_at: Timestamp,
    /// The first answer.
    pub answer: String,
}

/// The oldest transaction of a PostgreSQL server, while it keeps the feeds on that server from going
/// on: what others committed since it began cannot be put in order before it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockingTransaction {
    /// The server process that runs it; none of a prepared one, and none where it cannot be seen.
    pub pid: Option<i32>,
    /// The name that `PREPARE TRANSACTION` gave it.
    #[serde(default)]
    pub prepared: Option<String>,
    /// The role that began it.
    #[serde(default)]
    pub role: Option<String>,
    /// The database that it works in.
    pub database: Option<String>,
    /// For how long it has been running, or is known to this program where the server does not tell its role.
    pub seconds: u64,
}

impl fmt::Display for BlockingTransaction {
    /// What it is, and what ends it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, prepared, role, database, seconds } = self;
        match (prepared, pid) {
            (Some(name), _) => write!(f, "the prepared transaction '{name}'")?,
            (None, Some(pid)) => write!(f, "the transaction of process {pid}")?,
            (None, None) => f.write_str("a transaction that this program's role may not see")?,
        }
        for (what, name) in [("role", role), ("database", database)] {
            if let Some(name) = name {
                write!(f, ", {what} {name}")?;
            }
        }
        write!(f, ", open for {seconds} s: ")?;
        match (prepared, pid) {
            (Some(name), _) => write!(f, "COMMIT PREPARED or ROLLBACK PREPARED '{name}'"),
            (None, Some(pid)) => write!(f, "wait for it, or SELECT pg_terminate_backend({pid})"),
            (None, None) => f.write_str("GRANT pg_read_all_stats to the role shows which"),
        }
    }
}

/// What applying a page came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// How many rows it changed here.
    pub rows: u64,
    /// Whether it made this store the primary.
    pub promoted: bool,
    /// How fast the store was told to copy: another program on the same database may have been asked.
    pub rate: RowRate,
}

/// A store that reads this one's feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowerSeen {
    /// Its store id.
    pub store: String,
    /// Up to which place of this store's feed it has come.
    pub position: u64,
    /// How long ago it was heard of.
    pub seconds_ago: u64,
}
