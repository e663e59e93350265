//! The statements that read a feed, apply one, purge and compare.

use models::{Collection, Field};

use super::dialect::{Dialect, TRANSACTION};
use super::schema;

/// How many rows are removed in one transaction.
const PORTION: usize = 1_000;

/// The statements on rows that serve copies of them.
#[derive(Debug)]
pub(crate) struct FeedStatements {
    /// `$1` place and `$2` id of the cursor, `$3` most rows, on PostgreSQL `$4` the first place that is
    /// not given. Gives place, deleted, and the row.
    pub(crate) page: String,
    /// `$1` id and `$2` the oldest time that counts; on PostgreSQL `$1` ids. Gives id, key, fingerprint,
    /// when it came, answer.
    pub(crate) keys: String,
    /// Whether there is any key at all.
    pub(crate) any_key: String,
    /// Applies a row if it is newer. SQLite: `$1` place, `$2` deleted, `$3` id, `$4` rev, `$5` and `$6` times, then
    /// the values. PostgreSQL: the same without the place, each an array.
    pub(crate) apply: String,
    /// Sets aside the rows that stand in the way of unique values. SQLite: `$1` value, `$2` id of the row
    /// that takes it. PostgreSQL: `$1` ids, `$2` revs, `$3` values of the rows that come.
    pub(crate) supersede: Option<String>,
    /// `$1` key, `$2` fingerprint, `$3` id, `$4` when it came, `$5` answer (PostgreSQL: arrays).
    pub(crate) apply_key: String,
    /// `$1` newest time and `$2` first place that stay. Removes a portion of the tombstones before them
    /// and gives their places.
    pub(crate) purge: String,
    /// Removes a portion of all rows.
    pub(crate) remove_rows: String,
    /// Removes a portion of all keys.
    pub(crate) remove_keys: String,
    /// Removes all rows at once.
    pub(crate) empty: [String; 2],
    /// Gives all rows and marks the place of the present transaction. PostgreSQL only.
    pub(crate) renumber: [String; 2],
    /// `$1` after, `$2` to, `$3` most rows: living rows by id.
    pub(crate) range: String,
    /// The last id of a living row.
    pub(crate) last: String,
    /// `$1` how many: living rows that changed last.
    pub(crate) recent: String,
}

