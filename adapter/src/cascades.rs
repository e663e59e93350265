//! The foreign keys that write to a collection when a row of another table changes.

use std::sync::Arc;

use crate::collection::Collection;
use crate::refusal::Refusal;
use crate::session::{Error, Session};
use crate::store_error::StoreError;

/// A foreign key of a table of the collection that follows deletes or changes of a key in another table. Those are refused
/// during a fence and after a handover, even if they find no row: `NO ACTION` and `RESTRICT` write nothing, and pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cascade {
    /// The other table, as SQL names it.
    pub parent: String,
    /// The table of the collection, as SQL names it.
    pub child: String,
    /// The name of the foreign key.
    pub constraint: String,
    /// What it does, as SQL writes it: `ON DELETE CASCADE`.
    pub action: String,
}

/// The foreign keys between these tables and others. A partition has a copy of the one above it, which is left out.
const CASCADES: &str = "SELECT c.confrelid::regclass::text, c.conrelid::regclass::text, c.conname::text, \
     trim(concat(CASE c.confdeltype WHEN 'c' THEN 'ON DELETE CASCADE ' WHEN 'n' THEN 'ON DELETE SET NULL ' \
     WHEN 'd' THEN 'ON DELETE SET DEFAULT ' END, CASE c.confupdtype WHEN 'c' THEN 'ON UPDATE CASCADE' \
     WHEN 'n' THEN 'ON UPDATE SET NULL' WHEN 'd' THEN 'ON UPDATE SET DEFAULT' END)) \
     FROM pg_constraint c WHERE c.contype = 'f' AND c.conparentid = 0 AND c.conrelid = ANY ($1::oid[]) \
     AND NOT c.confrelid = ANY ($1::oid[]) \
     AND (c.confdeltype IN ('c', 'n', 'd') OR c.confupdtype IN ('c', 'n', 'd')) ORDER BY 1, 2, 3";

/// The foreign keys of other tables that act on deletes in these.
const TAKES: &str = "SELECT c.conname::text, c.conrelid::regclass::text FROM pg_constraint c WHERE c.contype = 'f' \
     AND c.confrelid = ANY ($1::oid[]) AND NOT c.conrelid = ANY ($1::oid[]) AND c.confdeltype IN ('c', 'n', 'd') \
     ORDER BY 2, 1 LIMIT 1";

/// Refuses to empty a collection if rows of other tables went with its own, or were changed.
///
/// # Errors
/// [`StoreError::Kept`] names a foreign key that acts so.
pub(crate) async fn check_alone(
    session: &Session,
    collection: &Collection,
) -> Result<(), StoreError> {
    let rows = session.rows("reading the foreign keys", TAKES, &[&collection.oids()]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (constraint, table): (String, String) = (row.get(0), row.get(1));
    let reason = format!("the foreign key {constraint} would delete or change rows of {table}");
    let help = format!(
        "Drop it, repeat this, and make it again. Or keep the rows of {}.",
        collection.name
    );
    Err(StoreError::Kept(Arc::new(Refusal::new(reason).help(help))))
}

/// Reads them.
pub(crate) async fn cascades(
    session: &Session,
    collection: &Collection,
) -> Result<Vec<Cascade>, Error> {
    let rows = session.rows("reading the foreign keys", CASCADES, &[&collection.oids()]).await?;
    let cascades = rows.iter().map(|row| Cascade {
        parent: row.get(0),
        child: row.get(1),
        constraint: row.get(2),
        action: row.get(3),
    });
    Ok(cascades.collect())
}
