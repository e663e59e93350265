//! The change feed: what has changed since a cursor, oldest first, each row whole.
//!
//! From [`FeedCursor::START`](crate::FeedCursor::START) the feed is the snapshot: copying and following
//! are one thing. It gives each row's last state and not the history of its changes, so a row that
//! was changed twice comes once.

use serde::{Deserialize, Serialize};

use crate::{BlockingTransaction, FeedCursor, Handover, Key, Role};

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
    /// A store that applied this page, and all before it, has every change up to this place. 0 if the page says
    /// nothing about that: what is still to come may hide an older change of its row.
    pub covered: u64,
    /// The newest place of the feed.
    pub latest: u64,
    /// No state of a row that is still to come gets a rev up to this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revs_above: u64,
    /// Whether the page was full and more can be had at once.
    pub more: bool,
    /// The store's clock, in milliseconds since 1970.
    pub now_ms: i64,
    /// The transaction that keeps the feed from going on, if one does.
    pub blocked_by: Option<BlockingTransaction>,
}

impl<M> Changes<M> {
    /// What a store that applied this page has heard of the source's history: to be said with the next request, in
    /// words that the source knows.
    pub fn heard(&self) -> String {
        self.heard.clone().unwrap_or_else(|| self.run.clone())
    }

    /// How long before the page a key came, in milliseconds: the same by every clock.
    pub fn age_ms(&self, key: &IdempotencyRecord) -> i64 {
        self.now_ms.saturating_sub(key.created_ms).max(0)
    }

    /// Its rows.
    pub fn rows(&self) -> impl Iterator<Item = &FeedRow<M>> {
        self.entries.iter().filter_map(Entry::row)
    }
}

impl<M> Entry<M> {
    /// The row, if it is one.
    pub fn row(&self) -> Option<&FeedRow<M>> {
        match self {
            Self::Row(row) => Some(row),
            Self::Heartbeat { .. } | Self::Handover(_) => None,
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A run and the newest place that was heard of in it: what [`Changes::heard`] says.
pub fn heard(run: &str, latest: u64) -> String {
    format!("{run}.{latest}")
}

/// A page of the feed, as `GET -/changes` answers it. A reader reads the [`AnswerHead`] first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FeedPage<'a, M> {
    /// What the program says besides.
    #[serde(flatten)]
    pub head: AnswerHead,
    /// The page.
    #[serde(flatten)]
    pub changes: &'a Changes<M>,
}

/// What every answer of a program says, whatever else it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerHead {
    /// [`PROTOCOL`](crate::PROTOCOL) of the program.
    pub protocol: u32,
    /// Of a page: whether the clients of the program wait longer than usual.
    #[serde(default)]
    pub busy: bool,
}

/// One thing that travels through a feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry<M> {
    /// A row's newest state.
    Row(FeedRow<M>),
    /// A sign of life, to measure lag from end to end.
    Heartbeat {
        /// When it was written, by the store's clock, in milliseconds since 1970.
        #[serde(rename = "atMs")]
        at_ms: i64,
    },
    /// Ownership was given away.
    Handover(Handover),
}

/// A row with everything that a copy of it needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedRow<M> {
    /// Its key.
    pub key: Key,
    /// How often it was written.
    pub rev: u64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was changed last, in milliseconds since 1970.
    pub updated_ms: i64,
    /// What the client wrote; none if the row is deleted.
    pub content: Option<M>,
    /// The idempotency keys with which it was made, as long as they count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub idempotency: Vec<IdempotencyRecord>,
}

/// An idempotency key and the first answer that it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdempotencyRecord {
    /// What the client sent.
    pub key: String,
    /// Tells one content from another.
    pub fingerprint: String,
    /// When it came, in milliseconds since 1970.
    pub created_ms: i64,
    /// The first answer.
    pub answer: String,
}
