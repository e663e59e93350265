//! The rows of a copy: for its readers, and as hashes.

use actix_web::web::Query;
use replication::{Digest, DigestQuery, Hashes, HashesQuery, Key, RowHash};
use serde_json::json;
use std::collections::BTreeMap;

use super::Answer;
use super::copy::Copy;

/// What the readers of the collection get.
pub(super) fn read(copy: &Copy, rest: &str, query: &str) -> Answer {
    let shown = |(id, (_, name)): (&u64, &(u64, String))| json!({ "id": id, "name": name });
    if let Some(id) = rest.strip_prefix('/') {
        let found = id.parse().ok().and_then(|id: u64| copy.rows.get_key_value(&id));
        return found.map(shown).ok_or((None, format!("no user has the id {id}")));
    }
    let query = Query::<BTreeMap<String, String>>::from_query(query).unwrap();
    let limit = query.get("limit").map_or(100, |limit| limit.parse().unwrap());
    let rows: Vec<_> = copy.rows.iter().rev().take(limit).map(shown).collect();
    Ok(json!(rows))
}

pub(super) fn digest(copy: &Copy, query: &DigestQuery) -> Digest {
    let limit = query.limit.unwrap_or(10_000);
    let rows = copy.rows.range(id(query.after.as_ref()) + 1..);
    let last = rows.clone().count() <= limit;
    let rows: Vec<_> = rows.take(limit).collect();
    let key = |row: Option<(&u64, _)>| row.map(|(id, _)| Key::number(*id));
    let (to, end) = (key(rows.last().copied()), key(copy.rows.last_key_value()));
    let (position, hash) = (copy.covered(), format!("{rows:?}"));
    Digest { to, rows: rows.len() as u64, hash, position, last, end }
}

pub(super) fn hashes(copy: &Copy, query: &HashesQuery) -> Hashes {
    let rows = match query.recent {
        Some(count) => copy.rows.iter().rev().take(count).map(hash).collect(),
        None => {
            let (after, to) = (id(query.after.as_ref()), id(query.to.as_ref()));
            copy.rows.range(after + 1..=to).map(hash).collect()
        }
    };
    Hashes { rows, position: copy.covered() }
}

pub(super) fn named(copy: &Copy, keys: &[Key]) -> Hashes {
    let rows = keys.iter().filter_map(|key| copy.rows.get_key_value(&id(Some(key))));
    Hashes { rows: rows.map(hash).collect(), position: copy.covered() }
}

fn id(key: Option<&Key>) -> u64 {
    key.map_or(0, |key| key.to_number().unwrap())
}

fn hash((id, (rev, name)): (&u64, &(u64, String))) -> RowHash {
    RowHash { key: Key::number(*id), rev: *rev, hash: format!("{rev} {name}") }
}
