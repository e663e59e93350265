//! The functions that the triggers call.
//!
//! Each runs with the rights of the tables' owner, so that the application's roles need none, and finds only what is in
//! `pg_catalog`, whatever the writer's `search_path` says (manual, CREATE FUNCTION, "Writing SECURITY DEFINER Functions
//! Safely").

use postgres::order::TRANSACTION;

use crate::collection::{Collection, Member};
use crate::key::{names, texts};
use crate::name::text;
use crate::objects::Objects;

/// The error of a write during a fence: it may be sent again soon. The class `ZB` is not PostgreSQL's (manual, appendix A).
pub(crate) const FENCED: &str = "ZB001";
/// The error of a write to a database that is not the primary.
pub(crate) const NOT_PRIMARY: &str = "ZB002";
/// The error of a TRUNCATE.
pub(crate) const TRUNCATES: &str = "ZB003";

/// The longest fence, as an interval: one that ends later was made before the clock was set back.
pub(crate) const LONGEST: &str = "interval '60 s'";

/// All functions of a collection. Those that are there are replaced, which takes no lock on a table.
pub(crate) fn functions(collection: &Collection, objects: &Objects) -> Vec<String> {
    let mut functions = vec![
        check(objects),
        format!("REVOKE EXECUTE ON FUNCTION {}() FROM PUBLIC", objects.check()),
        trigger(&objects.guard(), "", &guard(objects)),
        trigger(&objects.truncate(), "", &refuse_truncate(collection)),
    ];
    for member in &collection.members {
        functions.push(note(member, objects));
        functions.push(note_row(member, objects));
    }
    functions
}

/// The same functions as triggers that do nothing. Those that already do nothing are left as they are.
pub(crate) fn idle(objects: &Objects, members: &[i16]) -> Vec<String> {
    let of_members = members.iter().flat_map(|n| [objects.note(*n), objects.note_row(*n)]);
    let triggers = [objects.guard(), objects.truncate()].into_iter().chain(of_members);
    triggers.map(|name| trigger(&name, "", "")).collect()
}

/// Drops them.
pub(crate) fn drop_functions(objects: &Objects, members: &[i16]) -> Vec<String> {
    let of_members = members.iter().flat_map(|n| [objects.note(*n), objects.note_row(*n)]);
    let all = [objects.check(), objects.guard(), objects.truncate()].into_iter().chain(of_members);
    all.map(|name| format!("DROP FUNCTION IF EXISTS {name}()")).collect()
}

fn trigger(name: &str, declares: &str, body: &str) -> String {
    function(name, "trigger", declares, &format!("{body}\n  RETURN NULL;"))
}

fn function(name: &str, returns: &str, declares: &str, body: &str) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION {name}() RETURNS {returns} LANGUAGE plpgsql SECURITY DEFINER \
         SET search_path = pg_catalog, pg_temp AS $banyan$\n{declares}BEGIN\n  {body}\nEND\n$banyan$"
    )
}

/// Waits for the shared side of the lock, and reads in a later statement whether the database takes writes: a statement
/// does not see what was committed while it waited. A writer outside READ COMMITTED sees nothing that was committed after
/// its first statement. With FOR SHARE it gets the error 40001 if the row has changed since, as for any row that it would
/// change.
///
/// The adapter itself writes to a store that is not the primary when it applies rows of another one. It says so in a row that
/// only its own transaction sees. Such a write is not to be noted: the adapter notes it.
fn check(objects: &Objects) -> String {
    let (fence, name, lock) = (objects.fence(), objects.name(), objects.lock());
    let ownership = objects.ownership();
    let read = format!(
        "SELECT f.role, f.fenced_until, f.\"primary\" INTO role, fenced_until, new_primary \
         FROM {fence} f WHERE f.collection = {name}"
    );
    let body = format!(
        "PERFORM pg_advisory_xact_lock_shared({lock});
  IF current_setting('transaction_isolation') = 'read committed' THEN
    {read};
  ELSE
    BEGIN
      {read} FOR SHARE;
    EXCEPTION WHEN serialization_failure THEN
      RAISE EXCEPTION USING ERRCODE = 'serialization_failure',
        MESSAGE = format('%s was fenced or released after this transaction began', {name}),
        HINT = 'Nothing was stored. Run the transaction again.';
    END;
    IF NOT FOUND THEN
      RAISE EXCEPTION USING ERRCODE = 'serialization_failure',
        MESSAGE = format('%s was installed after this transaction began', {name}),
        HINT = 'Nothing was stored. Run the transaction again.';
    END IF;
  END IF;
  IF role IS DISTINCT FROM 'primary' THEN
    IF EXISTS (SELECT FROM {ownership} o WHERE o.collection = {name} AND o.applying = {TRANSACTION}) THEN
      RETURN false;
    END IF;
    RAISE EXCEPTION USING ERRCODE = '{NOT_PRIMARY}',
      MESSAGE = format('%s is not written here any more: its primary is %s', {name}, coalesce(new_primary, 'not known')),
      HINT = 'Nothing was stored. Send the write to the primary.';
  ELSIF fenced_until > clock_timestamp() AND fenced_until <= clock_timestamp() + {LONGEST} THEN
    RAISE EXCEPTION USING ERRCODE = '{FENCED}',
      MESSAGE = format('%s takes no writes until %s: it is being moved', {name}, fenced_until),
      HINT = 'Nothing was stored. Send the write again.';
  END IF;
  RETURN true;"
    );
    let declares = "DECLARE role text; fenced_until timestamptz; new_primary text;\n";
    function(&objects.check(), "boolean", declares, &body)
}

