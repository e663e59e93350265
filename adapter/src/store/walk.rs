//! Visiting the rows of a collection in the order of their keys' bytes.
//!
//! The feed has a line for each key, in that order. A key that was noted since the log was folded may have none yet, so the
//! log is looked at too.

use replication::Key;

use crate::collection::{Collection, Member};
use crate::feed::LAST_KEY;
use crate::key::{key_text, names, values};
use crate::name::{quoted, text};
use crate::objects::{Objects, key_prefix};
use crate::page::{Column, FeedError, Row};
use crate::rows::columns;
use crate::session::Session;
use crate::store_error::StoreError;

/// The most lines that are read at once, and how many at first, until it is known how large the rows are.
const MOST: usize = 2_000;
const FIRST: usize = 200;
/// So many bytes are read at once, about.
const BYTES: usize = 4 * 1024 * 1024;

/// Gives out the rows with keys above the first of `range`, up to the second, until one is not taken.
pub(super) async fn walk(
    session: &Session,
    collection: &Collection,
    objects: &Objects,
    (after, to): (Option<&Key>, Option<&Key>),
    mut take: impl FnMut(&str, &Row) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut members: Vec<_> = collection
        .members
        .iter()
        .map(|member| (key_prefix(&collection.members, member), member))
        .collect();
    members.sort_by(|one, other| one.0.cmp(&other.0));
    for ((first, end), member) in members {
        let columns = columns(session, member).await?;
        let mut from = after.map_or("", Key::as_str).max(&first).to_owned();
        let to = to.map_or(LAST_KEY, Key::as_str).min(&end).to_owned();
        let mut count = FIRST;
        while from < to {
            let sql = portion(collection, objects, (member, &columns), (&from, &to), count);
            let lines = session.texts("reading rows by key", &sql).await?;
            let mut bytes = 0;
            let mut previous: Option<&str> = None;
            for line in &lines {
                let key = line.get(0).unwrap_or_default();
                if previous == Some(key) {
                    let key = key.to_owned();
                    return Err(FeedError::Twice { table: member.sql(), key }.into());
                }
                previous = Some(key);
                if line.get(1) == Some("t") {
                    let row: Row = columns
                        .iter()
                        .enumerate()
                        .map(|(place, column)| {
                            let value = line.get(place + 2).map(str::to_owned);
                            bytes += value.as_ref().map_or(0, String::len) + 16;
                            (column.name.clone(), value)
                        })
                        .collect();
                    if !take(key, &row)? {
                        return Ok(());
                    }
                }
            }
            let Some(last) = previous.filter(|_| lines.len() >= count) else { break };
            from = last.to_owned();
            count = (BYTES / (bytes / lines.len()).max(1)).clamp(1, count * 4).min(MOST);
        }
    }
    Ok(())
}

/// The statement of a portion: the key of each line, whether its row is there, and its columns.
fn portion(
    collection: &Collection,
    objects: &Objects,
    (member, columns): (&Member, &[Column]),
    (from, to): (&str, &str),
    count: usize,
) -> String {
    let noted = format!("({}) COLLATE \"C\"", key_of(collection, member));
    let range = |key: &str| {
        format!("{key} > {} COLLATE \"C\" AND {key} <= {} COLLATE \"C\"", text(from), text(to))
    };
    let listed: Vec<_> =
        columns.iter().map(|column| format!("t.{}", quoted(&column.name))).collect();
    let there = member.key.first().map_or_else(String::new, |column| quoted(&column.name));
    format!(
        "SELECT f.key, t.{there} IS NOT NULL, {} FROM (SELECT key, k FROM ((SELECT key, k FROM {} WHERE {} ORDER BY key \
         LIMIT {count}) UNION (SELECT DISTINCT {noted}, k FROM {} WHERE member = {} AND {} ORDER BY 1 LIMIT {count})) u \
         ORDER BY key LIMIT {count}) f LEFT JOIN {} t ON ROW({}) = ROW({}) ORDER BY f.key",
        listed.join(", "),
        objects.feed(),
        range("key"),
        objects.log(),
        member.number,
        range(&noted),
        member.sql(),
        names(&member.key, "t."),
        values(&member.key, "f.k")
    )
}

/// The SQL of the text of a key of one table.
fn key_of(collection: &Collection, member: &Member) -> String {
    match &*collection.members {
        [_] => key_text(&member.key),
        _ => format!("{} || {}", text(&format!("{}/", member.name)), key_text(&member.key)),
    }
}

/// The last key of the feed, whose row may be deleted.
pub(super) async fn last_key(
    session: &Session,
    objects: &Objects,
) -> Result<Option<String>, StoreError> {
    let sql = format!("SELECT key FROM {} ORDER BY key DESC LIMIT 1", objects.feed());
    let rows = session.rows("reading the last key", &sql, &[]).await?;
    Ok(rows.first().map(|row| row.get(0)))
}
