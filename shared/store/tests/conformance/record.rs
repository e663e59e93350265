//! The record that the cases work with: threads, made unique by title for the sake of the cases.

use models::{Model, Thread};
use store::{Cells, Column, Filter, Record, StoreError, Table, Value};

pub(crate) struct Notes;

impl Record for Notes {
    type Content = Thread;

    const TABLE: Table = Table {
        name: "notes",
        columns: &[Column::text("title"), Column::id("owner")],
        unique: Some("title"),
        filters: &[Filter { path: "by-owner", column: "owner" }],
    };

    fn values(note: &Thread) -> Vec<Value<'_>> {
        vec![Value::Text(&note.title), Value::Id(note.created_by)]
    }

    fn content(cells: &mut dyn Cells) -> Result<Thread, StoreError> {
        Ok(Thread { title: cells.text()?, created_by: cells.id()? })
    }
}

pub(crate) fn note(title: &str, owner: u64) -> Thread {
    assert!(Thread::FIELDS.len() == 2, "a thread is a title and a user");
    Thread { title: title.to_owned(), created_by: owner }
}
