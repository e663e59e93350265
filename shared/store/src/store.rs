//! A store of any engine.

/// Calls the method on whichever engine it is.
macro_rules! each {
    ($store:expr, $engine:ident => $call:expr) => {
        match &$store.engine {
            Engine::Sqlite($engine) => $call,
            Engine::Postgres($engine) => $call,
        }
    };
}

mod feed;
mod moves;

use std::sync::Arc;

use models::{Cell, Collection, View};

use crate::postgres::PostgresStore;
use crate::sql::Dialect;
use crate::sqlite::{Snapshot, SqliteStore};
use crate::table::Tables;
use crate::{
    Change, Created, Database, Idempotency, OpenError, Page, PageQuery, Precondition, Row, Shown,
    StoreError,
};

/// Keeps the rows of some collections. What a call has answered is durable.
///
/// Every method takes the collection that it is about; one that the store was opened without is
/// [`StoreError::Failed`]. On SQLite a read runs at once on the calling thread; a write waits for its turn with the
/// writer.
#[derive(Debug)]
pub struct Store {
    tables: Tables,
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Sqlite(Box<SqliteStore>),
    Postgres(PostgresStore),
}

impl Store {
    /// Opens the database and brings the tables of these collections up to date, in one transaction.
    /// `connections` bounds a PostgreSQL pool.
    ///
    /// # Errors
    /// If the database cannot be reached, is damaged, or was made by a newer program, or if a description cannot be
    /// stored. Then nothing in it was changed.
    pub async fn open(
        database: &Database,
        collections: &[Arc<Collection>],
        connections: usize,
    ) -> Result<Self, OpenError> {
        for collection in collections {
            let refused = |reason| OpenError::Collection {
                database: database.to_string(),
                collection: collection.name.clone(),
                reason,
            };
            collection.check().map_err(refused)?;
        }
        let (tables, engine) = match database {
            Database::Sqlite(path) => {
                let tables = Tables::new(collections, Dialect::Sqlite);
                let engine = SqliteStore::open(path, &tables)?;
                (tables, Engine::Sqlite(Box::new(engine)))
            }
            Database::Postgres(url) => {
                let tables = Tables::new(collections, Dialect::Postgres);
                let engine = PostgresStore::open(url, &tables, connections).await?;
                (tables, Engine::Postgres(engine))
            }
        };
        Ok(Self { tables, engine })
    }

    /// The row, or `None` if the id was never given out or its row is deleted.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn get(&self, collection: &Collection, id: u64) -> Result<Option<Row>, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.get(table, id).await)
    }

    /// The row as JSON, or `None` likewise.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn show(
        &self,
        collection: &Collection,
        id: u64,
        view: View,
    ) -> Result<Option<Shown>, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.show(table, id, view).await)
    }

    /// Whether the row is there, if this store is the primary of the collection; `None` if it is not. Role and row
    /// are of one moment.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn primary_has(
        &self,
        collection: &Collection,
        id: u64,
    ) -> Result<Option<bool>, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.primary_has(table, id).await)
    }

    /// The id of the living row with this text in its unique field, to the letter; `None` if there is none, or no such
    /// field.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn named(
        &self,
        collection: &Collection,
        text: &str,
    ) -> Result<Option<u64>, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.named(table, text).await)
    }

    /// The same, if this store is the primary of the collection; `None` if it is not. Role and row are of one moment.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn primary_named(
        &self,
        collection: &Collection,
        text: &str,
    ) -> Result<Option<Option<u64>>, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.primary_named(table, text).await)
    }

    /// A page of the rows, as JSON. Reads the rows that it gives and a bounded number of others, wherever it
    /// starts.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn page(
        &self,
        collection: &Collection,
        query: PageQuery,
        view: View,
    ) -> Result<Page, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.page(table, query, view).await)
    }

    /// What the store holds now, on SQLite, where a read never waits: as long as it is equal, what was read after it was taken
    /// is still what the store holds. `None` on PostgreSQL.
    pub fn snapshot(&self) -> Option<Snapshot> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.snapshot(),
            Engine::Postgres(_) => None,
        }
    }

    /// What the insert with this key made, if there was one.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] if its content was another; or if the store cannot be read.
    pub async fn first_answer(
        &self,
        collection: &Collection,
        sent: &Idempotency,
    ) -> Result<Option<Created>, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.first_answer(table, sent).await)
    }

    /// Stores a row and gives it the next id. With a key that came before, gives the first answer
    /// again and stores nothing.
    ///
    /// # Errors
    /// [`StoreError::Taken`], [`StoreError::KeyReused`], or if the store cannot be written.
    pub async fn insert(
        &self,
        collection: &Collection,
        cells: Vec<Cell>,
        idempotency: Option<Idempotency>,
    ) -> Result<Created, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.insert(table, cells, idempotency).await)
    }

    /// Changes a row. A change that changes nothing leaves rev and times as they are.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::OtherAuthor`], [`StoreError::PreconditionFailed`],
    /// [`StoreError::Invalid`], [`StoreError::Taken`], or if the store cannot be written.
    pub async fn update(
        &self,
        collection: &Collection,
        id: u64,
        precondition: Precondition,
        change: Change,
    ) -> Result<Row, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.update(table, id, precondition, change).await)
    }

    /// Deletes a row: its id and rev stay, with a mark; its content goes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::OtherAuthor`], [`StoreError::PreconditionFailed`], or if the store cannot
    /// be written.
    pub async fn delete(
        &self,
        collection: &Collection,
        id: u64,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.delete(table, id, precondition).await)
    }

    /// Stores these rows if the table has none, all or nothing; says whether it did.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn seed(
        &self,
        collection: &Collection,
        rows: Vec<Vec<Cell>>,
    ) -> Result<bool, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.seed(table, rows).await)
    }

    /// Whether the store can be reached.
    ///
    /// # Errors
    /// If it cannot.
    pub async fn ping(&self) -> Result<(), StoreError> {
        each!(self, engine => engine.ping().await)
    }

    /// Ends what is under way and lets go of the database. Later calls fail.
    pub async fn close(&self) {
        each!(self, engine => engine.close().await);
    }
}
