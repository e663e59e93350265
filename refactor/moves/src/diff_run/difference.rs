//! Rows that differ, and the range in which they were found.

use replication::Key;
use serde::{Deserialize, Serialize};

/// A row that is not the same on both sides.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FoundDifference {
    #[serde(alias = "id")]
    pub(crate) key: Key,
    /// The side on which it is missing, or the fields in which it differs.
    pub(crate) what: String,
}

/// A range that was compared.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The key at which it ends; none if there is no row.
    pub(crate) to: Option<Key>,
    /// About where the primary's rows end.
    pub(crate) end: Option<Key>,
    /// How many rows the primary has in it.
    pub(crate) rows: u64,
    /// Whether there is nothing behind it.
    pub(crate) last: bool,
    pub(crate) differences: Vec<FoundDifference>,
    pub(crate) moving: u64,
}
