//! What is installed, and whether all of it is as it must be.

use std::fmt;

use crate::cascades::{Cascade, cascades};
use crate::collection::{Collection, CollectionName, Wanted};
use crate::inspect::inspect;
use crate::objects::Objects;
use crate::present::{missing, present};
use crate::refusal::Refusal;
use crate::session::{Error, Session};

/// What is installed of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The path that it was installed for.
    pub path: String,
    /// The collection; none if its tables are not as they were.
    pub collection: Option<Collection>,
    /// What is wrong. Nothing may be moved before it is mended.
    pub faults: Vec<Fault>,
    /// The foreign keys whose actions a fence refuses.
    pub cascades: Vec<Cascade>,
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The installation was interrupted.
    Installing,
    /// The removal was interrupted.
    Removing,
    /// A table changed so that it cannot be followed any more.
    Table(Refusal),
    /// The key of a table is another one now.
    Key {
        /// The table.
        table: String,
    },
    /// The table has another name than it was installed under: another table may have that name now, without a fence.
    Renamed {
        /// The table.
        table: String,
        /// The name that it was installed under.
        from: String,
    },
    /// A table does not have a trigger, or not as it must be: writes could pass by.
    Trigger {
        /// The table.
        table: String,
        /// The trigger.
        trigger: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installing => f.write_str("the installation was interrupted"),
            Self::Removing => f.write_str("the removal was interrupted"),
            Self::Table(refusal) => refusal.fmt(f),
            Self::Key { table } => write!(f, "{table} has another primary key now"),
            Self::Renamed { table, from } => write!(
                f,
                "{table} was {from} when it was installed; a table that has this name now is not fenced: run adapter \
                 remove, then adapter install"
            ),
            Self::Trigger { table, trigger } => {
                write!(
                    f,
                    "{table} lacks the trigger {trigger}, or it is disabled: writes could pass by"
                )
            }
        }
    }
}

/// What is installed of a collection; none if nothing is.
///
/// # Errors
/// If the database does not say.
pub async fn status(
    session: &Session,
    schema: &str,
    name: &CollectionName,
) -> Result<Option<Status>, Error> {
    let Some(record) = present(session, schema, name).await?.collection else { return Ok(None) };
    let mut faults = Vec::new();
    match &*record.state {
        "installing" => faults.push(Fault::Installing),
        "removing" => faults.push(Fault::Removing),
        _ => {}
    }
    let wanted = Wanted {
        schema: schema.to_owned(),
        name: name.clone(),
        path: record.path.clone(),
        tables: record.members.iter().map(|noted| noted.table.clone()).collect(),
        keys: Vec::new(),
    };
    let collection = match inspect(session, &wanted).await {
        Ok(collection) => collection,
        Err(Error::Refused(refusal)) => {
            faults.push(Fault::Table(refusal));
            return Ok(Some(Status {
                path: record.path,
                collection: None,
                faults,
                cascades: Vec::new(),
            }));
        }
        Err(error) => return Err(error),
    };
    for (member, noted) in collection.members.iter().zip(&record.members) {
        if !member.key.iter().map(|column| &column.name).eq(&noted.key) {
            faults.push(Fault::Key { table: member.sql() });
        }
        if member.sql() != noted.named {
            faults.push(Fault::Renamed { table: member.sql(), from: noted.named.clone() });
        }
    }
    for (relation, triggers) in missing(session, &collection).await? {
        faults.extend(triggers.iter().map(|trigger| Fault::Trigger {
            table: relation.sql(),
            trigger: trigger.name.to_owned(),
        }));
    }
    let cascades = cascades(session, &collection).await?;
    Ok(Some(Status { path: record.path, collection: Some(collection), faults, cascades }))
}

/// The names of the collections that are installed in a schema.
///
/// # Errors
/// If the database does not say.
pub async fn installed(session: &Session, schema: &str) -> Result<Vec<CollectionName>, Error> {
    let objects = Objects::of(schema, "");
    let any = "collections".parse().map_err(|error| Refusal::new(format!("{error}")))?;
    if !present(session, schema, &any).await?.ours {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT name FROM {} ORDER BY name", objects.collections());
    let rows = session.rows("reading what is installed", &sql, &[]).await?;
    // A name that is none was not written by the adapter.
    Ok(rows.iter().filter_map(|row| row.get::<_, String>(0).parse().ok()).collect())
}
