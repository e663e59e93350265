//! Installing a collection.

use crate::collection::{Collection, Wanted};
use crate::fill::fill;
use crate::objects::Objects;
use crate::plan::{Plan, make};
use crate::session::{Error, Session};

/// What an installation did.
#[derive(Clone, Debug)]
pub struct Installed {
    /// The collection as it stands.
    pub collection: Collection,
    /// How many tables got triggers. 0 if all had them.
    pub tables: usize,
    /// Whether rows were read again because triggers were missing for a while.
    pub again: bool,
    /// How many keys it read into the feed.
    pub keys: u64,
}

/// Makes the fence and the feed of a collection, in these steps:
///
/// 1. In one transaction: the schema, its tables and its functions. It locks no table of the application.
/// 2. For each table of the collection, in one transaction: its triggers. It waits for the writers that run. No writer waits
///    longer than a second for it.
/// 3. In portions: the keys of all rows go into the feed, while the application writes.
///
/// If it is interrupted, the application goes on, and both this and [`remove`](crate::remove()) can be run again.
///
/// # Errors
/// [`Error::Refused`] if a table cannot be followed: then nothing was changed. Otherwise the steps that were done stay.
pub async fn install(session: &Session, wanted: &Wanted) -> Result<Installed, Error> {
    let Plan { collection, begin, tables, again } = make(session, wanted).await?;
    let objects = Objects::of(&wanted.schema, wanted.name.as_str());
    session.transaction("making the schema", &begin).await?;
    for (relation, statements) in &tables {
        let (tables, what) =
            ([relation.sql()], format!("making the triggers of {}", relation.sql()));
        let lock = (&tables[..], "SHARE ROW EXCLUSIVE");
        session.brief_transaction(&what, lock, statements).await?;
    }
    let keys = fill(session, &collection).await?;
    let done = format!(
        "UPDATE {} SET state = 'installed' WHERE name = {} AND state = 'installing'",
        objects.collections(),
        objects.name()
    );
    session.batch("ending the installation", &done).await?;
    Ok(Installed { collection, tables: tables.len(), again, keys })
}
