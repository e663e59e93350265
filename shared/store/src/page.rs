//! Pages of a list, by keyset: page N costs what page 1 costs, and a row that was there when the
//! walk began is neither skipped nor given twice.
//!
//! What is written during a walk is met if its id lies ahead. On PostgreSQL ids are given out before
//! their transactions commit, so a row may appear behind a walk that has passed its id: to follow what
//! is written is the work of a feed, not of pages.

use models::View;

use crate::StoreError;
use crate::row::RowRef;

/// A page ends early once its contents take this much, so that no request can ask for more memory.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Which rows to give.
#[derive(Clone, Copy, Debug)]
pub struct PageQuery {
    /// Only the rows that this filter of the table lets through: its place in the table's filters,
    /// and the id it looks for.
    pub filter: Option<(usize, u64)>,
    /// The edge of the page. Without one the page starts at the beginning of the list.
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

/// A page, and the edges of the pages around it.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rows in the order asked for: a JSON array.
    pub body: Vec<u8>,
    /// How many rows there are.
    pub rows: usize,
    /// The id after which the next page starts, if there is one.
    pub next: Option<u64>,
    /// The id before which the previous page ends, if there is one.
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

    /// Collects the rows that are met, in this view.
    pub(crate) fn collect(&self, view: View) -> Met {
        let (walk, _) = self.walk();
        Met { until: self.until.map(|id| (walk, id)), ..Met::new(self.limit, view) }
    }

    /// From which id to walk back to see whether anything lies behind the page that was met.
    ///
    /// A page between two ids has no page behind it: its own edge could not say when to stop.
    pub(crate) fn behind(&self, met: &Met) -> Option<u64> {
        self.cursor.filter(|_| self.until.is_none())?;
        let (walk, start) = self.walk();
        Some(met.first.unwrap_or_else(|| walk.back().to_meet(start)))
    }

    /// Turns what a walk met into the page that was asked for.
    pub(crate) fn page(&self, met: Met, behind: bool) -> Page {
        let (walk, start) = self.walk();
        let first = met.first.unwrap_or_else(|| walk.back().to_meet(start));
        let onward = met.last.filter(|_| met.more);
        let backward = behind.then_some(first);
        let rows = met.ends.len();
        match self.cursor {
            Some(Cursor::Before(_)) => {
                Page { body: met.backwards(), rows, next: backward, prev: onward }
            }
            Some(Cursor::After(_)) | None => {
                Page { body: met.forwards(), rows, next: onward, prev: backward }
            }
        }
    }
}

/// The rows that a walk met, up to the page's limits.
pub(crate) struct Met {
    /// The rows as JSON, each with a comma after it.
    json: Vec<u8>,
    /// The end of each row, behind its comma.
    ends: Vec<usize>,
    first: Option<u64>,
    last: Option<u64>,
    /// Whether a row lies beyond the last one.
    more: bool,
    until: Option<(Walk, u64)>,
    limit: usize,
    bytes: usize,
    view: View,
}

/// What taking a row came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowTaken {
    /// It is on the page.
    Kept,
    /// The page was full, or ends here; the walk can stop.
    Full,
}

impl Met {
    pub(crate) fn new(limit: usize, view: View) -> Self {
        let room = limit.min(128);
        let mut json = Vec::with_capacity(room * 128);
        json.push(b'[');
        Self {
            json,
            ends: Vec::with_capacity(room),
            first: None,
            last: None,
            more: false,
            until: None,
            limit,
            bytes: 0,
            view,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many rows there still is room for, and one more to see whether there is one.
    pub(crate) fn wanted(&self) -> usize {
        self.limit - self.ends.len() + 1
    }

    /// Takes a row.
    pub(crate) fn take(&mut self, row: &RowRef<'_>) -> Result<RowTaken, StoreError> {
        let passed = |(walk, id): (Walk, u64)| match walk {
            Walk::Up => row.id >= id,
            Walk::Down => row.id <= id,
        };
        if self.until.is_some_and(passed) {
            return Ok(RowTaken::Full);
        }
        self.more = self.ends.len() == self.limit || self.bytes > MAX_PAGE_BYTES;
        if self.more {
            return Ok(RowTaken::Full);
        }
        self.bytes += row.bytes()?;
        row.write(self.view, &mut self.json)?;
        self.json.push(b',');
        self.ends.push(self.json.len());
        self.first.get_or_insert(row.id);
        self.last = Some(row.id);
        Ok(RowTaken::Kept)
    }

    /// The array of the rows, as they were met.
    fn forwards(mut self) -> Vec<u8> {
        if self.is_empty() {
            self.json.push(b']');
        } else if let Some(comma) = self.json.last_mut() {
            *comma = b']';
        }
        self.json
    }

    /// The array of the rows, the last that was met first.
    fn backwards(self) -> Vec<u8> {
        let mut json = Vec::with_capacity(self.json.len() + 1);
        json.push(b'[');
        let starts = [1].into_iter().chain(self.ends.iter().copied());
        for (start, end) in
            starts.zip(self.ends.iter().copied()).collect::<Vec<_>>().into_iter().rev()
        {
            json.extend_from_slice(&self.json[start..end]);
        }
        Self { json, ..self }.forwards()
    }
}
