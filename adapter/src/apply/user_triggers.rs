//! The application's own triggers. They do not run while a table follows: what they do was done at the source, and comes
//! as rows.
//!
//! They are disabled before the first page, and each is enabled again as it was in the transaction that makes the store
//! the primary. Both lock the tables against writes, which are refused anyway; readers go on.

use crate::collection::Collection;
use crate::name::text;
use crate::objects::Objects;
use crate::session::{Error, Session};

/// The tables of a collection as SQL names them, in a list.
pub(crate) fn tables(collection: &Collection) -> Vec<String> {
    let relations = collection.members.iter().flat_map(|member| &member.relations);
    relations.map(|relation| relation.sql()).collect()
}

/// The triggers of the application that would run: all that are not PostgreSQL's own (of foreign keys) and not ours.
fn running(collection: &Collection) -> String {
    let relations = collection.members.iter().flat_map(|member| &member.relations);
    let oids: Vec<_> = relations.map(|relation| relation.oid.to_string()).collect();
    format!(
        "pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace \
         LEFT JOIN pg_constraint c ON c.oid = t.tgconstraint WHERE t.tgrelid = ANY ('{{{}}}'::oid[]) \
         AND t.tgenabled <> 'D' AND (NOT t.tgisinternal OR t.tgparentid <> 0) AND coalesce(c.contype, 't') = 't' \
         AND n.nspname <> {}",
        oids.join(", "),
        text(&collection.schema)
    )
}

/// Disables them if the store is a follower, and notes how each was.
pub(crate) async fn silence(
    session: &Session,
    collection: &Collection,
    objects: &Objects,
) -> Result<(), Error> {
    let follows = format!(
        "SELECT 1 FROM {} WHERE collection = {} AND role = 'follower'",
        objects.fence(),
        objects.name()
    );
    let any = format!("{follows} AND EXISTS (SELECT 1 FROM {})", running(collection));
    if session.rows("looking for triggers", &any, &[]).await?.is_empty() {
        return Ok(());
    }
    let disable = format!(
        "DO $banyan$ DECLARE r record; BEGIN IF EXISTS ({follows}) THEN \
         FOR r IN SELECT t.tgrelid, t.tgname, t.tgenabled FROM {} LOOP \
         INSERT INTO {} (collection, relation, name, state) VALUES ({}, r.tgrelid, r.tgname, r.tgenabled) \
         ON CONFLICT (relation, name) DO UPDATE SET state = excluded.state; \
         EXECUTE format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', r.tgrelid::regclass, r.tgname); \
         END LOOP; END IF; END $banyan$",
        running(collection),
        objects.silenced(),
        objects.name()
    );
    let what = "disabling the application's triggers";
    session.brief_transaction(what, (&tables(collection), "SHARE ROW EXCLUSIVE"), &[disable]).await
}

/// Whether there are any to enable.
pub(crate) async fn any_silenced(session: &Session, objects: &Objects) -> Result<bool, Error> {
    let sql = format!(
        "SELECT 1 FROM {} WHERE collection = {} LIMIT 1",
        objects.silenced(),
        objects.name()
    );
    Ok(!session.rows("looking for triggers", &sql, &[]).await?.is_empty())
}

/// Enables each that was disabled, as it was. The tables must be locked.
pub(crate) async fn rouse(session: &Session, objects: &Objects) -> Result<(), Error> {
    if !any_silenced(session, objects).await? {
        return Ok(());
    }
    let what = "enabling the application's triggers";
    // A table whose constraints still wait to be checked cannot be altered.
    session.batch(what, "SET CONSTRAINTS ALL IMMEDIATE").await?;
    let (silenced, name) = (objects.silenced(), objects.name());
    let enable = format!(
        "DO $banyan$ DECLARE r record; BEGIN \
         FOR r IN SELECT s.relation, s.name, s.state FROM {silenced} s JOIN pg_trigger t ON t.tgrelid = s.relation \
         AND t.tgname = s.name WHERE s.collection = {name} AND t.tgenabled = 'D' LOOP \
         EXECUTE format('ALTER TABLE ONLY %s ENABLE %s TRIGGER %I', r.relation::regclass, \
         CASE r.state WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, r.name); END LOOP; \
         DELETE FROM {silenced} WHERE collection = {name}; END $banyan$"
    );
    session.batch(what, &enable).await
}
