//! The triggers of each table.
//!
//! A table with rows of its own has one trigger a kind of statement, which gets all its rows at once. PostgreSQL does not copy
//! those to new partitions, but it does copy row triggers: so a table with partitions has a row trigger, which takes a
//! few microseconds more for each row.

use crate::collection::{Member, Relation, Shape};
use crate::key::names;
use crate::name::quoted;
use crate::objects::Objects;

/// When a trigger fires (`tgenabled` in `pg_trigger`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fires {
    /// In each session, whatever its `session_replication_role`.
    Always,
    /// Only for writes that come by replication: those fire no trigger for a statement.
    Replica,
}

impl Fires {
    /// How PostgreSQL writes it down.
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Always => "A",
            Self::Replica => "R",
        }
    }
}

/// A trigger that a table has.
#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    pub(crate) name: &'static str,
    pub(crate) fires: Fires,
    /// What stands behind its name in `CREATE TRIGGER`.
    rest: String,
}

impl Trigger {
    /// The SQL that makes it, or makes it as it must be.
    pub(crate) fn create(&self, relation: &Relation) -> Vec<String> {
        let (name, table) = (quoted(self.name), relation.sql());
        let fires = match self.fires {
            Fires::Always => "ALWAYS",
            Fires::Replica => "REPLICA",
        };
        vec![
            format!("CREATE OR REPLACE TRIGGER {name} {}", self.rest),
            format!("ALTER TABLE {table} ENABLE {fires} TRIGGER {name}"),
        ]
    }
}

/// The triggers that a table of a collection must have, besides those that PostgreSQL copies to a partition.
pub(crate) fn triggers(member: &Member, relation: &Relation, objects: &Objects) -> Vec<Trigger> {
    let table = relation.sql();
    let (note, note_row) = (objects.note(member.number), objects.note_row(member.number));
    let always = |name, rest| Trigger { name, fires: Fires::Always, rest };
    let truncate = always(
        "banyan_truncate",
        format!(
            "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {}()",
            objects.truncate()
        ),
    );
    let guard = always(
        "banyan_guard",
        format!(
            "BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {}()",
            objects.guard()
        ),
    );
    let rows = "AFTER INSERT OR UPDATE OR DELETE ON";
    let each = format!("FOR EACH ROW EXECUTE FUNCTION {note_row}()");
    match relation.shape {
        Shape::Partition => vec![guard, truncate],
        Shape::Partitioned => {
            vec![guard, truncate, always("banyan_rows", format!("{rows} {table} {each}"))]
        }
        Shape::Plain => {
            let statement = |name, event: &str, which: &str| {
                let rest = format!(
                    "AFTER {event} ON {table} REFERENCING {which} TABLE AS changed \
                     FOR EACH STATEMENT EXECUTE FUNCTION {note}()"
                );
                always(name, rest)
            };
            vec![
                statement("banyan_insert", "INSERT", "NEW"),
                statement("banyan_update", "UPDATE", "NEW"),
                statement("banyan_delete", "DELETE", "OLD"),
                truncate,
                always("banyan_key", key_changes(member, relation, &note_row)),
                Trigger {
                    name: "banyan_replica",
                    fires: Fires::Replica,
                    rest: format!("{rows} {table} {each}"),
                },
            ]
        }
    }
}

/// The trigger for an update that changes a key: the rows of the statement show only the new one. It is asked only if a
/// statement names a column of the key. A trigger of the application may change a key without that: with one that could,
/// ours is asked about each row.
fn key_changes(member: &Member, relation: &Relation, note_row: &str) -> String {
    let columns =
        if relation.rewrites { String::new() } else { format!(" OF {}", names(&member.key, "")) };
    format!(
        "AFTER UPDATE{columns} ON {} FOR EACH ROW WHEN (ROW({}) IS DISTINCT FROM ROW({})) \
         EXECUTE FUNCTION {note_row}()",
        relation.sql(),
        names(&member.key, "OLD."),
        names(&member.key, "NEW.")
    )
}
