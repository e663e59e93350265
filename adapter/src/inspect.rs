//! Looks at the database before anything is changed: what the tables are, and what keeps them from being followed.

use tokio_postgres::Row;

use crate::collection::{Collection, Member, Relation, Shape, Wanted};
use crate::key::{KeyColumn, KeyKind};
use crate::name::quoted;
use crate::refusal::{Refusal, grant};
use crate::session::{Error, Session};

/// The oldest PostgreSQL: `CREATE OR REPLACE TRIGGER` is of 14.
const OLDEST: i32 = 140_000;

const TABLE: &str = "SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text, \
     pg_get_userbyid(c.relowner)::text, pg_has_role(c.relowner, 'USAGE'), c.relrowsecurity OR c.relforcerowsecurity, \
     (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid LIMIT 1), current_user::text \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)";

/// The columns of the primary key: name, type, and whether equal texts are the same bytes.
const KEY: &str = "SELECT a.attname::text, t.typname::text, coalesce(l.collisdeterministic, true), \
     format_type(a.atttypid, a.atttypmod) \
     FROM pg_index i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place) \
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
     JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation l ON l.oid = a.attcollation \
     WHERE i.indrelid = $1 AND i.indisprimary AND k.place <= i.indnkeyatts ORDER BY k.place";

/// The table and those below it, the higher ones first.
const RELATIONS: &str = "WITH RECURSIVE tree AS (SELECT $1::oid AS oid, 0 AS depth UNION ALL \
     SELECT i.inhrelid, depth + 1 FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid) \
     SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relispartition, c.relpersistence::text, \
     pg_has_role(c.relowner, 'USAGE'), pg_get_userbyid(c.relowner)::text, current_user::text, \
     EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal \
     AND t.tgtype::int & 19 = 19), \
     (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     AND NOT EXISTS (SELECT 1 FROM pg_attribute r WHERE r.attrelid = $1 AND r.attname = a.attname \
     AND r.attnum > 0 AND NOT r.attisdropped) LIMIT 1) \
     FROM (SELECT oid, min(depth) AS depth FROM tree GROUP BY oid) t JOIN pg_class c USING (oid) \
     JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY t.depth, n.nspname, c.relname";

/// The publications and subscriptions that a table is in.
const REPLICATION: &str = "SELECT format('the publication %I', p.pubname), CASE WHEN p.puballtables \
     THEN format('DROP PUBLICATION %I;', p.pubname) ELSE \
     format('ALTER PUBLICATION %I DROP TABLE %s;', p.pubname, t.relation) END \
     FROM (SELECT $1::oid::regclass AS relation) t, pg_publication p \
     WHERE p.puballtables OR EXISTS (SELECT 1 FROM pg_publication_tables x WHERE x.pubname = p.pubname \
     AND format('%I.%I', x.schemaname, x.tablename)::regclass = t.relation) \
     UNION ALL SELECT 'a subscription', 'Drop the subscription, or take the table out of its publication.' \
     FROM pg_subscription_rel WHERE srrelid = $1::oid";

/// Reads what the tables are.
///
/// # Errors
/// [`Error::Refused`] if one of them cannot be followed.
pub(crate) async fn inspect(session: &Session, wanted: &Wanted) -> Result<Collection, Error> {
    version(session).await?;
    let mut members = Vec::new();
    for (place, table) in wanted.tables.iter().enumerate() {
        let number = i16::try_from(place + 1).unwrap_or(i16::MAX);
        let asked = wanted.keys.get(place).map(Vec::as_slice);
        members.push(member(session, number, table, asked).await?);
    }
    for (place, member) in members.iter().enumerate() {
        let twin = members[..place].iter().find(|other| other.name == member.name);
        if let Some(twin) = twin {
            let reason = format!("{} and {} have the same name", twin.sql(), member.sql());
            return Err(Refusal::new(reason).into());
        }
    }
    Ok(Collection {
        schema: wanted.schema.clone(),
        name: wanted.name.clone(),
        path: wanted.path.clone(),
        members,
    })
}

async fn version(session: &Session) -> Result<(), Error> {
    let sql = "SELECT current_setting('server_version_num')::int4, version(), \
               current_setting('server_encoding')";
    for row in session.rows("asking for the version", sql, &[]).await? {
        if row.get::<_, i32>(0) < OLDEST {
            let found: String = row.get(1);
            return Err(
                Refusal::new(format!("PostgreSQL 14 or newer is needed; this is {found}")).into()
            );
        }
        let encoding: String = row.get(2);
        if encoding != "UTF8" {
            let reason = format!("the database must have the encoding UTF8; this has {encoding}");
            return Err(Refusal::new(reason).into());
        }
    }
    Ok(())
}

