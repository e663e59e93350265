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

use crate::postgres::PostgresStore;
use crate::sqlite::SqliteStore;
use crate::{
    Change, Created, Database, Idempotency, OpenError, Page, PageQuery, Precondition, Record, Row,
    StoreError, Table,
};

/// Keeps the rows of some records. What a call has answered is durable.
///
/// On SQLite a read runs at once on the calling thread; a write waits for its turn with the writer.
#[derive(Debug)]
pub struct Store {
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Sqlite(Box<SqliteStore>),
    Postgres(PostgresStore),
}

impl Store {
    /// Opens the database and brings the schema of these tables up to date, in one transaction.
    /// `connections` bounds a PostgreSQL pool.
    ///
    /// # Errors
    /// Where the database cannot be reached, is damaged, or was made by a newer program. Then
    /// nothing in it was changed.
    pub async fn open(
        database: &Database,
        tables: &[Table],
        connections: usize,
    ) -> Result<Self, OpenError> {
        let engine = match database {
            Database::Sqlite(path) => Engine::Sqlite(Box::new(SqliteStore::open(path, tables)?)),
            Database::Postgres(url) => {
                Engine::Postgres(PostgresStore::open(url, tables, connections).await?)
            }
        };
        Ok(Self { engine })
    }

    /// The row, or `None` where the id was never given out or its row is deleted.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn get<R: Record>(&self, id: u64) -> Result<Option<Row<R::Content>>, StoreError> {
        each!(self, engine => engine.get::<R>(id).await)
    }

    /// A page of the rows. Reads the rows that it gives and a bounded number of others, wherever it
    /// starts.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn page<R: Record>(&self, query: PageQuery) -> Result<Page<R::Content>, StoreError> {
        each!(self, engine => engine.page::<R>(query).await)
    }

    /// What the insert with this key made, if there was one.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] where its content was another; or where the store cannot be read.
    pub async fn first_answer<R: Record>(
        &self,
        sent: &Idempotency,
    ) -> Result<Option<Created>, StoreError> {
        each!(self, engine => engine.first_answer::<R>(sent).await)
    }

    /// Stores a row and gives it the next id. With a key that came before, gives the first answer
    /// again and stores nothing.
    ///
    /// # Errors
    /// [`StoreError::Taken`], [`StoreError::KeyReused`], or where the store cannot be written.
    pub async fn insert<R: Record>(
        &self,
        content: R::Content,
        idempotency: Option<Idempotency>,
    ) -> Result<Created, StoreError> {
        each!(self, engine => engine.insert::<R>(content, idempotency).await)
    }

    /// Changes a row. A change that changes nothing leaves rev and times as they are.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::PreconditionFailed`], [`StoreError::Invalid`],
    /// [`StoreError::Taken`], or where the store cannot be written.
    pub async fn update<R: Record>(
        &self,
        id: u64,
        precondition: Precondition,
        change: impl Change<R::Content>,
    ) -> Result<Row<R::Content>, StoreError> {
        each!(self, engine => engine.update::<R>(id, precondition, change).await)
    }

    /// Deletes a row: its id and rev stay, with a mark; its content goes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::PreconditionFailed`], or where the store cannot be
    /// written.
    pub async fn delete<R: Record>(
        &self,
        id: u64,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        each!(self, engine => engine.delete::<R>(id, precondition).await)
    }

    /// Stores these rows where the table has none, all or nothing; says whether it did.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub async fn seed<R: Record>(&self, contents: Vec<R::Content>) -> Result<bool, StoreError> {
        each!(self, engine => engine.seed::<R>(contents).await)
    }

    /// Whether the store can be reached.
    ///
    /// # Errors
    /// Where it cannot.
    pub async fn ping(&self) -> Result<(), StoreError> {
        each!(self, engine => engine.ping().await)
    }

    /// Ends what is under way and lets go of the database. Later calls fail.
    pub async fn close(&self) {
        each!(self, engine => engine.close().await);
    }
}
