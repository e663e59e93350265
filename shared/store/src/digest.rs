//! Fingerprints of rows, the same for the same rows whichever engine keeps them.

use serde::{Deserialize, Serialize};

use crate::Position;

/// The fingerprint of the living rows in a range of ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    /// The last id of the range; [`models::MAX_ID`] where no living row comes after it.
    pub to: u64,
    /// How many rows there are.
    pub rows: u64,
    /// 128 bits over all of them, in hexadecimal.
    pub hash: String,
    /// How far the store was when they were read.
    pub position: Position,
    /// Whether no living row comes after the range.
    pub last: bool,
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

/// The fingerprint of one row: id, rev, times and content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowHash {
    /// The row.
    pub id: u64,
    /// How often it was written.
    pub rev: u64,
    /// 128 bits in hexadecimal.
    pub hash: String,
}
