//! One statement over all tables of a collection, in which rows exchange values.

/// What one table does in a statement over several.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// The rows that are present.
    pub(super) incoming: String,
    /// Deletes those that differ or are deleted.
    pub(super) gone: String,
    /// What that gives: the columns of the key.
    pub(super) returning: String,
    /// Makes those that are not there any more, or were not.
    pub(super) made: String,
    /// The number of the table.
    pub(super) number: i16,
}

/// The statement of these parts, in the order of the tables: those that others refer to come first. Each waits for the one
/// before it: it counts what that one changed.
pub(crate) fn exchange(parts: &[Exchange]) -> String {
    let mut all: Vec<_> = parts.iter().map(|part| part.incoming.clone()).collect();
    let mut before: Option<String> = None;
    let after = |before: &Option<String>| {
        before
            .as_ref()
            .map_or_else(String::new, |name| format!(" AND (SELECT count(*) FROM {name}) >= 0"))
    };
    for Exchange { gone, returning, number, .. } in parts.iter().rev() {
        all.push(format!("gone_{number} AS ({gone}{} RETURNING {returning})", after(&before)));
        before = Some(format!("gone_{number}"));
    }
    for Exchange { made, number, .. } in parts {
        all.push(format!("made_{number} AS ({made}{} RETURNING 1)", after(&before)));
        before = Some(format!("made_{number}"));
    }
    let last = before.unwrap_or_default();
    format!("WITH {} SELECT count(*) FROM {last}", all.join(", "))
}
