//! The statements on the ownership of a collection, on the store's history, on marks and on followers.

use ::postgres::order::{BEYOND, HORIZON};

use super::dialect::{CLOCK, Dialect, TRANSACTION};
use crate::MAX_FENCE;

/// Every statement on what is kept of one collection besides its rows.
#[derive(Debug)]
pub(crate) struct MoveStatements {
    /// `$1` now. Gives place and epoch if the store may be written to, else nothing. On SQLite it takes the next
    /// place; on PostgreSQL the place is the transaction's number, and only what comes after the shared lock in the
    /// same transaction may rest on it.
    pub(crate) write_check: String,
    /// The condition of [`MoveStatements::write_check`].
    pub(super) writable: String,
    /// The condition on ownership that the store is the primary.
    pub(super) primary: String,
    /// `$1` id. Gives whether this row lives if the store is the primary, else nothing.
    pub(crate) primary_has: String,
    /// Gives the document.
    pub(crate) document: String,
    /// Gives the document; holds it until the transaction ends.
    pub(crate) document_locked: String,
    /// Gives the newest place of the feed.
    pub(crate) latest: String,
    /// Gives the document, the clock, the newest place, the newest run, the highest place that was purged,
    /// whether there is any row, and between which transactions the snapshot lies. PostgreSQL only.
    pub(crate) snapshot: String,
    /// `$1` how many. Takes so many places and gives the last of them. SQLite only.
    pub(crate) take_places: String,
    /// `$1` document, `$2` role, `$3` epoch, `$4` fenced until.
    pub(crate) save: String,
    /// `$1` document, `$2` epoch, `$3` place. Does nothing if there is one.
    pub(crate) create: String,
    /// Gives the newest run.
    pub(crate) run: String,
    /// `$1` run. Gives the place that each later run began with, and the place that it purged up to.
    pub(crate) runs_after: String,
    /// `$1` run. Gives 1 if it is known.
    pub(crate) run_known: String,
    /// `$1` run, `$2` purged up to, `$3` the place behind the newest one, or any higher one.
    pub(crate) begin_run: String,
    /// Removes the history.
    pub(crate) forget_runs: String,
    /// Gives the highest place that was purged.
    pub(crate) purged: String,
    /// `$1` a place; gives place and content of each mark above it.
    pub(crate) marks: String,
    /// `$1` kind, `$2` content, `$3` place.
    pub(crate) mark: String,
    /// Removes all marks.
    pub(crate) forget_marks: String,
    /// `$1` follower, `$2` place, on SQLite `$3` now.
    pub(crate) passed: String,
    /// Gives follower, place, when it was heard of.
    pub(crate) followers: String,
    /// Gives the place that every follower has come to.
    pub(crate) all_passed: String,
    /// `$1` follower.
    pub(crate) forget_follower: String,
    /// Removes all followers.
    pub(crate) forget_followers: String,
    /// Gives the highest id that was ever given.
    pub(crate) last_id: String,
    /// Gives the highest rev of any row. Reads all of them.
    pub(crate) last_rev: String,
    /// `$1` an id: those given from now are above it. If the first changes nothing, the second does.
    pub(crate) raise_ids: [String; 2],
    /// Gives ids from 1 again. SQLite only.
    pub(crate) reset_ids: String,
}

