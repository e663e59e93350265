//! Fingerprints of rows, the same for the same rows whichever engine keeps them.

use models::MAX_ID;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::row::RowRef;
use crate::{Position, StoreError};

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

/// Makes fingerprints of rows, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Hasher {
    bytes: Vec<u8>,
}

impl Hasher {
    fn hash(&mut self, row: &RowRef<'_>) -> Result<u128, StoreError> {
        self.bytes.clear();
        for number in [row.id, row.rev] {
            self.bytes.extend(number.to_le_bytes());
        }
        for time in [row.created_at, row.updated_at] {
            self.bytes.extend(time.unix_ms.to_le_bytes());
        }
        row.write_content(&mut self.bytes)?;
        Ok(xxh3_128(&self.bytes))
    }

    pub(crate) fn row(&mut self, row: &RowRef<'_>) -> Result<RowHash, StoreError> {
        let hash = format!("{:032x}", self.hash(row)?);
        Ok(RowHash { id: row.id, rev: row.rev, hash })
    }
}

/// A digest while its rows come in, by id.
pub(crate) struct Digesting {
    hasher: Hasher,
    all: Xxh3,
    rows: u64,
    last_id: u64,
    to: Option<u64>,
    limit: u64,
}

impl Digesting {
    pub(crate) fn new(after: u64, to: Option<u64>, limit: usize) -> Self {
        let limit = if to.is_some() { u64::MAX } else { limit.max(1) as u64 };
        Self { hasher: Hasher::default(), all: Xxh3::new(), rows: 0, last_id: after, to, limit }
    }

    /// The last id that it can hold.
    pub(crate) fn end(&self) -> u64 {
        self.to.unwrap_or(MAX_ID)
    }

    /// Takes the next row; false where the chunk was full, and the row is not of it.
    pub(crate) fn take(&mut self, row: &RowRef<'_>) -> Result<bool, StoreError> {
        if self.rows == self.limit {
            return Ok(false);
        }
        self.all.update(&self.hasher.hash(row)?.to_le_bytes());
        self.rows += 1;
        self.last_id = row.id;
        Ok(true)
    }

    /// The digest, where a row comes after it or not.
    pub(crate) fn finish(self, position: Position, more: bool) -> Digest {
        let to = match self.to {
            Some(to) => to,
            None if more => self.last_id,
            None => MAX_ID,
        };
        let hash = format!("{:032x}", self.all.digest128());
        Digest { to, rows: self.rows, hash, position, last: !more }
    }
}
