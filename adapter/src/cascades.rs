//! The foreign keys that write to a collection when a row of another table changes.

use crate::collection::Collection;
use crate::session::{Error, Session};

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

/// Reads them.
pub(crate) async fn cascades(
    session: &Session,
    collection: &Collection,
) -> Result<Vec<Cascade>, Error> {
    let relations = collection.members.iter().flat_map(|member| &member.relations);
    let oids: Vec<u32> = relations.map(|relation| relation.oid).collect();
    let rows = session.rows("reading the foreign keys", CASCADES, &[&oids]).await?;
    let cascades = rows.iter().map(|row| Cascade {
        parent: row.get(0),
        child: row.get(1),
        constraint: row.get(2),
        action: row.get(3),
    });
    Ok(cascades.collect())
}