/// Refused at all times: it fires no trigger that would say which rows it removes.
fn refuse_truncate(collection: &Collection) -> String {
    let name = text(collection.name.as_str());
    format!(
        "RAISE EXCEPTION USING ERRCODE = '{TRUNCATES}',
    MESSAGE = format('TRUNCATE of %I.%I would be lost to the copies of %s', TG_TABLE_SCHEMA, TG_TABLE_NAME, {name}),
    HINT = format('Nothing was removed. Use DELETE FROM %I.%I.', TG_TABLE_SCHEMA, TG_TABLE_NAME);"
    )
}

/// Whether this transaction applies rows of another store, to this collection or to another one. A foreign key may lead
/// from those to this collection: such a statement is refused only if it finds rows here.
fn applies(objects: &Objects) -> String {
    let ownership = objects.ownership();
    let own = "pg_current_xact_id_if_assigned()::text::bigint";
    format!("EXISTS (SELECT FROM {ownership} o WHERE o.applying = {own})")
}

/// Checks a statement on a table whose row trigger checks each row.
fn guard(objects: &Objects) -> String {
    let check = objects.check();
    format!("IF NOT {} THEN\n    PERFORM {check}();\n  END IF;", applies(objects))
}

/// Checks and notes the rows of one statement. In READ COMMITTED both are one statement behind the lock, since each
/// statement in here costs as much as the note itself. If nothing was noted, `check` says why, or finds that there was
/// no row. A statement without a row is refused too: at the primary there may be one.
fn note(member: &Member, objects: &Objects) -> String {
    let (log, fence, name) = (objects.log(), objects.fence(), objects.name());
    let (number, key) = (member.number, texts(&member.key, "changed."));
    let insert = format!(
        "INSERT INTO {log} (position, member, k) SELECT {TRANSACTION}, {number}, {key} FROM changed"
    );
    let free = format!(
        "(f.fenced_until <= clock_timestamp() OR f.fenced_until > clock_timestamp() + {LONGEST})"
    );
    let body = format!(
        "locked := pg_advisory_xact_lock_shared({});
  IF current_setting('transaction_isolation') = 'read committed' THEN
    {insert} WHERE (SELECT f.role = 'primary' AND {free} FROM {fence} f WHERE f.collection = {name});
    IF FOUND THEN
      RETURN NULL;
    END IF;
  END IF;
  IF NOT EXISTS (SELECT FROM changed) AND {} THEN
    RETURN NULL;
  END IF;
  IF {}() THEN
    {insert};
  END IF;",
        objects.lock(),
        applies(objects),
        objects.check()
    );
    trigger(&objects.note(member.number), "DECLARE locked text;\n", &body)
}

/// Checks and notes one row, under its old key and its new one.
fn note_row(member: &Member, objects: &Objects) -> String {
    let (log, number) = (objects.log(), member.number);
    let insert = |row: &str| {
        let key = texts(&member.key, row);
        format!("INSERT INTO {log} (position, member, k) VALUES ({TRANSACTION}, {number}, {key});")
    };
    let (old, new) = (insert("OLD."), insert("NEW."));
    let (old_key, new_key) = (names(&member.key, "OLD."), names(&member.key, "NEW."));
    let body = format!(
        "IF NOT {}() THEN
    RETURN NULL;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    {new}
  END IF;
  IF TG_OP = 'DELETE' THEN
    {old}
  ELSIF TG_OP = 'UPDATE' AND ROW({old_key}) IS DISTINCT FROM ROW({new_key}) THEN
    {old}
  END IF;",
        objects.check()
    );
    trigger(&objects.note_row(member.number), "", &body)
}
