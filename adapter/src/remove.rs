//! Removing a collection: nothing of it stays.

use tokio::time::sleep;

use crate::collection::CollectionName;
use crate::fence::lock;
use crate::functions::{drop_functions, idle};
use crate::name::quoted;
use crate::objects::{OURS, Objects, rows_of_a_collection};
use crate::present::{Record, present};
use crate::refusal::Refusal;
use crate::session::{Error, PAUSE, Session, TRIES};

/// Our triggers: the table of each, and its name. Those that PostgreSQL copied to partitions go with their original.
const TRIGGERS: &str = "SELECT t.tgrelid::regclass::text, string_agg(format('DROP TRIGGER %I ON %s', t.tgname, \
     t.tgrelid::regclass), '; ' ORDER BY t.tgname) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid \
     JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1 AND t.tgparentid = 0 \
     AND p.proname = ANY ($2::text[]) GROUP BY t.tgrelid ORDER BY t.tgrelid";

/// Whether a schema is ours and has nothing in it besides what is dropped with its tables.
const EMPTY: &str = "SELECT obj_description(n.oid, 'pg_namespace') = $2 \
     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid) \
     FROM pg_namespace n WHERE n.nspname = $1";

/// Removes a collection's triggers, functions and tables, and the schema with the last collection if it was made by
/// [`install`](crate::install()). False if there was nothing to remove.
///
/// The functions come first: they are replaced by ones that do nothing, without a lock on a table. Then each table loses its
/// triggers in a short transaction. If it is interrupted, it can be run again.
///
/// # Errors
/// [`Error::Refused`] if this database is not the primary of the collection: without the fence, writes to it would be lost.
pub async fn remove(session: &Session, schema: &str, name: &CollectionName) -> Result<bool, Error> {
    let present = present(session, schema, name).await?;
    let objects = Objects::of(schema, name.as_str());
    if let Some(record) = &present.collection {
        remove_collection(session, schema, name, record).await?;
    }
    // An interrupted removal may have left these behind.
    let dropped = present.schema && drop_shared(session, schema, &objects, present.ours).await?;
    Ok(present.collection.is_some() || dropped)
}

async fn remove_collection(
    session: &Session,
    schema: &str,
    name: &CollectionName,
    record: &Record,
) -> Result<(), Error> {
    let objects = Objects::of(schema, name.as_str());
    refuse_in_a_move(session, &objects, name).await?;
    let members: Vec<i16> = record.members.iter().map(|noted| noted.number).collect();
    if record.state != "removing" {
        let mut statements = lock(&objects).to_vec();
        statements.extend(idle(&objects, &members));
        let (collections, fence, named) = (objects.collections(), objects.fence(), objects.name());
        let ownership = objects.ownership();
        let update = format!(
            "UPDATE {collections} SET state = 'removing' WHERE name = {named} AND NOT EXISTS (SELECT 1 FROM {fence} f \
             JOIN {ownership} o USING (collection) WHERE f.collection = {named} \
             AND (o.document::json ->> 'role' <> 'primary' OR f.fenced_until > clock_timestamp())) RETURNING 1"
        );
        let mut tries = 1;
        // No writer waits long behind the lock: it lets go and tries again.
        let idled = loop {
            match session.guarded("letting the triggers do nothing", &statements, &update).await {
                Err(error) if error.is_lock_timeout() && tries < TRIES => {
                    tries += 1;
                    sleep(PAUSE).await;
                }
                done => break done?,
            }
        };
        if !idled {
            refuse_in_a_move(session, &objects, name).await?;
            let reason = format!("{name} changed while it was being removed; nothing was removed");
            return Err(Refusal::new(reason).help("Run the command again.").into());
        }
    }
    let names = function_names(name, record);
    for row in session.rows("looking for the triggers", TRIGGERS, &[&schema, &names]).await? {
        let (table, sql): (String, String) = (row.get(0), row.get(1));
        let what = format!("dropping the triggers of {table}");
        session.brief_transaction(&what, (&[table], "ACCESS EXCLUSIVE"), &[sql]).await?;
    }
    drop_tables(session, &objects, &members).await
}

fn function_names(name: &CollectionName, record: &Record) -> Vec<String> {
    let notes = record
        .members
        .iter()
        .flat_map(|noted| [format!("note_{}", noted.number), format!("note_row_{}", noted.number)]);
    let all = ["guard", "truncate"].map(str::to_owned).into_iter().chain(notes);
    all.map(|prefix| format!("{prefix}_{name}")).collect()
}

async fn refuse_in_a_move(
    session: &Session,
    objects: &Objects,
    name: &CollectionName,
) -> Result<(), Error> {
    let sql = format!(
        "SELECT o.document::json ->> 'role', f.fenced_until > clock_timestamp(), f.\"primary\" \
         FROM {} f JOIN {} o USING (collection) WHERE f.collection = {}",
        objects.fence(),
        objects.ownership(),
        objects.name()
    );
    let rows = session.rows("reading the fence", &sql, &[]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (role, fenced): (String, bool) = (row.get(0), row.get(1));
    if role != "primary" {
        let primary: Option<String> = row.get(2);
        let primary = primary.unwrap_or_else(|| "not known".to_owned());
        return Err(Refusal::new(format!(
            "this database is {role} of {name}, whose primary is {primary}: without the fence, writes to it would be lost"
        ))
        .help("Make this database the primary again, with banyan reverse.")
        .into());
    }
    if fenced {
        return Err(Refusal::new(format!("{name} is being moved: its writes are fenced"))
            .help("Wait for the move to end, and run the command again.")
            .into());
    }
    Ok(())
}

async fn drop_tables(session: &Session, objects: &Objects, members: &[i16]) -> Result<(), Error> {
    let mut statements = drop_functions(objects, members);
    statements.extend([
        format!("DROP TABLE {}", objects.feed()),
        format!("DROP TABLE {}", objects.log()),
        format!("DROP TABLE {}", objects.held()),
    ]);
    statements.extend(
        rows_of_a_collection(objects).map(|(table, column)| {
            format!("DELETE FROM {table} WHERE {column} = {}", objects.name())
        }),
    );
    let lock = ([objects.log()], "ACCESS EXCLUSIVE");
    session.brief_transaction("dropping the feed", (&lock.0, lock.1), &statements).await
}

/// Drops what the collections share, if there are none any more. True if there was anything.
async fn drop_shared(
    session: &Session,
    schema: &str,
    objects: &Objects,
    tables: bool,
) -> Result<bool, Error> {
    if tables {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", objects.collections());
        if !session.rows("looking for other collections", &sql, &[]).await?.is_empty() {
            return Ok(false);
        }
        let drops = rows_of_a_collection(objects).map(|(table, _)| format!("DROP TABLE {table}"));
        session.transaction("dropping the shared tables", &drops).await?;
    }
    let rows = session.rows("looking into the schema", EMPTY, &[&schema, &OURS]).await?;
    let schema_too = rows.first().is_some_and(|row| row.get::<_, Option<bool>>(0) == Some(true));
    if schema_too {
        session.batch("dropping the schema", &format!("DROP SCHEMA {}", quoted(schema))).await?;
    }
    Ok(tables || schema_too)
}
