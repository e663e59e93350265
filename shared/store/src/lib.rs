//! Collections on SQLite or PostgreSQL: one contract, two engines, chosen by a URL.
//!
//! A [`Collection`](models::Collection) says what its rows hold; a [`Store`] keeps the rows of any collection. What is
//! answered is on disk. No SQL and no driver type leaves this crate.
//!
//! ```
//! use std::sync::Arc;
//!
//! use models::{Alphabet, Cell, Collection, Field};
//! use store::{Database, Store};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let database = Database::Sqlite(folder.path().join("notes.db"));
//! let title = Field::text("title", 1..=200, Alphabet::Line);
//! let notes = Arc::new(Collection::new("notes", "note", [title]));
//! let store = Store::open(&database, &[Arc::clone(&notes)], 1).await?;
//!
//! let created = store.insert(&notes, vec![Cell::Text("Party".into())], None).await?;
//! let row = store.get(&notes, created.id).await?;
//! assert_eq!(row.map(|row| row.cells), Some(vec![Cell::Text("Party".into())]));
//! # Ok(())
//! # }
//! ```

mod database_url;
mod digest;
mod error;
mod move_error;
mod outcome;
mod page;
mod row;
mod store;
mod table;
mod write;

mod assemble;
mod crash_point;
mod place;
mod sql;
mod stored;
mod value;

mod postgres;
mod sqlite;

pub use ::postgres::{PostgresUrl, UrlError};
pub use database_url::Database;
pub use error::{OpenError, StoreError};
pub use move_error::MoveError;
pub use outcome::{Late, in_time};
pub use page::{Cursor, MAX_PAGE_BYTES, Order, Page, PageQuery};
pub use replication::{
    Applied, BlockingTransaction, Changes, Digest, Entry, FeedCursor, FeedRow, Fence, Followed,
    FollowerSeen, Handover, Hashes, Heard, IdempotencyRecord, Key, MAX_FEED_BYTES, MAX_FENCE,
    MIN_TOMBSTONE_AGE, Ownership, Peer, Position, Role, RowHash, RowRate,
};
pub use row::{Row, Shown};
pub use sqlite::Snapshot;
pub use store::Store;
pub use write::{Change, Created, IDEMPOTENCY_HOURS, Idempotency, Precondition};
