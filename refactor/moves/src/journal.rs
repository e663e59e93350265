//! Moves on disk: a document each, and one for its comparison, which is written more often.

use std::sync::PoisonError;

use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::diff::Comparison;
use super::record::{MoveId, Record};
use spaces::state::Shared;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS moves (
        application TEXT NOT NULL,
        collection TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (application, collection)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS move_comparisons (
        application TEXT NOT NULL,
        collection TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (application, collection)
    ) STRICT;
";

/// The moves on disk. What is written is there when a function returns. Cheap to clone.
#[derive(Clone)]
pub(super) struct Journal(Shared);

impl Journal {
    /// Brings the schema up to date.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn open(connection: Shared) -> Result<Self> {
        lock(&connection).execute_batch(SCHEMA)?;
        Ok(Self(connection))
    }

    /// Every move.
    ///
    /// # Errors
    /// If the file or a document cannot be read.
    pub(super) fn moves(&self) -> Result<Vec<Record>> {
        let connection = lock(&self.0);
        let sql = "SELECT document FROM moves ORDER BY application, collection";
        let mut statement = connection.prepare(sql)?;
        let read = |row: &rusqlite::Row<'_>| document(&row.get::<_, String>(0)?);
        statement.query_map([], read)?.collect()
    }

    /// A move, if there is one.
    ///
    /// # Errors
    /// If the file or its document cannot be read.
    pub(super) fn find(&self, key: &MoveId) -> Result<Option<Record>> {
        self.get("SELECT document FROM moves WHERE application = ? AND collection = ?", key)
    }

    /// Writes a move.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write(&self, record: &Record) -> Result<()> {
        self.put("INSERT OR REPLACE INTO moves VALUES (?, ?, ?)", &record.key(), record)
    }

    /// Forgets a move and its comparison.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn forget(&self, (application, collection): &MoveId) -> Result<()> {
        let mut connection = lock(&self.0);
        let transaction = connection.transaction()?;
        for table in ["moves", "move_comparisons"] {
            let sql = format!("DELETE FROM {table} WHERE application = ? AND collection = ?");
            transaction.execute(&sql, [application, collection])?;
        }
        transaction.commit()
    }

    /// The comparison that a move had last.
    ///
    /// # Errors
    /// If the file or its document cannot be read.
    pub(super) fn comparison(&self, key: &MoveId) -> Result<Option<Comparison>> {
        let sql = "SELECT document FROM move_comparisons WHERE application = ? AND collection = ?";
        self.get(sql, key)
    }

    /// Writes a comparison, as far as it is.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write_comparison(&self, key: &MoveId, comparison: &Comparison) -> Result<()> {
        self.put("INSERT OR REPLACE INTO move_comparisons VALUES (?, ?, ?)", key, comparison)
    }

    fn get<T: DeserializeOwned>(&self, sql: &str, key: &MoveId) -> Result<Option<T>> {
        let connection = lock(&self.0);
        let mut statement = connection.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| document(&row.get::<_, String>(0)?);
        statement.query_row([&key.0, &key.1], read).optional()
    }

    fn put(
        &self,
        sql: &str,
        (application, collection): &MoveId,
        value: &impl Serialize,
    ) -> Result<()> {
        let document = serde_json::to_string(value)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let connection = lock(&self.0);
        let mut statement = connection.prepare_cached(sql)?;
        statement.execute(params![application, collection, document]).map(drop)
    }
}

fn lock(connection: &Shared) -> std::sync::MutexGuard<'_, Connection> {
    // A thread that panicked with the lock left no transaction behind: dropping one rolls it back.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn document<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    })
}
