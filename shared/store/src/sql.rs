//! The SQL both engines speak. Parameters are written `$1`; SQLite's `?1` is made from that.
//!
//! What differs is in [`Dialect`]. Statements are built once, when a store is opened.

mod feed;
mod fields;
mod moves;
mod schema;

pub(crate) use self::schema::{
    READ_VERSION, RENAME_OLD_COLUMN, SCHEMA_VERSION, VERSION_TABLE, WRITE_VERSION, filter_index,
    has_old_column, migrations, unique_index,
};

use std::sync::Arc;

use models::Collection;

pub(crate) use self::feed::FeedStatements;
pub(crate) use self::fields::{Present, additions, read_columns, read_indexes};
pub(crate) use self::moves::{CLOCK, MoveStatements};

use crate::page::Walk;
use crate::write::IDEMPOTENCY_MS;

/// PostgreSQL's clock in milliseconds when a statement begins; an index can be searched for it.
const STATEMENT_TIME: &str = "(extract(epoch FROM statement_timestamp()) * 1000)::bigint";

/// The number of the present transaction. Two that run at once may commit in either order.
pub(crate) const TRANSACTION: &str = "pg_current_xact_id()::text::bigint";

/// Where the two engines' SQL differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    fn lock(self) -> &'static str {
        match self {
            // The writer's transaction holds the whole file.
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// The place in the feed that a write gives its row: on SQLite the parameter that stands there, on
    /// PostgreSQL the transaction's own number.
    fn place(self, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("${parameter}"),
            Self::Postgres => TRANSACTION.to_owned(),
        }
    }

    /// The place that a change gives its row. On PostgreSQL two changes of a row may be numbered in one order and commit
    /// in the other: the row keeps the higher number, since places never go back (`check_history` rests on that).
    fn next_place(self, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("${parameter}"),
            Self::Postgres => format!("greatest(position, {TRANSACTION})"),
        }
    }

    /// How many parameters [`Dialect::place`] takes.
    fn places(self) -> usize {
        match self {
            Self::Sqlite => 1,
            Self::Postgres => 0,
        }
    }

    /// What a change of a row gives: its rev, and the place where that was not known before.
    fn tell_change(self) -> &'static str {
        match self {
            Self::Sqlite => " RETURNING rev",
            Self::Postgres => " RETURNING rev, position",
        }
    }

    /// The rev of a row's next state: one more, and above those that the document of ownership leaves out.
    fn next_rev(self, table: &str) -> String {
        let (greatest, above) = match self {
            Self::Sqlite => ("max", "document ->> 'revsAbove'"),
            Self::Postgres => ("greatest", "(document::json ->> 'revsAbove')::bigint"),
        };
        format!(
            "{greatest}(rev + 1, coalesce((SELECT {above} FROM banyan_ownership \
             WHERE collection = '{table}'), 0) + 1)"
        )
    }

    /// The oldest time of an idempotency key that counts: on SQLite the parameter that stands there, on
    /// PostgreSQL by the server's own clock, so that the programs on a database need not agree on the time.
    fn oldest_key(self, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("${parameter}"),
            Self::Postgres => format!("{STATEMENT_TIME} - {IDEMPOTENCY_MS}"),
        }
    }

    /// Passes over rows that another transaction is about to delete.
    fn lock_what_is_free(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Makes sure that a list walks the index of living rows: beside many tombstones, SQLite's
    /// planner would still take the primary key.
    fn indexed_by(self, index: &str) -> String {
        match self {
            Self::Sqlite => format!(" INDEXED BY {index}"),
            Self::Postgres => String::new(),
        }
    }

    /// The condition and the order of a list: `$1` the id walked from, `$3` the id looked for.
    fn walk(self, walk: Walk, filter: Option<&str>) -> (String, String) {
        let (beyond, within, down) = match walk {
            Walk::Up => (">", "<=", ""),
            Walk::Down => ("<", ">=", " DESC"),
        };
        match (self, filter) {
            (_, None) => (format!("id {beyond} $1"), format!("id{down}")),
            (Self::Sqlite, Some(column)) => {
                (format!("{column} = $3 AND id {beyond} $1"), format!("id{down}"))
            }
            // Written so that only the filter's own index gives the order. With `column = $3` the
            // planner may expect to meet enough such rows by walking all rows by id, and be wrong.
            (Self::Postgres, Some(column)) => (
                format!("({column}, id) {beyond} ($3, $1) AND {column} {within} $3"),
                format!("{column}{down}, id{down}"),
            ),
        }
    }

    fn finish(self, sql: String) -> String {
        match self {
            Self::Sqlite => sql.replace('$', "?"),
            Self::Postgres => sql,
        }
    }
}

