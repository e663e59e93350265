//! Statements within one transaction.

use rusqlite::params_from_iter;
use serde::de::DeserializeOwned;

use crate::session::DatabaseSession;
use crate::{Error, Row, Value};

/// A transaction on the state. The values of a statement are `?1`, `?2`, ...
pub struct Transaction<'a>(Engine<'a>);

enum Engine<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a DatabaseSession),
}

impl<'a> Transaction<'a> {
    pub(crate) fn sqlite(connection: &'a rusqlite::Connection) -> Self {
        Self(Engine::Sqlite(connection))
    }

    pub(crate) fn postgres(session: &'a DatabaseSession) -> Self {
        Self(Engine::Postgres(session))
    }

    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.0, Engine::Postgres(_))
    }

    /// Carries a statement out.
    ///
    /// # Errors
    /// What the engine says.
    pub fn run(&self, sql: &str, values: &[Value]) -> Result<(), Error> {
        match self.0 {
            Engine::Sqlite(connection) => {
                connection.prepare_cached(sql)?.execute(params_from_iter(values))?;
                Ok(())
            }
            Engine::Postgres(session) => session.run(sql, values),
        }
    }

    /// Every row that a statement finds.
    ///
    /// # Errors
    /// What the engine says, and what `read` does.
    pub fn all<T>(
        &self,
        sql: &str,
        values: &[Value],
        read: impl FnMut(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.rows(sql, values)?.iter().map(read).collect()
    }

    /// The first row that a statement finds.
    ///
    /// # Errors
    /// As [`Transaction::all`].
    pub fn one<T>(
        &self,
        sql: &str,
        values: &[Value],
        read: impl FnOnce(&Row) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.rows(sql, values)?.first().map(read).transpose()
    }

    /// The JSON documents in the first column of what a statement finds.
    ///
    /// # Errors
    /// As [`Transaction::all`]; if a document cannot be read.
    pub fn documents<T: DeserializeOwned>(
        &self,
        sql: &str,
        values: &[Value],
    ) -> Result<Vec<T>, Error> {
        self.all(sql, values, |row| Ok(serde_json::from_str(&row.text(0)?)?))
    }

    fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let connection = match self.0 {
            Engine::Sqlite(connection) => connection,
            Engine::Postgres(session) => return session.rows(sql, values),
        };
        let mut statement = connection.prepare_cached(sql)?;
        let columns = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|column| Ok(row.get_ref(column)?.into()));
            Ok(Row(values.collect::<rusqlite::Result<_>>()?))
        };
        Ok(statement.query_map(params_from_iter(values), read)?.collect::<Result<_, _>>()?)
    }
}
