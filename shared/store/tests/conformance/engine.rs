//! A database for one case.

use harness::TestDatabase;
use rusqlite::Connection;
use store::{Database, OpenError, Record, Store};
use tempfile::TempDir;

use crate::record::Notes;

pub(crate) enum Engine {
    Sqlite(TempDir),
    Postgres(TestDatabase),
}

impl Engine {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn postgres() -> Option<Self> {
        harness::postgres().await.map(Self::Postgres)
    }

    fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("notes.db").display()),
            Self::Postgres(database) => database.url().to_owned(),
        }
    }

    pub(crate) async fn try_open(&self) -> Result<Store, OpenError> {
        let database: Database = self.url().parse().unwrap();
        Store::open(&database, &[Notes::TABLE], 8).await
    }

    pub(crate) async fn open(&self) -> Store {
        self.try_open().await.unwrap()
    }

    /// Runs statements behind the store's back.
    pub(crate) async fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(folder) => {
                let connection = Connection::open(folder.path().join("notes.db")).unwrap();
                connection.execute_batch(sql).unwrap();
            }
            Self::Postgres(database) => database.execute(sql).await,
        }
    }
}
