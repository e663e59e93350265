//! What is installed already, and what stands in its way.

use crate::collection::{Collection, CollectionName, Relation, Shape};
use crate::name::quoted;
use crate::objects::{OURS, Objects};
use crate::refusal::{Refusal, grant};
use crate::session::{Error, Session};
use crate::triggers::{Trigger, triggers};

/// What the schema holds.
#[derive(Clone, Debug)]
pub(crate) struct Present {
    pub(crate) schema: bool,
    /// Whether the tables of an adapter are in it.
    pub(crate) ours: bool,
    pub(crate) collection: Option<Record>,
}

/// A collection as it was written down.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) path: String,
    pub(crate) state: String,
    pub(crate) members: Vec<Noted>,
}

/// A table of a collection as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) number: i16,
    /// Its name in SQL, or its number in `pg_class` if it is not there any more.
    pub(crate) table: String,
    pub(crate) oid: u32,
    pub(crate) key: Vec<String>,
    pub(crate) filled: bool,
    /// The name in SQL that it was installed under.
    pub(crate) named: String,
}

const SCHEMA: &str = "SELECT has_schema_privilege(n.oid, 'CREATE, USAGE'), \
     obj_description((SELECT c.oid FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'collections'), \
     'pg_class') FROM pg_namespace n WHERE n.nspname = $1";

const DATABASE: &str = "SELECT has_database_privilege(current_database(), 'CREATE'), \
     current_database()::text, current_user::text";

/// The tables that all collections share.
const SHARED: [&str; 8] =
    ["collections", "members", "fence", "ownership", "runs", "marks", "followers", "silenced"];

/// Objects of a schema with one of these names.
const NAMES: &str = "SELECT relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) UNION ALL \
     SELECT proname::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
     WHERE n.nspname = $1 AND p.proname = ANY ($2::text[])";

/// The triggers of a table: name, when it fires, the schema of its function, and whether it names columns.
const TRIGGERS: &str = "SELECT t.tgname::text, t.tgenabled::text, n.nspname::text, t.tgattr::text <> '' \
     FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace \
     WHERE t.tgrelid = $1 AND NOT t.tgisinternal OR t.tgrelid = $1 AND t.tgparentid <> 0";

/// Reads what the schema holds of a collection.
pub(crate) async fn present(
    session: &Session,
    schema: &str,
    name: &CollectionName,
) -> Result<Present, Error> {
    let rows = session.rows("looking for the schema", SCHEMA, &[&schema]).await?;
    let Some(row) = rows.first() else {
        return Ok(Present { schema: false, ours: false, collection: None });
    };
    let ours = row.get::<_, Option<String>>(1).as_deref() == Some(OURS);
    let collection = if ours { record(session, schema, name).await? } else { None };
    Ok(Present { schema: true, ours, collection })
}