async fn member(
    session: &Session,
    number: i16,
    table: &str,
    asked: Option<&[String]>,
) -> Result<Member, Error> {
    let rows = session.rows("looking for the table", TABLE, &[&table]).await;
    let rows = match rows {
        // A text that is no name of a table.
        Err(Error::Failed { cause, .. }) if cause.as_db_error().is_some() => Vec::new(),
        rows => rows?,
    };
    let row = rows.first().ok_or_else(|| {
        Refusal::new(format!("there is no table {table}")).help(
            "Write the schema before its name, as in shop.products, or look for it with \\dt *.*",
        )
    })?;
    let (oid, schema, name): (u32, String, String) = (row.get(0), row.get(1), row.get(2));
    let sql = format!("{}.{}", quoted(&schema), quoted(&name));
    if name.contains('/') {
        return Err(Refusal::new(format!("{sql} has a slash in its name")).into());
    }
    table_fits(row, &sql)?;
    replicated(session, oid, &sql).await?;
    let key = key(session, oid, &sql).await?;
    if let Some(asked) = asked.filter(|asked| !key.iter().map(|c| &c.name).eq(asked.iter())) {
        let present: Vec<_> = key.iter().map(|column| column.name.clone()).collect();
        return Err(Refusal::new(format!(
            "the primary key of {sql} is ({}), not ({})",
            present.join(", "),
            asked.join(", ")
        ))
        .help("Leave --key out, or name these columns in this order.")
        .into());
    }
    let relations = relations(session, oid, &sql).await?;
    Ok(Member { number, schema, name, key, relations })
}

fn table_fits(row: &Row, sql: &str) -> Result<(), Refusal> {
    let (kind, persistence): (String, String) = (row.get(3), row.get(4));
    let kind = match &*kind {
        "r" | "p" => None,
        "v" | "m" => Some("a view: name the table below it"),
        "f" => Some("a foreign table: its rows are in another database"),
        _ => Some("no table"),
    };
    if let Some(kind) = kind {
        return Err(Refusal::new(format!("{sql} is {kind}")));
    }
    match &*persistence {
        "u" => {
            return Err(Refusal::new(format!(
                "{sql} is unlogged: it is empty after a crash, and its copies would not be"
            ))
            .help(format!("ALTER TABLE {sql} SET LOGGED;")));
        }
        "t" => return Err(Refusal::new(format!("{sql} is temporary"))),
        _ => {}
    }
    owned(sql, row.get(6), row.get(5), row.get(9))?;
    if row.get(7) {
        return Err(Refusal::new(format!(
            "{sql} has row-level security, which could hide rows from the adapter"
        ))
        .help(format!(
            "ALTER TABLE {sql} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;"
        )));
    }
    if let Some(parent) = row.get::<_, Option<String>>(8) {
        return Err(Refusal::new(format!("{sql} is a part of {parent}"))
            .help(format!("Name that table: --table {parent}")));
    }
    Ok(())
}

fn owned(sql: &str, owns: bool, owner: &str, role: &str) -> Result<(), Refusal> {
    if owns {
        return Ok(());
    }
    Err(Refusal::new(format!("{sql} belongs to {owner}, and this session is {role}"))
        .help(format!("Connect as {owner}, or: {}", grant(&quoted(owner), role))))
}

async fn replicated(session: &Session, oid: u32, sql: &str) -> Result<(), Error> {
    let found = session.rows("looking for logical replication", REPLICATION, &[&oid]).await?;
    let Some(row) = found.first() else { return Ok(()) };
    let (by, help): (String, String) = (row.get(0), row.get(1));
    let reason =
        format!("{sql} is in {by}: logical replication and a move would copy the same rows");
    Err(Refusal::new(reason).help(help).into())
}

async fn key(session: &Session, oid: u32, sql: &str) -> Result<Vec<KeyColumn>, Error> {
    let mut key = Vec::new();
    for row in session.rows("reading the primary key", KEY, &[&oid]).await? {
        let (name, kind, exact, shown): (String, String, bool, String) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let Some(kind) = KeyKind::of_type(&kind).filter(|_| exact) else {
            let why =
                if exact { "" } else { " with a collation that takes different texts for equal" };
            return Err(Refusal::new(format!(
                "the primary key of {sql} has the column {name} of the type {shown}{why}; a key can have smallint, \
                 integer, bigint, text, varchar and uuid"
            ))
            .into());
        };
        key.push(KeyColumn { name, kind });
    }
    if key.is_empty() {
        return Err(Refusal::new(format!("{sql} has no primary key, so its rows have no names"))
            .help(format!("ALTER TABLE {sql} ADD PRIMARY KEY (id);"))
            .into());
    }
    Ok(key)
}

async fn relations(session: &Session, oid: u32, sql: &str) -> Result<Vec<Relation>, Error> {
    let mut relations = Vec::new();
    for row in session.rows("reading the partitions and children", RELATIONS, &[&oid]).await? {
        let (kind, partition): (String, bool) = (row.get(3), row.get(4));
        let shape = match (&*kind, partition) {
            ("p" | "r", true) => Shape::Partition,
            ("p", false) => Shape::Partitioned,
            ("r", false) => Shape::Plain,
            _ => {
                let below: String = row.get(2);
                let reason = format!(
                    "{sql} has rows in the foreign table {below}, whose writes fire no trigger"
                );
                return Err(Refusal::new(reason).into());
            }
        };
        let relation = Relation {
            oid: row.get(0),
            schema: row.get(1),
            name: row.get(2),
            shape,
            rewrites: row.get(9),
        };
        owned(&relation.sql(), row.get(6), row.get(7), row.get(8))?;
        if let Some(column) = row.get::<_, Option<String>>(10) {
            let reason = format!(
                "{} has the column {column}, which {sql} does not have: a copy would lose it",
                relation.sql()
            );
            return Err(Refusal::new(reason).into());
        }
        if row.get::<_, String>(5) == "u" {
            let below = relation.sql();
            return Err(Refusal::new(format!("{below} is unlogged: it is empty after a crash"))
                .help(format!("ALTER TABLE {below} SET LOGGED;"))
                .into());
        }
        relations.push(relation);
    }
    Ok(relations)
}
