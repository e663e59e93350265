//! The collection that the cases work with, made unique by title for the sake of the cases.

use std::sync::{Arc, LazyLock};

use models::{Alphabet, Cell, Collection, Content, Field, USERS};

pub(crate) static NOTES: LazyLock<Arc<Collection>> = LazyLock::new(|| {
    let fields = [
        Field::text("title", 1..=200, Alphabet::Line).unique(),
        Field::reference("createdBy", USERS).column("owner").filter("by-owner"),
    ];
    Arc::new(Collection::new("notes", "note", fields))
});

pub(crate) fn note(title: &str, owner: u64) -> Vec<Cell> {
    assert!(NOTES.fields.len() == 2, "a note is a title and a user");
    vec![Cell::Text(title.to_owned()), Cell::Id(owner)]
}

/// The title in a note's cells.
pub(crate) fn title(cells: &[Cell]) -> &str {
    match cells {
        [Cell::Text(title), Cell::Id(_)] => title,
        other => panic!("{other:?} is no note"),
    }
}

/// A change that gives a note another title.
pub(crate) fn renamed(title: &str) -> store::Change {
    let title = title.to_owned();
    Box::new(move |present| Ok(vec![Cell::Text(title), present[1].clone()]))
}

/// A note as it travels through a feed.
pub(crate) fn content(cells: &[Cell]) -> Content {
    let mut json = Vec::new();
    let cells = cells.iter().map(|cell| Ok::<_, ()>(cell.as_ref()));
    NOTES.write_content(cells, &mut json).unwrap();
    Content::try_from(String::from_utf8(json).unwrap()).unwrap()
}
