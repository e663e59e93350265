//! Databases for one case.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use harness::TestDatabase;
use rusqlite::Connection;
use store::{Database, OpenError, Store};
use tempfile::TempDir;

use crate::record::NOTES;

/// All tables of a store.
const TABLES: [&str; 6] = [
    "notes",
    "notes_idempotency",
    "banyan_ownership",
    "banyan_runs",
    "banyan_marks",
    "banyan_followers",
];

/// A database; with it go those that were made beside it.
pub(crate) struct Engine {
    place: Place,
    beside: Mutex<Vec<Place>>,
}

#[derive(Clone)]
enum Place {
    Sqlite(Arc<TempDir>),
    Postgres(Arc<TestDatabase>),
}

impl From<Place> for Engine {
    fn from(place: Place) -> Self {
        Self { place, beside: Mutex::default() }
    }
}

impl Engine {
    pub(crate) fn sqlite() -> Self {
        Place::Sqlite(Arc::new(tempfile::tempdir().unwrap())).into()
    }

    pub(crate) async fn postgres() -> Self {
        Place::Postgres(Arc::new(harness::postgres().await)).into()
    }

    /// Another database on the same engine, which lives as long as this one.
    pub(crate) async fn another(&self) -> Self {
        let other = match self.place {
            Place::Sqlite(_) => Self::sqlite(),
            Place::Postgres(_) => Self::postgres().await,
        };
        self.beside.lock().unwrap().push(other.place.clone());
        other
    }

    /// The file, if it is one.
    fn file(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Sqlite(folder) => Some(folder.path().join("notes.db")),
            Place::Postgres(_) => None,
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.place, Place::Sqlite(_))
    }

    pub(crate) fn url(&self) -> String {
        match &self.place {
            Place::Sqlite(folder) => format!("sqlite:{}", folder.path().join("notes.db").display()),
            Place::Postgres(database) => database.url().to_owned(),
        }
    }

    pub(crate) async fn try_open(&self) -> Result<Store, OpenError> {
        let database: Database = self.url().parse().unwrap();
        Store::open(&database, &[Arc::clone(&NOTES)], 8).await
    }

    pub(crate) async fn open(&self) -> Store {
        self.try_open().await.unwrap()
    }

    /// Puts a copy of everything aside, as it is now: of the file, or as a dump has it.
    pub(crate) async fn backup(&self) -> Option<Vec<u8>> {
        let Some(path) = self.file() else {
            let copies = TABLES.map(|name| format!("CREATE TABLE backup.{name} AS TABLE {name};"));
            self.execute(&format!("CREATE SCHEMA backup; {}", copies.concat())).await;
            return None;
        };
        let connection = Connection::open(&path).unwrap();
        let empty = |_: &rusqlite::Row<'_>| Ok(());
        connection.query_row("PRAGMA wal_checkpoint(truncate)", [], empty).unwrap();
        Some(std::fs::read(path).unwrap())
    }

    /// Puts the store back to the state of the copy; on PostgreSQL as a dump is restored: what the server numbers
    /// its transactions with has gone on.
    pub(crate) async fn put_back(&self, backup: Option<Vec<u8>>) {
        if let Some((path, bytes)) = self.file().zip(backup) {
            for log in ["db-wal", "db-shm"] {
                // There is none after the last connection was closed.
                let _ = std::fs::remove_file(path.with_extension(log));
            }
            std::fs::remove_file(&path).unwrap();
            return std::fs::write(path, bytes).unwrap();
        }
        let back = TABLES.map(|name| format!("INSERT INTO {name} TABLE backup.{name};"));
        let ids = "SELECT setval(pg_get_serial_sequence('notes', 'id'), max(id)) FROM notes";
        self.execute(&format!("TRUNCATE {}; {} {ids}", TABLES.join(", "), back.concat())).await;
    }

    /// Fills an empty database with what a store of version 2 kept in this state. Its transactions have numbers above
    /// those that the rows were written with, as on a server that a dump is restored on.
    pub(crate) async fn load(&self, state: &str) {
        let folder = if self.is_sqlite() { "sqlite" } else { "postgres" };
        let folder = format!("{}/tests/conformance/version_2/{folder}", env!("CARGO_MANIFEST_DIR"));
        for name in ["schema", state] {
            let sql = std::fs::read_to_string(format!("{folder}/{name}.sql")).unwrap();
            self.execute(&sql).await;
        }
        if !self.is_sqlite() {
            self.execute(
                "DO $$ BEGIN WHILE pg_current_xact_id()::text::bigint < 2000 LOOP COMMIT; END LOOP; \
                 END $$",
            )
            .await;
        }
    }

    /// Runs statements behind the store's back.
    pub(crate) async fn execute(&self, sql: &str) {
        match &self.place {
            Place::Sqlite(folder) => {
                let connection = Connection::open(folder.path().join("notes.db")).unwrap();
                connection.execute_batch(sql).unwrap();
            }
            Place::Postgres(database) => database.execute(sql).await,
        }
    }
}
