//! What is asked of a table before a page is applied to it.

use super::{Settable, Source, Target};
use crate::key::names;

impl Target<'_> {
    /// Finds a row of those that a page deletes: a list of texts for each column of the key.
    pub(crate) fn finds_deleted(&self) -> String {
        format!(
            "SELECT 1 FROM {} t JOIN ({}) d ON ROW({}) = ROW({}) LIMIT 1",
            self.member.sql(),
            self.gone(Source::Page, 1),
            names(&self.member.key, "t."),
            names(&self.member.key, "d.")
        )
    }

    /// Finds a value of a page that its column would change: gives the number of the row, from 1, and that of the column,
    /// from 0. A list of texts for each column.
    pub(crate) fn changed(&self) -> String {
        let checked = self.columns.iter().enumerate().filter(|(_, column)| !column.is_name);
        // What `format` writes is what the type's output function does; a cast to a text may write another one.
        let cases = checked.map(|(n, Settable { kind, .. })| {
            format!("WHEN pg_catalog.format('%s', (v.c{n})::{kind}) <> v.c{n} THEN {n}")
        });
        let cases = cases.collect::<Vec<_>>().join(" ");
        let count = self.columns.len();
        let arrays = (1..=count).map(|place| format!("${place}::text[]"));
        let arrays = arrays.collect::<Vec<_>>().join(", ");
        let names = (0..count).map(|n| format!("c{n}")).collect::<Vec<_>>().join(", ");
        format!(
            "SELECT n, place FROM (SELECT v.n, CASE {cases} END AS place \
             FROM unnest({arrays}) WITH ORDINALITY AS v ({names}, n)) found WHERE place IS NOT NULL LIMIT 1"
        )
    }
}
