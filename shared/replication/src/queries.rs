//! What is asked with `GET /api/<collection>/-/<path>`: the queries.

use serde::{Deserialize, Serialize};

use crate::{FeedCursor, Key, Position};

/// `GET -/ownership`, which answers a [`SideStatus`](crate::SideStatus).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingQuery {
    /// Wait until the store has everything up to this place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covers: Option<Position>,
    /// For how long at the most, in milliseconds.
    #[serde(default)]
    pub wait: u64,
}

/// `GET -/changes`, which answers a [`FeedPage`](crate::FeedPage).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangesQuery {
    /// From where on.
    #[serde(default)]
    pub after: FeedCursor,
    /// What is on the follower's disk; `after` if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<FeedCursor>,
    /// The most entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// For how long the answer may wait for a change, in milliseconds.
    #[serde(default)]
    pub wait: u64,
    /// [`Changes::heard`](crate::Changes::heard) of the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The store that follows with this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follower: Option<String>,
}

/// `GET -/digest`, which answers a [`Digest`](crate::Digest).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestQuery {
    /// The rows behind this one; all if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Key>,
    /// The rows up to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Key>,
    /// The most rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// `GET -/hashes`, which answers [`Hashes`](crate::Hashes): of a range, or of the last rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashesQuery {
    /// The rows behind this one; all if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Key>,
    /// The rows up to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Key>,
    /// So many rows that were changed last, instead of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recent: Option<usize>,
}
