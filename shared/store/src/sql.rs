//! The SQL both engines speak. Parameters are written `$1`; SQLite's `?1` is made from that.
//!
//! [`Dialect`] has what differs. Statements are built once, when a store is opened.

mod dialect;
mod feed;
mod fields;
mod moves;
mod schema;

#[cfg(test)]
mod tests;

pub(crate) use self::schema::{
    READ_VERSION, RENAME_OLD_COLUMN, SCHEMA_VERSION, VERSION_TABLE, WRITE_VERSION, filter_index,
    has_old_column, migrations, unique_index,
};

use std::sync::Arc;

use models::Collection;

pub(crate) use self::dialect::{CLOCK, Dialect, TRANSACTION};
pub(crate) use self::feed::FeedStatements;
pub(crate) use self::fields::{Present, additions, read_columns, read_indexes};
pub(crate) use self::moves::MoveStatements;

use self::dialect::STATEMENT_TIME;
use crate::page::Walk;

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
    /// `$1` a text; gives the id of the living row that has it in its unique field. Empty without such a field.
    pub(crate) named: String,
    /// The same on the primary, and nothing elsewhere: gives one row, with NULL if there is no such row.
    pub(crate) primary_named: String,
    /// No parameter. Gives no row if the table never had one.
    pub(crate) any: String,
    /// `$1` now, on SQLite the place, then the values; gives the id.
    pub(crate) insert: String,
    /// `$1` now, then the values; gives id, place and epoch, or nothing if the store may not be written to or the
    /// transaction has not locked the collection. PostgreSQL only.
    pub(crate) checked_insert: String,
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
        let moves = MoveStatements::new(name, dialect);
        let named = collection.unique().map(|field| {
            let column = &field.column;
            // The first condition is the index.
            format!(
                "SELECT id FROM {name} WHERE lower({column}) = lower($1) AND {column} = $1 AND NOT deleted"
            )
        });
        Self {
            feed: FeedStatements::new(&collection, dialect),
            checked_insert: sql(format!(
                "INSERT INTO {name} (position, rev, created_at, updated_at, {}) \
                 SELECT {TRANSACTION}, 1, $1, $1, {} FROM banyan_ownership \
                 WHERE {} AND current_setting('banyan.locked', TRUE) = '{name}' \
                 RETURNING id, position, \
                 (SELECT epoch FROM banyan_ownership WHERE collection = '{name}')",
                names.join(", "),
                places(2).collect::<Vec<_>>().join(", "),
                moves.writable
            )),
            primary_named: named
                .as_ref()
                .map(|named| {
                    sql(format!("SELECT ({named}) FROM banyan_ownership WHERE {}", moves.primary))
                })
                .unwrap_or_default(),
            named: named.map(sql).unwrap_or_default(),
            moves,
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
