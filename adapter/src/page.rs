//! What a reader of the feed gets.

use std::collections::BTreeMap;

use replication::Key;

use crate::session::Error;

/// A part of the feed, out of one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The changes after the cursor, in order.
    pub changes: Vec<Change>,
    /// Changes whose turn has not come: an older transaction is still running. They are given again when it has ended.
    pub ahead: Vec<Change>,
    /// Every transaction with a lower number has ended: nothing can be added before this place.
    pub horizon: u64,
    /// Whether there are more changes than the page has room for. Then `ahead` is empty.
    pub more: bool,
    /// Whether there are more changes ahead than the page has room for.
    pub more_ahead: bool,
    /// The columns of each table of the collection, as they were when the rows were read.
    pub columns: Vec<Vec<Column>>,
}

/// The last change of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The number of its transaction.
    pub position: u64,
    /// The key.
    pub key: Key,
    /// The number of its table in the collection.
    pub member: i16,
    /// The texts of the key's columns.
    pub columns: Vec<String>,
    /// The row as it is now; none if it is deleted.
    pub row: Option<Row>,
}

/// Why the feed cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// A statement failed.
    #[error(transparent)]
    Session(#[from] Error),
    /// Two rows have one key: the primary key of a table is not unique over the tables that inherit from it.
    #[error(
        "{table} has two rows with the key {key:?}: one of them is in a table that inherits from it"
    )]
    Twice {
        /// The table.
        table: String,
        /// The key.
        key: String,
    },
    /// The feed holds what the adapter did not write.
    #[error("the feed has a line that is none: {0}")]
    Unreadable(String),
}

/// A row: the text of each column, or none for NULL. Columns that are computed from others are left out.
pub type Row = BTreeMap<String, Option<String>>;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as SQL writes it, with its limits: `numeric(10,2)`.
    pub kind: String,
}
