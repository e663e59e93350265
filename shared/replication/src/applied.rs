//! Applying a feed.

use std::num::NonZero;

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

/// At most so many rows a second. `None` is as fast as they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowRate(pub Option<NonZero<u32>>);
