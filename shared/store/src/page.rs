//! Pages of a list, by keyset: page N costs what page 1 costs, and a row that was there when the
//! walk began is neither skipped nor given twice.
//!
//! What is written during a walk is met if its id lies ahead. On PostgreSQL ids are given out before
//! their transactions commit, so a row may appear behind a walk that has passed its id: to follow what
//! is written is the work of a feed, not of pages.

use models::Model;

use crate::Row;

/// A page ends early once its contents take this much, so that no request can ask for more memory.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Which rows to give.
#[derive(Clone, Copy, Debug)]
pub struct PageQuery {
    /// Only the rows that this filter of the table lets through: its place in the table's filters,
    /// and the id it looks for.
    pub filter: Option<(usize, u64)>,
    /// Where the page starts or ends; the list's beginning where there is none.
    pub cursor: Option<Cursor>,
    /// The page ends before the walk gets to this id.
    pub until: Option<u64>,
    /// The order of the rows.
    pub order: Order,
    /// The most rows, at least 1.
    pub limit: usize,
}

/// An edge of a page; the id itself is outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// The page starts after this id.
    After(u64),
    /// The page ends before this id.
    Before(u64),
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest id first.
    Ascending,
    /// Largest id first.
    Descending,
}

/// A page, and where the pages around it start.
#[derive(Clone, Debug)]
pub struct Page<M> {
    /// The rows, in the order asked for.
    pub rows: Vec<Row<M>>,
    /// The id after which the next page starts, where there is one.
    pub next: Option<u64>,
    /// The id before which the previous page ends, where there is one.
    pub prev: Option<u64>,
}

/// The direction in which an engine walks its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// Over larger ids.
    Up,
    /// Over smaller ids.
    Down,
}

impl Walk {
    pub(crate) fn back(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }

    /// The id from which walking this way meets `id` first.
    fn to_meet(self, id: u64) -> u64 {
        match self {
            Self::Up => id.saturating_sub(1),
            Self::Down => id.saturating_add(1).min(models::MAX_ID),
        }
    }
}

impl PageQuery {
    /// Which way to walk, and from which id (itself not met).
    pub(crate) fn walk(&self) -> (Walk, u64) {
        let forth = match self.order {
            Order::Ascending => Walk::Up,
            Order::Descending => Walk::Down,
        };
        match (self.cursor, forth) {
            (None, Walk::Up) => (forth, 0),
            (None, Walk::Down) => (forth, models::MAX_ID),
            (Some(Cursor::After(id)), _) => (forth, id),
            (Some(Cursor::Before(id)), _) => (forth.back(), id),
        }
    }

    /// Where rows that are met are collected.
    pub(crate) fn collect<M: Model>(&self) -> Met<M> {
        let (walk, _) = self.walk();
        Met { until: self.until.map(|id| (walk, id)), ..Met::new(self.limit) }
    }

    /// From which id to walk back to see whether anything lies behind the page that was met.
    ///
    /// A page between two ids has no page behind it: an edge of its own could not say where to stop.
    pub(crate) fn behind<M>(&self, met: &Met<M>) -> Option<u64> {
        self.cursor.filter(|_| self.until.is_none())?;
        let (walk, start) = self.walk();
        Some(met.rows.first().map_or_else(|| walk.back().to_meet(start), |row| row.id))
    }

    /// Turns what a walk met into the page that was asked for.
    pub(crate) fn page<M>(&self, met: Met<M>, behind: bool) -> Page<M> {
        let (walk, start) = self.walk();
        let Met { mut rows, more, .. } = met;
        let first = rows.first().map_or_else(|| walk.back().to_meet(start), |row| row.id);
        let onward = rows.last().filter(|_| more).map(|row| row.id);
        let backward = behind.then_some(first);
        match self.cursor {
            Some(Cursor::Before(_)) => {
                rows.reverse();
                Page { rows, next: backward, prev: onward }
            }
            Some(Cursor::After(_)) | None => Page { rows, next: onward, prev: backward },
        }
    }
}

/// The rows that a walk met, up to the page's limits.
pub(crate) struct Met<M> {
    pub(crate) rows: Vec<Row<M>>,
    /// Whether a row lies beyond the last one.
    pub(crate) more: bool,
    until: Option<(Walk, u64)>,
    limit: usize,
    bytes: usize,
}

/// What taking a row came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is on the page.
    Kept,
    /// The page was full, or ends here; the walk can stop.
    Full,
}

impl<M: Model> Met<M> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { rows: Vec::with_capacity(limit.min(128)), more: false, until: None, limit, bytes: 0 }
    }

    /// How many rows there still is room for, and one more to see whether there is one.
    pub(crate) fn wanted(&self) -> usize {
        self.limit - self.rows.len() + 1
    }

    /// Takes a row that holds `bytes`.
    pub(crate) fn take(&mut self, row: Row<M>, bytes: usize) -> Taken {
        let passed = |(walk, id): (Walk, u64)| match walk {
            Walk::Up => row.id >= id,
            Walk::Down => row.id <= id,
        };
        if self.until.is_some_and(passed) {
            return Taken::Full;
        }
        self.more = self.rows.len() == self.limit || self.bytes > MAX_PAGE_BYTES;
        if self.more {
            return Taken::Full;
        }
        self.bytes += bytes;
        self.rows.push(row);
        Taken::Kept
    }
}
