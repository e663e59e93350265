//! Fingerprints of rows, the same for the same rows whichever engine keeps them.

use models::MAX_ID;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::row::RowRef;
use crate::{Digest, Hashes, Key, Position, RowHash, StoreError};

/// Makes fingerprints of rows, one after the other.
#[derive(Default)]
struct Hasher {
    bytes: Vec<u8>,
}

impl Hasher {
    fn hash(&mut self, row: &RowRef<'_>) -> Result<u128, StoreError> {
        self.bytes.clear();
        self.bytes.extend(Key::number(row.id).as_str().as_bytes());
        // Not a part of any key.
        self.bytes.push(0xff);
        self.bytes.extend(row.rev.to_le_bytes());
        for time in [row.created_at, row.updated_at] {
            self.bytes.extend(time.unix_ms.to_le_bytes());
        }
        row.write_content(&mut self.bytes)?;
        Ok(xxh3_128(&self.bytes))
    }
}

/// The fingerprints of rows while these come in.
#[derive(Default)]
pub(crate) struct Hashing {
    hasher: Hasher,
    rows: Vec<RowHash>,
}

impl Hashing {
    pub(crate) fn take(&mut self, row: &RowRef<'_>) -> Result<(), StoreError> {
        let hash = format!("{:032x}", self.hasher.hash(row)?);
        self.rows.push(RowHash { key: Key::number(row.id), rev: row.rev, hash });
        Ok(())
    }

    pub(crate) fn finish(self, position: Position) -> Hashes {
        Hashes { position, rows: self.rows }
    }
}

/// A digest while its rows come in, by id.
pub(crate) struct Digesting {
    hasher: Hasher,
    all: Xxh3,
    rows: u64,
    last: Option<u64>,
    to: Option<u64>,
    limit: u64,
}

impl Digesting {
    pub(crate) fn new(to: Option<u64>, limit: usize) -> Self {
        let limit = if to.is_some() { u64::MAX } else { limit.max(1) as u64 };
        Self { hasher: Hasher::default(), all: Xxh3::new(), rows: 0, last: None, to, limit }
    }

    /// The last id that it can hold.
    pub(crate) fn end(&self) -> u64 {
        self.to.unwrap_or(MAX_ID)
    }

    /// Takes the next row. False if the chunk was full: then the row is not part of it.
    pub(crate) fn take(&mut self, row: &RowRef<'_>) -> Result<bool, StoreError> {
        if self.rows == self.limit {
            return Ok(false);
        }
        self.all.update(&self.hasher.hash(row)?.to_le_bytes());
        self.rows += 1;
        self.last = Some(row.id);
        Ok(true)
    }

    /// The digest, if a row comes after it or not; `end` is the last id of all.
    pub(crate) fn finish(self, position: Position, more: bool, end: Option<u64>) -> Digest {
        let hash = format!("{:032x}", self.all.digest128());
        let (to, end) = (self.last.map(Key::number), end.map(Key::number));
        Digest { to, rows: self.rows, hash, position, last: !more, end }
    }
}
