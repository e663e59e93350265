//! How threads are kept.

use models::Thread;
use store::{Cells, Column, Record, StoreError, Table, Value};

/// The collection of threads.
pub struct Threads;

impl Record for Threads {
    type Content = Thread;

    const TABLE: Table = Table {
        name: "threads",
        columns: &[Column::text("title"), Column::id("created_by")],
        unique: None,
        filters: &[],
    };

    fn values(thread: &Thread) -> Vec<Value<'_>> {
        vec![Value::Text(&thread.title), Value::Id(thread.created_by)]
    }

    fn content(cells: &mut dyn Cells) -> Result<Thread, StoreError> {
        Ok(Thread { title: cells.text()?, created_by: cells.id()? })
    }
}
