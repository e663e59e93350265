//! Records on SQLite or PostgreSQL: one contract, two engines, chosen by a URL.
//!
//! A [`Record`] says its table once; a [`Store`] keeps rows of any record. What is answered is on
//! disk. No SQL and no driver type leaves this crate.

mod database_url;
mod error;
mod page;
mod record;
mod row;
mod store;
mod write;

mod sql;

mod postgres;
mod sqlite;

#[cfg(test)]
mod plans;

pub use database_url::{Database, PostgresUrl, UrlError};
pub use error::{OpenError, StoreError};
pub use page::{Cursor, MAX_PAGE_BYTES, Order, Page, PageQuery};
pub use record::{Cells, Column, ColumnType, Filter, Record, Table, Value};
pub use row::Row;
pub use store::Store;
pub use write::{Change, Created, IDEMPOTENCY_HOURS, Idempotency, Precondition};
