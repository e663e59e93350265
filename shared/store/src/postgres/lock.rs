//! The lock of a collection: shared by its writes, and held alone by a step that changes its primary.

use xxhash_rust::xxh3::xxh3_64;

use crate::sql::Statements;

pub(super) const SHARED: &str = "SELECT pg_advisory_xact_lock_shared($1)";
pub(super) const ALONE: &str = "SELECT pg_advisory_xact_lock($1)";

/// Takes the shared side, and notes that in the transaction: `checked_insert` does nothing without the note.
pub(super) fn note_shared(statements: &Statements) -> String {
    let (number, name) = (lock_number(statements), &statements.collection.name);
    format!(
        "SELECT pg_advisory_xact_lock_shared({number}), set_config('banyan.locked', '{name}', TRUE)"
    )
}

/// The number of a collection's lock among the advisory locks of a database.
pub(super) fn lock_number(statements: &Statements) -> i64 {
    let name = format!("banyan ownership of {}", statements.collection.name);
    xxh3_64(name.as_bytes()).cast_signed()
}