async fn record(
    session: &Session,
    schema: &str,
    name: &CollectionName,
) -> Result<Option<Record>, Error> {
    let objects = Objects::of(schema, name.as_str());
    let what = "reading what is installed";
    let sql = format!("SELECT path, state FROM {} WHERE name = $1", objects.collections());
    let rows = session.rows(what, &sql, &[&name.as_str()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (path, state) = (row.get(0), row.get(1));
    let sql = format!(
        "SELECT number, relation::regclass::text, relation, key, filled, named FROM {} WHERE collection = $1 \
         ORDER BY number",
        objects.members()
    );
    let members = session.rows(what, &sql, &[&name.as_str()]).await?;
    let noted = members.iter().map(|row| Noted {
        number: row.get(0),
        table: row.get(1),
        oid: row.get(2),
        key: row.get(3),
        filled: row.get(4),
        named: row.get(5),
    });
    Ok(Some(Record { path, state, members: noted.collect() }))
}

/// Whether everything that is to be made can be made.
///
/// # Errors
/// [`Error::Refused`] if a right is missing, a name is taken, or the collection is installed in another way.
pub(crate) async fn check(
    session: &Session,
    wanted: &Collection,
    present: &Present,
) -> Result<(), Error> {
    rights(session, &wanted.schema, present).await?;
    let objects = Objects::of(&wanted.schema, wanted.name.as_str());
    if let Some(record) = &present.collection {
        same(wanted, record)?;
    } else {
        let mut names = objects.bare_names(&wanted.members);
        if !present.ours {
            names.extend(SHARED.map(str::to_owned));
        }
        let taken = session.rows("looking for names", NAMES, &[&wanted.schema, &names]).await?;
        if let Some(row) = taken.first() {
            let taken: String = row.get(0);
            return Err(Refusal::new(format!(
                "the name {}.{} is taken by something that is not the adapter's",
                quoted(&wanted.schema),
                quoted(&taken)
            ))
            .help("Name another schema with --schema.")
            .into());
        }
        elsewhere(session, wanted, present, &objects).await?;
    }
    for relation in wanted.members.iter().flat_map(|member| &member.relations) {
        for (name, _, schema, _) in found(session, relation).await? {
            if name.starts_with("banyan_") && schema != wanted.schema {
                return Err(Refusal::new(format!(
                    "{} has a trigger {name} whose function is in the schema {schema}",
                    relation.sql()
                ))
                .help("Remove that installation first, with adapter remove --schema.")
                .into());
            }
        }
    }
    Ok(())
}

async fn rights(session: &Session, schema: &str, present: &Present) -> Result<(), Error> {
    let rows = session.rows("looking for rights", DATABASE, &[]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (creates, database, role): (bool, String, String) = (row.get(0), row.get(1), row.get(2));
    if !present.schema && !creates {
        return Err(Refusal::new(format!("{role} may not make a schema in {database}"))
            .help(format!(
                "{}\n  or, as its owner: CREATE SCHEMA {} AUTHORIZATION {};",
                grant(&format!("CREATE ON DATABASE {}", quoted(&database)), &role),
                quoted(schema),
                quoted(&role)
            ))
            .into());
    }
    if present.schema {
        let rows = session.rows("looking for rights", SCHEMA, &[&schema]).await?;
        if rows.first().is_some_and(|row| !row.get::<_, bool>(0)) {
            let right = format!("CREATE, USAGE ON SCHEMA {}", quoted(schema));
            return Err(Refusal::new(format!("{role} may make nothing in the schema {schema}"))
                .help(grant(&right, &role))
                .into());
        }
    }
    Ok(())
}

/// Whether what is installed is what is wanted.
fn same(wanted: &Collection, record: &Record) -> Result<(), Refusal> {
    let name = &wanted.name;
    if record.state == "removing" {
        return Err(Refusal::new(format!("the removal of {name} was interrupted"))
            .help(format!("Run adapter remove --path {} first.", record.path)));
    }
    let installed =
        record.members.iter().map(|noted| (noted.oid, noted.named.clone(), noted.key.clone()));
    let asked = wanted.members.iter().map(|member| {
        let key: Vec<_> = member.key.iter().map(|column| column.name.clone()).collect();
        (member.relations.first().map_or(0, |own| own.oid), member.sql(), key)
    });
    if installed.eq(asked) && record.path == wanted.path {
        return Ok(());
    }
    let tables: Vec<_> = record.members.iter().map(|noted| &*noted.table).collect();
    Err(Refusal::new(format!(
        "{name} is installed already, for the path {} and the tables {}",
        record.path,
        tables.join(", ")
    ))
    .help(format!("Run adapter remove --path {} first.", record.path)))
}

/// Refuses tables that another collection has.
async fn elsewhere(
    session: &Session,
    wanted: &Collection,
    present: &Present,
    objects: &Objects,
) -> Result<(), Error> {
    if !present.ours {
        return Ok(());
    }
    let oids: Vec<u32> =
        wanted.members.iter().flat_map(|m| m.relations.first()).map(|r| r.oid).collect();
    let sql = format!(
        "SELECT collection, relation::regclass::text FROM {} WHERE relation = ANY ($1::oid[])",
        objects.members()
    );
    let rows = session.rows("looking for other collections", &sql, &[&oids]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (collection, table): (String, String) = (row.get(0), row.get(1));
    Err(Refusal::new(format!("{table} belongs to the collection {collection} already"))
        .help("Remove that collection first, with adapter remove.")
        .into())
}

async fn found(
    session: &Session,
    relation: &Relation,
) -> Result<Vec<(String, String, String, bool)>, Error> {
    let rows = session.rows("looking for triggers", TRIGGERS, &[&relation.oid]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect())
}

/// The triggers of a table that are missing, or fire at other times than they must.
pub(crate) async fn missing(
    session: &Session,
    collection: &Collection,
) -> Result<Vec<(Relation, Vec<Trigger>)>, Error> {
    let objects = Objects::of(&collection.schema, collection.name.as_str());
    let mut missing = Vec::new();
    for member in &collection.members {
        for relation in &member.relations {
            let found = found(session, relation).await?;
            let stands = |trigger: &Trigger| {
                found.iter().any(|(name, enabled, schema, columns)| {
                    let narrow = trigger.name == "banyan_key" && relation.rewrites && *columns;
                    name == trigger.name
                        && enabled == trigger.fires.letter()
                        && *schema == collection.schema
                        && !narrow
                })
            };
            let mut lacks: Vec<_> = triggers(member, relation, &objects);
            lacks.retain(|trigger| !stands(trigger));
            let cloned = relation.shape != Shape::Partition
                || found.iter().any(|(name, on, ..)| name == "banyan_rows" && on == "A");
            if let Some(root) = member.relations.first().filter(|_| !cloned) {
                // PostgreSQL copies it from the root; one that was disabled there alone comes back with the root's.
                let of_root = triggers(member, root, &objects);
                missing.push((
                    root.clone(),
                    of_root.into_iter().filter(|trigger| trigger.name == "banyan_rows").collect(),
                ));
            }
            if !lacks.is_empty() {
                missing.push((relation.clone(), lacks));
            }
        }
    }
    Ok(missing)
}
