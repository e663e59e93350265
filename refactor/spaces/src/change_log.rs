//! Which resources changed with which version of a shared state, so that a process that follows reads only those.
//!
//! A resource has one row, with the version of its last change that concerns the traffic. If the resource is not there any
//! more, the row says that it was deleted. Each version has a row of its own: without it, a leader that keeps no log made that
//! version, and what it changed is not known.

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

/// The kind of a row that says that a version was noted.
const NOTED: &str = "";

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
    state.run(sql, values![format!("version {version}"), NOTED, version])?;
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

/// What changed after a version, as it is now; nothing if not every version up to `to` was noted.
///
/// # Errors
/// If a document cannot be read.
pub(crate) fn between(
    state: &Transaction<'_>,
    from: i64,
    to: i64,
) -> Result<Option<Vec<ModelChange>>, Error> {
    let sql =
        "SELECT count(*) FROM spaces_changes WHERE kind = ?1 AND version > ?2 AND version <= ?3";
    let noted = state.one(sql, values![NOTED, from, to], |row| row.number(0))?;
    if noted != Some(to - from) {
        return Ok(None);
    }
    let sql = "SELECT c.id, c.kind, coalesce(r.document, '') FROM spaces_changes AS c
        LEFT JOIN spaces_resources AS r ON r.id = c.id
        WHERE c.version > ?1 AND c.kind <> ?2";
    let changes = state.all(sql, values![from, NOTED], |row| {
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
    })?;
    Ok(Some(changes))
}

fn read<D: Details + DeserializeOwned>(document: &str) -> Result<Resource<D>, Error> {
    Ok(serde_json::from_str(document)?)
}

#[cfg(test)]
mod tests {
    use journal::{Error, Journal};

    use super::{between, note};
    use crate::model::ModelChange;
    use crate::resource::ResourceType;

    #[test]
    fn the_log_says_nothing_of_versions_that_were_not_noted() {
        let folder = tempfile::tempdir().unwrap();
        let state = Journal::open(folder.path()).unwrap();
        crate::journal::SpacesJournal::open(state.clone()).unwrap();
        let noted = |version, ids: &[&str]| {
            let delete = |id: &&str| ModelChange::Delete(ResourceType::Route, (*id).to_owned());
            let changes: Vec<_> = ids.iter().map(delete).collect();
            state.write(|state| note(state, version, &changes)).unwrap();
        };
        let count = |from, to| {
            let found = state.read(|state| between(state, from, to)).map_err(|error: Error| error);
            found.unwrap().map(|changes| changes.len())
        };
        noted(1, &["one"]);
        noted(2, &[]);
        noted(4, &["two"]);
        assert_eq!((count(0, 1), count(0, 2), count(1, 2)), (Some(2), Some(2), Some(1)));
        assert_eq!((count(2, 4), count(2, 3), count(0, 4)), (None, None, None));
        noted(5, &["one", "three"]);
        assert_eq!((count(4, 5), count(3, 5), count(1, 5)), (Some(2), Some(3), None));
    }
}