impl MoveStatements {
    pub(super) fn new(name: &str, dialect: Dialect) -> Self {
        let whose = format!("collection = '{name}'");
        let longest = MAX_FENCE.as_millis();
        let free = format!("NOT (fenced_until > $1 AND fenced_until <= $1 + {longest})");
        let primary = format!("{whose} AND role = 'primary'");
        let writable = match dialect {
            Dialect::Sqlite => format!("{primary} AND {free}"),
            Dialect::Postgres => format!("{primary} AND {free}").replace("$1", CLOCK),
        };
        let sql = |text: String| dialect.finish(text);
        let document = format!("SELECT document FROM banyan_ownership WHERE {whose}");
        let newest = format!("FROM banyan_runs WHERE {whose}");
        let latest = match dialect {
            Dialect::Sqlite => format!("SELECT position FROM banyan_ownership WHERE {whose}"),
            // Each is the end of an index, or one of a handful.
            Dialect::Postgres => format!(
                "SELECT coalesce(greatest((SELECT position FROM {name} ORDER BY position DESC, \
                 id DESC LIMIT 1), (SELECT max(position) FROM banyan_marks WHERE {whose})), 0)"
            ),
        };
        let run = format!("SELECT run {newest} ORDER BY number DESC LIMIT 1");
        let purged = format!("SELECT coalesce(max(purged), 0) {newest}");
        Self {
            snapshot: sql(format!(
                "SELECT document, {CLOCK}, ({latest}), ({run}), ({purged}), \
                 EXISTS (SELECT 1 FROM {name}), {HORIZON}, {BEYOND} \
                 FROM banyan_ownership WHERE {whose}"
            )),
            write_check: sql(match dialect {
                Dialect::Sqlite => format!(
                    "UPDATE banyan_ownership SET position = position + 1 WHERE {writable} \
                     RETURNING position, epoch"
                ),
                Dialect::Postgres => format!("SELECT epoch FROM banyan_ownership WHERE {writable}"),
            }),
            writable,
            primary: primary.clone(),
            primary_has: sql(format!(
                "SELECT EXISTS (SELECT 1 FROM {name} WHERE id = $1 AND NOT deleted) \
                 FROM banyan_ownership WHERE {primary}"
            )),
            document_locked: sql(format!("{document}{}", dialect.lock())),
            document: sql(document),
            latest: sql(latest),
            take_places: sql(format!(
                "UPDATE banyan_ownership SET position = position + $1 WHERE {whose} \
                 RETURNING position"
            )),
            save: sql(format!(
                "UPDATE banyan_ownership SET document = $1, role = $2, epoch = $3, \
                 fenced_until = $4 WHERE {whose}"
            )),
            create: sql(format!(
                "INSERT INTO banyan_ownership \
                 (collection, role, epoch, fenced_until, position, document) \
                 VALUES ('{name}', 'primary', $2, 0, $3, $1) ON CONFLICT (collection) DO NOTHING"
            )),
            run: sql(run),
            runs_after: sql(format!(
                "SELECT position, purged {newest} AND number > (SELECT number {newest} \
                 AND run = $1) ORDER BY number"
            )),
            run_known: sql(format!("SELECT 1 {newest} AND run = $1")),
            begin_run: sql(format!(
                "INSERT INTO banyan_runs (collection, number, run, position, purged) \
                 SELECT '{name}', coalesce(max(number), 0) + 1, $1, $3, $2 {newest}"
            )),
            forget_runs: sql(format!("DELETE {newest}")),
            purged: sql(purged),
            marks: sql(format!(
                "SELECT position, content FROM banyan_marks WHERE {whose} AND position > $1"
            )),
            mark: sql(format!(
                "INSERT INTO banyan_marks (collection, kind, position, content) \
                 VALUES ('{name}', $1, {}, $2) ON CONFLICT (collection, kind) \
                 DO UPDATE SET position = {}, content = excluded.content",
                match dialect {
                    Dialect::Sqlite => "$3",
                    Dialect::Postgres => TRANSACTION,
                },
                match dialect {
                    Dialect::Sqlite => "excluded.position",
                    // As for a row: two heartbeats may commit in the other order.
                    Dialect::Postgres => "greatest(banyan_marks.position, excluded.position)",
                }
            )),
            forget_marks: sql(format!("DELETE FROM banyan_marks WHERE {whose}")),
            passed: sql(format!(
                "INSERT INTO banyan_followers (collection, follower, position, seen_at) \
                 VALUES ('{name}', $1, $2, {}) ON CONFLICT (collection, follower) \
                 DO UPDATE SET position = excluded.position, seen_at = excluded.seen_at",
                match dialect {
                    Dialect::Sqlite => "$3",
                    Dialect::Postgres => CLOCK,
                }
            )),
            followers: sql(format!(
                "SELECT follower, position, seen_at FROM banyan_followers WHERE {whose} \
                 ORDER BY follower"
            )),
            all_passed: sql(format!("SELECT min(position) FROM banyan_followers WHERE {whose}")),
            forget_follower: sql(format!(
                "DELETE FROM banyan_followers WHERE {whose} AND follower = $1"
            )),
            forget_followers: sql(format!("DELETE FROM banyan_followers WHERE {whose}")),
            last_id: sql(match dialect {
                Dialect::Sqlite => {
                    format!(
                        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = '{name}'"
                    )
                }
                Dialect::Postgres => format!(
                    "SELECT greatest((SELECT coalesce(max(id), 0) FROM {name}), \
                     coalesce(pg_sequence_last_value(pg_get_serial_sequence('{name}', 'id')::regclass), 0))"
                ),
            }),
            last_rev: sql(format!("SELECT coalesce(max(rev), 0) FROM {name}")),
            raise_ids: match dialect {
                // A table that never had a row has no line there yet.
                Dialect::Sqlite => [
                    "UPDATE sqlite_sequence SET seq = max(seq, $1) WHERE name = ",
                    "INSERT INTO sqlite_sequence (seq, name) SELECT $1, ",
                ]
                .map(|start| sql(format!("{start}'{name}'"))),
                Dialect::Postgres => [
                    format!("SELECT setval(pg_get_serial_sequence('{name}', 'id')::regclass, $1)"),
                    String::new(),
                ],
            },
            reset_ids: sql(format!("DELETE FROM sqlite_sequence WHERE name = '{name}'")),
        }
    }
}
