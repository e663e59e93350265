//! Which resources changed with which version of a shared state, so that a process that follows reads only those.
//!
//! A resource has one row, with the version of its last change that concerns the traffic. If the resource is not there any
//! more, the row says that it was deleted.

use journal::{Error, Transaction, values};
use serde::de::DeserializeOwned;

use crate::model::ModelChange;
use crate::resource::{Details, Resource, ResourceType};

pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS spaces_changes (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        version NUMBER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS spaces_changes_by_version ON spaces_changes (version);
";

/// How many versions are kept.
const KEPT: i64 = 1_000;
/// A process that is further behind reads everything. More versions are kept, since some may come before it has read.
pub(crate) const MOST_BEHIND: i64 = KEPT / 2;

/// Notes what changes with this version.
///
/// # Errors
/// What the engine says.
pub(crate) fn note(
    state: &Transaction<'_>,
    version: i64,
    changes: &[ModelChange],
) -> Result<(), Error> {
    let sql = "INSERT INTO spaces_changes (id, kind, version) VALUES (?1, ?2, ?3)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version";
    for (kind, id) in changes.iter().filter_map(concerned) {
        state.run(sql, values![id, kind.as_str(), version])?;
    }
    state.run("DELETE FROM spaces_changes WHERE version <= ?1", values![version - KEPT])
}

/// The resource that a change of the traffic is about.
fn concerned(change: &ModelChange) -> Option<(ResourceType, &String)> {
    match change {
        ModelChange::Application(resource) => Some((ResourceType::Application, &resource.id)),
        ModelChange::Service(resource) => Some((ResourceType::Service, &resource.id)),
        ModelChange::Route(resource) => Some((ResourceType::Route, &resource.id)),
        ModelChange::Delete(kind, id) => Some((*kind, id)),
        ModelChange::Environment(_)
        | ModelChange::Protection(_)
        | ModelChange::Policy(..)
        | ModelChange::ClientToken(..)
        | ModelChange::Answer(..) => None,
    }
}

/// What changed after a version, as it is now.
///
/// # Errors
/// If a document cannot be read.
pub(crate) fn since(state: &Transaction<'_>, version: i64) -> Result<Vec<ModelChange>, Error> {
    let sql = "SELECT c.id, c.kind, coalesce(r.document, '') FROM spaces_changes AS c
        LEFT JOIN spaces_resources AS r ON r.id = c.id WHERE c.version > ?1";
    state.all(sql, values![version], |row| {
        let (id, kind, document) = (row.text(0)?, row.text(1)?, row.text(2)?);
        let kind = serde_json::from_value(kind.into())?;
        if document.is_empty() {
            return Ok(ModelChange::Delete(kind, id));
        }
        Ok(match kind {
            ResourceType::Environment => ModelChange::Environment(read(&document)?),
            ResourceType::Application => ModelChange::Application(read(&document)?),
            ResourceType::Service => ModelChange::Service(read(&document)?),
            ResourceType::Route => ModelChange::Route(read(&document)?),
        })
    })
}

fn read<D: Details + DeserializeOwned>(document: &str) -> Result<Resource<D>, Error> {
    Ok(serde_json::from_str(document)?)
}