impl FeedStatements {
    pub(super) fn new(collection: &Collection, dialect: Dialect) -> Self {
        let name = &*collection.name;
        let names: Vec<_> = collection.fields.iter().map(|field| &*field.column).collect();
        let unique = collection.unique();
        let row = format!("id, rev, created_at, updated_at, {}", names.join(", "));
        let sql = |text: String| dialect.finish(text);
        let feed = dialect.indexed_by(&format!("{name}_feed"));
        let living = dialect.indexed_by(&format!("{name}_living"));
        let tombstones = dialect.indexed_by(&format!("{name}_deleted"));
        let key = "id, key, fingerprint, created_at, answer";
        let portion = |table: &str, key: &str| {
            format!(
                "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} LIMIT {PORTION})"
            )
        };
        let (id_is, horizon, deleted) = match dialect {
            Dialect::Sqlite => ("= $1", "", "deleted"),
            Dialect::Postgres => ("= ANY($1)", " AND position < $4", "deleted::int::bigint"),
        };
        // An expression, so that no planner with old figures takes the index of ages, behind which is every key.
        let age = match dialect {
            Dialect::Sqlite => "created_at",
            Dialect::Postgres => "created_at + 0",
        };
        Self {
            page: sql(format!(
                "SELECT position, {deleted}, {row} FROM {name}{feed} \
                 WHERE (position, id) > ($1, $2){horizon} ORDER BY position, id LIMIT $3"
            )),
            keys: sql(format!(
                "SELECT {key} FROM {name}_idempotency WHERE id {id_is} AND {age} >= {}",
                dialect.oldest_key(2)
            )),
            any_key: sql(format!("SELECT 1 FROM {name}_idempotency LIMIT 1")),
            apply: sql(apply(collection, dialect)),
            supersede: unique.map(|Field { column, .. }| {
                sql(match dialect {
                    Dialect::Sqlite => format!(
                        "UPDATE {name} SET superseded = TRUE WHERE lower({column}) = lower($1) \
                         AND NOT deleted AND NOT superseded AND id <> $2"
                    ),
                    Dialect::Postgres => format!(
                        "WITH comes AS (SELECT c.id, lower(c.value) AS value \
                         FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS c (id, rev, value) \
                         LEFT JOIN {name} r ON r.id = c.id WHERE r.rev IS NULL OR r.rev < c.rev) \
                         UPDATE {name} SET superseded = TRUE WHERE NOT deleted AND NOT superseded \
                         AND id IN (SELECT id FROM comes UNION SELECT o.id FROM {name} o \
                         JOIN comes ON lower(o.{column}) = comes.value \
                         WHERE NOT o.deleted AND NOT o.superseded)"
                    ),
                })
            }),
            apply_key: sql(match dialect {
                Dialect::Sqlite => format!(
                    "INSERT INTO {name}_idempotency (key, fingerprint, id, created_at, answer) \
                     VALUES ($1, $2, $3, $4, $5) {NEWER_KEY}"
                ),
                Dialect::Postgres => format!(
                    "INSERT INTO {name}_idempotency AS k \
                     (key, fingerprint, id, created_at, answer) SELECT * FROM \
                     unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[]) {}",
                    NEWER_KEY.replace("WHERE id < ", "WHERE k.id < ")
                ),
            }),
            purge: sql(format!(
                "DELETE FROM {name} WHERE id IN (SELECT id FROM {name}{tombstones} WHERE deleted \
                 AND updated_at < $1 AND position < $2 ORDER BY position LIMIT {PORTION}) \
                 RETURNING position"
            )),
            remove_rows: sql(portion(name, "id")),
            remove_keys: sql(portion(&format!("{name}_idempotency"), "key")),
            empty: match dialect {
                Dialect::Sqlite => {
                    [format!("DELETE FROM {name}"), format!("DELETE FROM {name}_idempotency")]
                }
                Dialect::Postgres => [
                    format!("TRUNCATE {name} RESTART IDENTITY"),
                    format!("TRUNCATE {name}_idempotency"),
                ],
            },
            renumber: [
                format!("UPDATE {name} SET position = {TRANSACTION}"),
                format!(
                    "UPDATE banyan_marks SET position = {TRANSACTION} WHERE collection = '{name}'"
                ),
            ],
            range: sql(format!(
                "SELECT {row} FROM {name}{living} WHERE id > $1 AND id <= $2 AND NOT deleted \
                 ORDER BY id LIMIT $3"
            )),
            last: sql(format!(
                "SELECT id FROM {name}{living} WHERE NOT deleted ORDER BY id DESC LIMIT 1"
            )),
            recent: sql(format!(
                "SELECT {row} FROM {name}{feed} WHERE NOT deleted \
                 ORDER BY position DESC, id DESC LIMIT $1"
            )),
        }
    }
}

/// A key that is used again after it was forgotten makes a later row: the higher id tells the newer one without a
/// clock.
const NEWER_KEY: &str = "ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, \
     id = excluded.id, created_at = excluded.created_at, answer = excluded.answer \
     WHERE id < excluded.id";

fn apply(collection: &Collection, dialect: Dialect) -> String {
    let name = &collection.name;
    let superseded = collection.unique().map(|_| "superseded = FALSE");
    let fixed = ["deleted", "id", "rev", "created_at", "updated_at"];
    let names: Vec<_> =
        fixed.into_iter().chain(collection.fields.iter().map(|field| &*field.column)).collect();
    let sets: Vec<_> = names
        .iter()
        .filter(|name| **name != "id")
        .map(|name| format!("{name} = excluded.{name}"))
        .chain(superseded.map(str::to_owned))
        .collect();
    let (columns, sets) = (names.join(", "), sets.join(", "));
    let conflict = format!("ON CONFLICT (id) DO UPDATE SET position = excluded.position, {sets}");
    match dialect {
        Dialect::Sqlite => {
            let places: Vec<_> = (1..=names.len() + 1).map(|place| format!("${place}")).collect();
            format!(
                "INSERT INTO {name} (position, {columns}) VALUES ({}) {conflict} \
                 WHERE rev < excluded.rev",
                places.join(", ")
            )
        }
        Dialect::Postgres => {
            let fields = collection.fields.iter();
            let kinds = fields.map(|field| schema::column_type(field.kind(), dialect));
            let kinds =
                ["boolean", "bigint", "bigint", "bigint", "bigint"].into_iter().chain(kinds);
            let arrays: Vec<_> = kinds
                .enumerate()
                .map(|(place, kind)| format!("${}::{kind}[]", place + 1))
                .collect();
            // The place is the column's default, the number of this transaction.
            format!(
                "INSERT INTO {name} AS r ({columns}) SELECT * FROM unnest({}) {conflict} \
                 WHERE r.rev < excluded.rev",
                arrays.join(", ")
            )
        }
    }
}
