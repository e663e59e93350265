//! Rows that differ, and the range in which they were found.

use replication::Key;
use serde::{Deserialize, Serialize};

/// A row that is not the same on both sides.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FoundDifference {
    #[serde(alias = "id")]
    pub(super) key: Key,
    /// The side on which it is missing, or the fields in which it differs.
    pub(super) what: String,
}

/// A range that was compared.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The key at which it ends; none if there is no row.
    pub(super) to: Option<Key>,
    /// About where the primary's rows end.
    pub(super) end: Option<Key>,
    /// How many rows the primary has in it.
    pub(super) rows: u64,
    /// Whether there is nothing behind it.
    pub(super) last: bool,
    pub(super) differences: Vec<FoundDifference>,
    pub(super) moving: u64,
}
