//! Fingerprints, by which two stores are compared.

use serde::{Deserialize, Serialize};

use crate::{Key, Position};

/// The fingerprint of the living rows in a range of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    /// The last row of the range; none if there is no row.
    pub to: Option<Key>,
    /// How many rows there are.
    pub rows: u64,
    /// 128 bits over all of them, in hexadecimal.
    pub hash: String,
    /// How far the store was when they were read.
    pub position: Position,
    /// Whether no living row comes after the range.
    pub last: bool,
    /// About where the rows end, to show how far a comparison is.
    #[serde(default)]
    pub end: Option<Key>,
}

/// The fingerprints of some living rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hashes {
    /// How far the store was when they were read.
    pub position: Position,
    /// One for each row.
    pub rows: Vec<RowHash>,
}

/// The fingerprint of one row: key, rev, times and content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowHash {
    /// The row.
    pub key: Key,
    /// How often it was written.
    pub rev: u64,
    /// 128 bits in hexadecimal.
    pub hash: String,
}
