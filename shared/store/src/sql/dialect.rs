//! The SQL that the two engines write differently.

pub(crate) use ::postgres::order::{CLOCK, TRANSACTION};

use crate::page::Walk;
use crate::write::IDEMPOTENCY_MS;

/// PostgreSQL's clock in milliseconds when a statement begins; an index can be searched for it.
pub(super) const STATEMENT_TIME: &str =
    "(extract(epoch FROM statement_timestamp()) * 1000)::bigint";

/// The SQL of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    pub(super) fn lock(self) -> &'static str {
        match self {
            // The writer's transaction holds the whole file.
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// The place in the feed that a write gives its row: on SQLite the parameter that stands there, on
    /// PostgreSQL the transaction's own number.
    pub(super) fn place(self, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("${parameter}"),
            Self::Postgres => TRANSACTION.to_owned(),
        }
    }

    /// The place that a change gives its row. On PostgreSQL two changes of a row may be numbered in one order and commit
    /// in the other: the row keeps the higher number, since places never go back (`check_history` rests on that).
    pub(super) fn next_place(self, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("${parameter}"),
            Self::Postgres => format!("greatest(position, {TRANSACTION})"),
        }
    }

    /// How many parameters [`Dialect::place`] takes.
    pub(super) fn places(self) -> usize {
        match self {
            Self::Sqlite => 1,
            Self::Postgres => 0,
        }
    }

    /// What a change of a row gives: its rev, and its place if that was not known before.
    pub(super) fn tell_change(self) -> &'static str {
        match self {
            Self::Sqlite => " RETURNING rev",
            Self::Postgres => " RETURNING rev, position",
        }
    }

    /// The rev of a row's next state: one more, and above those that the document of ownership leaves out.
    pub(super) fn next_rev(self, table: &str) -> String {
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
    pub(super) fn oldest_key(self, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("${parameter}"),
            Self::Postgres => format!("{STATEMENT_TIME} - {IDEMPOTENCY_MS}"),
        }
    }

    /// Passes over rows that another transaction is about to delete.
    pub(super) fn lock_what_is_free(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Makes sure that a list walks the index of living rows: beside many tombstones, SQLite's
    /// planner would still take the primary key.
    pub(super) fn indexed_by(self, index: &str) -> String {
        match self {
            Self::Sqlite => format!(" INDEXED BY {index}"),
            Self::Postgres => String::new(),
        }
    }

    /// The condition and the order of a list: `$1` the id walked from, `$3` the id looked for.
    pub(super) fn walk(self, walk: Walk, filter: Option<&str>) -> (String, String) {
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

    pub(super) fn finish(self, sql: String) -> String {
        match self {
            Self::Sqlite => sql.replace('$', "?"),
            Self::Postgres => sql,
        }
    }
}
