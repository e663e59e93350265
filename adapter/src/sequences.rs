//! The sequences that number a collection's rows. They do not follow: a promotion sets them above every number that
//! was given, here or at the source.

use crate::collection::{Collection, Member};
use crate::key::{KeyColumn, KeyKind};
use crate::name::{quoted, text};
use crate::objects::{Objects, key_prefix};
use crate::session::{Error, Session};

/// The whole-number columns of some tables that take their values from sequences: column, sequence, and whether it
/// counts up. A sequence belongs to a column if it is `serial` or an identity, or if the default names it.
const SEQUENCES: &str = "SELECT DISTINCT a.attname::text, format('%I.%I', n.nspname, c.relname), s.seqincrement > 0 \
     FROM pg_attribute a JOIN LATERAL (SELECT d.objid AS oid FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass \
     AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.classid = 'pg_class'::regclass \
     AND d.deptype IN ('a', 'i') UNION SELECT d.refobjid FROM pg_attrdef f JOIN pg_depend d \
     ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass \
     WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum) owned ON true JOIN pg_sequence s ON s.seqrelid = owned.oid \
     JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped \
     AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype) ORDER BY 1, 2";

/// A column and the sequence that numbers it.
struct Sequence {
    column: String,
    /// Its name in SQL.
    name: String,
    /// Whether it counts up.
    up: bool,
}

async fn of_member(session: &Session, member: &Member) -> Result<Vec<Sequence>, Error> {
    let oids: Vec<u32> = member.relations.iter().map(|relation| relation.oid).collect();
    let rows = session.rows("looking for sequences", SEQUENCES, &[&oids]).await?;
    let sequences =
        rows.iter().map(|row| Sequence { column: row.get(0), name: row.get(1), up: row.get(2) });
    Ok(sequences.collect())
}

/// The only column of a table's key, if it is a whole number.
fn number(member: &Member) -> Option<&KeyColumn> {
    match &*member.key {
        [only] if only.kind == KeyKind::Integer => Some(only),
        _ => None,
    }
}

/// The SQL of the highest number that a table's key ever had, as far as the feed knows: it has deleted rows too.
fn highest_key(collection: &Collection, objects: &Objects, member: &Member) -> Option<String> {
    number(member)?;
    let (first, end) = key_prefix(&collection.members, member);
    Some(format!(
        "(SELECT (f.k[1])::numeric FROM {} f WHERE f.key >= {} AND f.key < {} ORDER BY f.key DESC LIMIT 1)",
        objects.feed(),
        text(&first),
        text(&end)
    ))
}

/// The highest number that was ever given as a key. 0 if the collection has several tables, or keys that are no numbers:
/// then there is no such number.
pub(crate) async fn last_id(
    session: &Session,
    collection: &Collection,
    objects: &Objects,
) -> Result<u64, Error> {
    let [member] = &*collection.members else { return Ok(0) };
    let Some(key) = number(member) else { return Ok(0) };
    let mut all = vec![
        "0".to_owned(),
        format!("(SELECT max(t.{}) FROM {} t)", quoted(&key.name), member.sql()),
    ];
    all.extend(highest_key(collection, objects, member));
    for sequence in of_member(session, member).await? {
        if sequence.up && sequence.column == key.name {
            all.push(format!("pg_sequence_last_value({}::regclass)", text(&sequence.name)));
        }
    }
    let sql = format!("SELECT greatest({})::bigint", all.join(", "));
    let rows = session.rows("reading the last key", &sql, &[]).await?;
    let last: Option<i64> = rows.first().and_then(|row| row.get(0));
    Ok(last.unwrap_or(0).max(0).cast_unsigned())
}

/// Sets each sequence above every number of its column, above every key that the feed knows, and above `last_id` if it
/// numbers the only key. `skip` more numbers are left out, if the sequence has as many.
pub(crate) async fn raise(
    session: &Session,
    collection: &Collection,
    objects: &Objects,
    last_id: u64,
    skip: u64,
) -> Result<(), Error> {
    let only = collection.members.len() == 1;
    for member in &collection.members {
        for Sequence { column, name, up } in of_member(session, member).await? {
            let name = text(&name);
            let last = format!("pg_sequence_last_value({name}::regclass)");
            let is_key = number(member).is_some_and(|key| key.name == column);
            let most = if up { "max" } else { "min" };
            let (table, column) = (member.sql(), quoted(&column));
            let mut all = vec![last.clone(), format!("(SELECT {most}(t.{column}) FROM {table} t)")];
            if up && is_key {
                all.extend(highest_key(collection, objects, member));
                all.extend(only.then(|| last_id.to_string()));
            }
            let all = all.join(", ");
            // A sequence that counts down goes below. A number beyond its end would be an error.
            let value = if up { format!("greatest({all})") } else { format!("least({all})") };
            let skipped = if up { format!("v + {skip}") } else { format!("v - {skip}") };
            let sql = format!(
                "SELECT setval({name}::regclass, CASE WHEN {skipped} BETWEEN seqmin AND seqmax THEN {skipped} \
                 ELSE least(greatest(v, seqmin), seqmax) END::bigint) \
                 FROM pg_sequence, (SELECT ({value})::numeric AS v) x \
                 WHERE seqrelid = {name}::regclass AND v IS NOT NULL"
            );
            session.rows("raising a sequence", &sql, &[]).await?;
        }
    }
    Ok(())
}
