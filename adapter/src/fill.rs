//! The first filling of the feed, while the application writes.
//!
//! The keys are read in portions in the order of the primary key, each in a transaction of its own. By then the triggers
//! note what changes, so a portion need not see it.

use postgres::order::{CLOCK, TRANSACTION};

use crate::collection::{Collection, Member};
use crate::key::{names, texts, values};
use crate::name::quoted;
use crate::objects::{Objects, feed_key};
use crate::session::{Error, Session};

/// How many keys a portion has.
const PORTION: usize = 10_000;

/// The statement of a portion: `$1` the last key of the one before, or NULL. It gives the last key and how many there were.
pub(crate) fn batch(member: &Member, members: &[Member], objects: &Objects) -> String {
    let (number, table, feed) = (member.number, member.sql(), objects.feed());
    let columns = names(&member.key, "t.");
    let listed = member.key.iter().enumerate();
    let listed = listed.map(|(n, column)| format!("t.{} AS c{n}", quoted(&column.name)));
    let last_first: Vec<_> = (0..member.key.len()).map(|n| format!("c{n} DESC")).collect();
    format!(
        "WITH portion AS (SELECT {}, {} AS k FROM {table} t WHERE $1::text[] IS NULL OR \
         ROW({columns}) > ROW({}) ORDER BY {columns} LIMIT {PORTION}), \
         filled AS (INSERT INTO {feed} AS f (key, position, member, k) SELECT {}, {TRANSACTION}, {number}, k \
         FROM (SELECT DISTINCT {number} AS member, k FROM portion) p \
         ON CONFLICT (key) DO UPDATE SET position = greatest(f.position, excluded.position), noted_at = {CLOCK}), \
         last AS (SELECT k, (SELECT count(*) FROM portion) AS count FROM portion ORDER BY {} LIMIT 1) \
         UPDATE {} m SET filled_to = last.k FROM last \
         WHERE m.collection = {} AND m.number = {number} RETURNING m.filled_to, last.count",
        listed.collect::<Vec<_>>().join(", "),
        texts(&member.key, "t."),
        values(&member.key, "$1::text[]"),
        feed_key(members),
        last_first.join(", "),
        objects.members(),
        objects.name()
    )
}

/// The statement behind the last portion: a key of the feed whose row is gone changes once more. If triggers were missing
/// for a while, they did not note that it went.
fn deleted(member: &Member, objects: &Objects) -> String {
    format!(
        "UPDATE {} f SET position = {TRANSACTION}, noted_at = {CLOCK} WHERE f.member = {} AND NOT EXISTS \
         (SELECT 1 FROM {} t WHERE ROW({}) = ROW({}))",
        objects.feed(),
        member.number,
        member.sql(),
        names(&member.key, "t."),
        values(&member.key, "f.k")
    )
}

/// Fills the feed with the keys of every table; says how many it read.
pub(crate) async fn fill(session: &Session, collection: &Collection) -> Result<u64, Error> {
    let objects = Objects::of(&collection.schema, collection.name.as_str());
    let members = objects.members();
    let mut keys = 0_u64;
    for member in &collection.members {
        let what = format!("reading the keys of {}", member.sql());
        let whose = format!("collection = {} AND number = {}", objects.name(), member.number);
        let sql = format!("SELECT filled_to FROM {members} WHERE {whose} AND NOT filled");
        let rows = session.rows(&what, &sql, &[]).await?;
        let Some(row) = rows.first() else { continue };
        let mut last: Option<Vec<String>> = row.get(0);
        let batch = batch(member, &collection.members, &objects);
        loop {
            let rows = session.change(&what, &batch, &[&last]).await?;
            // A test makes the program crash here.
            fault::point("adapter.fill");
            let Some(row) = rows.first() else { break };
            last = row.get(0);
            keys = keys.saturating_add(row.get::<_, i64>(1).max(0).cast_unsigned());
        }
        let filled = format!("UPDATE {members} SET filled = true WHERE {whose}");
        session.transaction(&what, &[deleted(member, &objects), filled]).await?;
    }
    Ok(keys)
}
