//! Putting a page of the feed together out of rows and marks.

use models::{Collection, Content, Timestamp};
use replication::{Document, Key, heard};

use crate::place::FeedPlace;
use crate::row::{Columns, RowRef};
use crate::{BlockingTransaction, Changes, Entry, FeedRow, MAX_FEED_BYTES, StoreError};

/// An entry and its place.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) at: FeedPlace,
    pub(crate) entry: Entry<Content>,
}

impl Placed {
    /// Reads what the feed's statements select: place, deleted, and the row. Gives how many bytes it holds, too.
    pub(crate) fn row(
        collection: &Collection,
        columns: &dyn Columns,
    ) -> Result<(Self, usize), StoreError> {
        let position = columns.unsigned(0)?;
        let deleted = columns.integer(1)? != 0;
        let row = RowRef::read(collection, columns, 2)?;
        let bytes = row.bytes()? + 2 * size_of::<i64>();
        let content = if deleted { None } else { Some(content(&row, bytes)?) };
        let RowRef { id, rev, created_at, updated_at, .. } = row;
        let (created_ms, updated_ms) = (created_at.unix_ms, updated_at.unix_ms);
        let idempotency = Vec::new();
        let row =
            FeedRow { key: Key::number(id), rev, created_ms, updated_ms, content, idempotency };
        Ok((Self { at: FeedPlace { position, id }, entry: Entry::Row(row) }, bytes))
    }

    /// Reads a mark as it is kept.
    pub(crate) fn mark(position: u64, content: &str) -> Result<Self, StoreError> {
        let entry = serde_json::from_str(content).map_err(StoreError::failed)?;
        Ok(Self { at: FeedPlace { position, id: 0 }, entry })
    }
}

fn content(row: &RowRef<'_>, bytes: usize) -> Result<Content, StoreError> {
    let mut json = Vec::with_capacity(bytes + 64);
    row.write_content(&mut json)?;
    let json = String::from_utf8(json).map_err(StoreError::failed)?;
    Content::try_from(json).map_err(StoreError::failed)
}

/// A mark as it is kept.
pub(crate) fn mark(entry: &Entry<Content>) -> Result<(&'static str, String), StoreError> {
    let kind = match entry {
        Entry::Row(_) => "row",
        Entry::Heartbeat { .. } => "heartbeat",
        Entry::Handover(_) => "handover",
    };
    serde_json::to_string(entry).map(|content| (kind, content)).map_err(StoreError::failed)
}

/// The entries of a page while they are collected: rows first, in order, then the marks.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) entries: Vec<Placed>,
    /// Whether there are more entries than the page has room for.
    pub(crate) more: bool,
    /// Rows that are given before it is their turn.
    ahead: Vec<Placed>,
    /// Whether there are others whose turn has not come.
    hidden: bool,
    limit: usize,
    bytes: usize,
}

impl Collected {
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.max(1);
        let entries = Vec::with_capacity(limit.min(1_024));
        Self { entries, more: false, ahead: Vec::new(), hidden: false, limit, bytes: 0 }
    }

    /// How many rows there is room for, and one more to see whether there is one.
    pub(crate) fn wanted(&self) -> usize {
        self.limit.saturating_add(1) - self.entries.len() - self.ahead.len()
    }

    /// Takes a row that holds `bytes`. False if the page was full.
    pub(crate) fn take(&mut self, row: Placed, bytes: usize) -> bool {
        self.more = self.entries.len() == self.limit || self.bytes > MAX_FEED_BYTES;
        if !self.more {
            self.bytes += bytes;
            self.entries.push(row);
        }
        !self.more
    }

    /// Adds the marks, each in its place.
    pub(crate) fn add_marks(&mut self, marks: impl IntoIterator<Item = Placed>) {
        // If the page is full, rows that it does not hold may come before a mark.
        let end = self.entries.last().filter(|_| self.more).map(|last| last.at);
        let within = |mark: &Placed| end.is_none_or(|end| mark.at < end);
        self.entries.extend(marks.into_iter().filter(within));
        self.entries.sort_by_key(|placed| placed.at);
        self.more |= self.entries.len() > self.limit;
        self.entries.truncate(self.limit);
    }

    /// Takes a row that holds `bytes` and whose turn has not come: its older change, whose turn has come, is not
    /// stored any more. It is given again when it is its turn. False if there is no room for all such rows: then
    /// the page has none of them, and promises nothing.
    pub(crate) fn take_ahead(&mut self, row: Placed, bytes: usize) -> bool {
        self.hidden = self.wanted() == 1 || self.bytes > MAX_FEED_BYTES;
        if self.hidden {
            self.ahead.clear();
        } else {
            self.bytes += bytes;
            self.ahead.push(row);
        }
        !self.hidden
    }

    /// The rows with their ids, to be given their idempotency keys.
    pub(crate) fn rows(&mut self) -> impl Iterator<Item = (u64, &mut FeedRow<Content>)> {
        self.entries.iter_mut().chain(&mut self.ahead).filter_map(|placed| {
            match &mut placed.entry {
                Entry::Row(row) => Some((placed.at.id, row)),
                Entry::Heartbeat { .. } | Entry::Handover(_) => None,
            }
        })
    }

    /// The page. One that is not full has all that there is up to `whole`.
    pub(crate) fn page(self, after: FeedPlace, whole: u64, end: PageEnd) -> Changes<Content> {
        let PageEnd { document, run, latest, now, blocked_by } = end;
        let promises = !self.more && !self.hidden;
        let cursor = if promises {
            after.max(FeedPlace::all(whole))
        } else {
            self.entries.last().map_or(after, |last| last.at)
        };
        Changes {
            store: document.store,
            lineage: document.lineage,
            role: document.role,
            epoch: document.epoch,
            heard: Some(heard(&run, latest)),
            run,
            entries: self
                .entries
                .into_iter()
                .chain(self.ahead)
                .map(|placed| placed.entry)
                .collect(),
            cursor: cursor.into(),
            covered: if promises { whole } else { 0 },
            latest,
            revs_above: document.revs_above,
            more: self.more,
            now_ms: now.unix_ms,
            blocked_by,
        }
    }
}

/// What a page says besides its entries.
#[derive(Debug)]
pub(crate) struct PageEnd {
    pub(crate) document: Document,
    pub(crate) run: String,
    pub(crate) latest: u64,
    pub(crate) now: Timestamp,
    pub(crate) blocked_by: Option<BlockingTransaction>,
}
