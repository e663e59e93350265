//! Moves on disk: a document each, and one for its comparison, which is written more often.

use journal::{Error, Transaction, values};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::diff_run::DiffRun;
use super::history::{self, Done};
use super::record::{MoveId, MoveRecord};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS moves (
        application TEXT NOT NULL,
        collection TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (application, collection)
    );
    CREATE TABLE IF NOT EXISTS move_comparisons (
        application TEXT NOT NULL,
        collection TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (application, collection)
    );
";

/// The moves on disk. What is written is there when a function returns. Cheap to clone.
#[derive(Clone)]
pub(super) struct MoveJournal(journal::Journal);

impl MoveJournal {
    /// Brings the schema up to date.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(super) fn open(state: journal::Journal) -> Result<Self, Error> {
        state.make_tables(SCHEMA)?;
        state.make_tables(history::SCHEMA)?;
        Ok(Self(state))
    }

    /// Whether nothing can be written any more: the process has lost the control database, or another one leads.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_over()
    }

    /// Every move.
    ///
    /// # Errors
    /// If the state or a document cannot be read.
    pub(super) fn moves(&self) -> Result<Vec<MoveRecord>, Error> {
        let sql = "SELECT document FROM moves ORDER BY application, collection";
        self.0.read(|state| state.documents(sql, values![]))
    }

    /// A move, if there is one.
    ///
    /// # Errors
    /// If the state or its document cannot be read.
    pub(super) fn find(&self, key: &MoveId) -> Result<Option<MoveRecord>, Error> {
        self.get("moves", key)
    }

    /// Writes a move.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(super) fn write(&self, record: &MoveRecord) -> Result<(), Error> {
        self.put("moves", &record.key(), record)
    }

    /// Writes a move whose command has ended, and adds that to the history.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(super) fn end(&self, record: &MoveRecord, done: &Done) -> Result<(), Error> {
        self.0.write(|state| {
            put(state, "moves", &record.key(), record)?;
            done.write(state)
        })
    }

    /// What was done, the newest first, so many lines at most.
    ///
    /// # Errors
    /// If the state or a document cannot be read.
    pub(super) fn history(&self, most: u32) -> Result<Vec<Done>, Error> {
        self.0.read(|state| Done::newest(state, most))
    }

    /// Forgets a move and its comparison, and adds that to the history.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(super) fn forget(
        &self,
        (application, collection): &MoveId,
        done: &Done,
    ) -> Result<(), Error> {
        self.0.write(|state| {
            done.write(state)?;
            ["moves", "move_comparisons"].into_iter().try_for_each(|table| {
                let sql = format!("DELETE FROM {table} WHERE application = ?1 AND collection = ?2");
                state.run(&sql, values![application, collection])
            })
        })
    }

    /// The comparison that a move had last.
    ///
    /// # Errors
    /// If the state or its document cannot be read.
    pub(super) fn comparison(&self, key: &MoveId) -> Result<Option<DiffRun>, Error> {
        self.get("move_comparisons", key)
    }

    /// Writes a comparison, as far as it is.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(super) fn write_comparison(&self, key: &MoveId, comparison: &DiffRun) -> Result<(), Error> {
        self.put("move_comparisons", key, comparison)
    }

    /// Writes a comparison that has ended, or does not go on, and adds that to the history.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(super) fn end_comparison(
        &self,
        key: &MoveId,
        comparison: &DiffRun,
        now_ms: i64,
    ) -> Result<(), Error> {
        self.0.write(|state| {
            put(state, "move_comparisons", key, comparison)?;
            Done::of_comparison(key, comparison, now_ms).write(state)
        })
    }

    /// Adds a line to the history.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(super) fn note(&self, done: &Done) -> Result<(), Error> {
        self.0.write(|state| done.write(state))
    }

    fn get<T: DeserializeOwned>(
        &self,
        table: &str,
        (application, collection): &MoveId,
    ) -> Result<Option<T>, Error> {
        let sql =
            format!("SELECT document FROM {table} WHERE application = ?1 AND collection = ?2");
        self.0.read(|state| Ok(state.documents(&sql, values![application, collection])?.pop()))
    }

    fn put(&self, table: &str, key: &MoveId, value: &impl Serialize) -> Result<(), Error> {
        self.0.write(|state| put(state, table, key, value))
    }
}

fn put(
    state: &Transaction<'_>,
    table: &str,
    (application, collection): &MoveId,
    value: &impl Serialize,
) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO {table} (application, collection, document) VALUES (?1, ?2, ?3)
         ON CONFLICT (application, collection) DO UPDATE SET document = excluded.document"
    );
    let document = serde_json::to_string(value)?;
    state.run(&sql, values![application, collection, document])
}