/// Every statement on one collection's rows.
#[derive(Debug)]
pub(crate) struct Statements {
    pub(crate) collection: Arc<Collection>,
    /// `$1` id.
    pub(crate) get: String,
    /// `$1` id; holds the row until the transaction ends.
    pub(crate) get_locked: String,
    /// `$1` the id walked from, `$2` most rows: up, down.
    list: [String; 2],
    /// For each filter: `$1` the id walked from, `$2` most rows, `$3` the id looked for: up, down.
    filtered: Vec<[String; 2]>,
    /// No parameter; no row where the table never had one.
    pub(crate) any: String,
    /// `$1` now, on SQLite the place, then the values; gives the id.
    pub(crate) insert: String,
    /// `$1` id, `$2` now, on SQLite the place, then the values; gives the rev, on PostgreSQL the place too.
    pub(crate) update: String,
    /// `$1` id, `$2` now, on SQLite the place; gives the same. Keeps the row as a tombstone without its content.
    pub(crate) delete: String,
    /// `$1` key, on SQLite `$2` the oldest time that counts; gives fingerprint, id, answer.
    pub(crate) key_find: String,
    /// `$1` key, `$2` fingerprint, `$3` id, `$4` answer, on SQLite `$5` now.
    pub(crate) key_insert: String,
    /// `$1` key, on SQLite `$2` the oldest time that counts. Forgets this key if it is older.
    pub(crate) key_expire: String,
    /// On SQLite `$1` the oldest time that counts. Forgets a bounded number of older keys.
    pub(crate) keys_purge: String,
    pub(crate) feed: FeedStatements,
    pub(crate) moves: MoveStatements,
}

impl Statements {
    pub(crate) fn new(collection: Arc<Collection>, dialect: Dialect) -> Self {
        let name = &*collection.name;
        let names: Vec<_> = collection.fields.iter().map(|field| &*field.column).collect();
        let row = format!("id, rev, created_at, updated_at, {}", names.join(", "));
        let places = |first: usize| (first..first + names.len()).map(|place| format!("${place}"));
        let assign = |values: Vec<String>| -> String {
            let pairs = names.iter().zip(values).map(|(name, value)| format!("{name} = {value}"));
            pairs.collect::<Vec<_>>().join(", ")
        };
        let blanks = collection.fields.iter().map(|field| schema::blank(field.kind()).to_owned());
        let get = format!("SELECT {row} FROM {name} WHERE id = $1 AND NOT deleted");
        let list = |index: &str, walk: Walk, filter: Option<&str>| {
            let index = dialect.indexed_by(index);
            let (from, order) = dialect.walk(walk, filter);
            dialect.finish(format!(
                "SELECT {row} FROM {name}{index} WHERE {from} AND NOT deleted ORDER BY {order} LIMIT $2"
            ))
        };
        let walks = |index: &str, filter: Option<&str>| {
            [Walk::Up, Walk::Down].map(|walk| list(index, walk, filter))
        };
        let sql = |text: String| dialect.finish(text);
        let next_rev = dialect.next_rev(name);
        Self {
            feed: FeedStatements::new(&collection, dialect),
            moves: MoveStatements::new(name, dialect),
            get_locked: sql(format!("{get}{}", dialect.lock())),
            get: sql(get),
            list: walks(&format!("{name}_living"), None),
            filtered: collection
                .filters()
                .map(|(field, _)| walks(&filter_index(name, &field.column), Some(&field.column)))
                .collect(),
            any: sql(format!("SELECT 1 FROM {name} LIMIT 1")),
            insert: sql(format!(
                "INSERT INTO {name} (position, rev, created_at, updated_at, {}) \
                 VALUES ({}, 1, $1, $1, {}) RETURNING id, position",
                names.join(", "),
                dialect.place(2),
                places(2 + dialect.places()).collect::<Vec<_>>().join(", ")
            )),
            update: sql(format!(
                "UPDATE {name} SET rev = {next_rev}, updated_at = $2, position = {}, {} \
                 WHERE id = $1{}",
                dialect.next_place(3),
                assign(places(3 + dialect.places()).collect()),
                dialect.tell_change()
            )),
            delete: sql(format!(
                "UPDATE {name} SET rev = {next_rev}, updated_at = $2, position = {}, deleted = TRUE, {} \
                 WHERE id = $1{}",
                dialect.next_place(3),
                assign(blanks.collect()),
                dialect.tell_change()
            )),
            key_find: sql(format!(
                "SELECT fingerprint, id, answer FROM {name}_idempotency \
                 WHERE key = $1 AND created_at >= {}",
                dialect.oldest_key(2)
            )),
            key_insert: sql(format!(
                "INSERT INTO {name}_idempotency (key, fingerprint, id, created_at, answer) \
                 VALUES ($1, $2, $3, {}, $4) ON CONFLICT (key) DO NOTHING",
                match dialect {
                    Dialect::Sqlite => "$5",
                    Dialect::Postgres => STATEMENT_TIME,
                }
            )),
            key_expire: sql(format!(
                "DELETE FROM {name}_idempotency WHERE key = $1 AND created_at < {}",
                dialect.oldest_key(2)
            )),
            keys_purge: sql(format!(
                "DELETE FROM {name}_idempotency WHERE key IN (SELECT key FROM {name}_idempotency \
                 WHERE created_at < {} ORDER BY created_at LIMIT 100{})",
                dialect.oldest_key(1),
                dialect.lock_what_is_free()
            )),
            collection,
        }
    }

    /// The list statement for a walk, with or without a filter.
    pub(crate) fn walk(&self, filter: Option<usize>, walk: Walk) -> &str {
        let both = filter.and_then(|filter| self.filtered.get(filter)).unwrap_or(&self.list);
        match walk {
            Walk::Up => &both[0],
            Walk::Down => &both[1],
        }
    }
}
