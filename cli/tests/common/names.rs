//! The names of the board's collections and programs, for every test binary of this crate.

use std::iter;
use std::sync::LazyLock;

/// The collections of the board.
pub(crate) fn collections() -> impl Iterator<Item = &'static str> {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let collections = monolith::collections().into_iter();
        collections.map(|collection| collection.name.into_owned()).collect()
    });
    NAMES.iter().map(String::as_str)
}

/// The programs of the board: the monolith, and one for each of its collections.
pub(crate) fn programs() -> impl Iterator<Item = &'static str> {
    iter::once("monolith").chain(collections())
}
