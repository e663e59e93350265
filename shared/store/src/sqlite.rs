//! The SQLite engine: one file, one writer, a reading connection for each thread.
//!
//! SQLite in WAL mode lets any number of connections read while one writes (sqlite.org/wal.html).
//! A read is a few microseconds in memory, so it runs on the thread that asks. All writes go to one
//! thread, which commits whatever is waiting at once.

mod apply;
mod connection;
mod digest;
mod error;
mod feed;
mod file;
mod followers;
mod ownership;
mod reserve;
mod rows;
mod schema;
mod write_check;
mod writer;

use std::path::Path;
use std::sync::Arc;

use models::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use thread_local::ThreadLocal;
use tokio::sync::watch;

use self::error::{is_full, store_error};
use self::file::DatabaseFile;
use self::reserve::Reserve;
use self::writer::Writer;
use crate::page::{Met, Walk};
use crate::position_watch::{Heard, Known, PositionWatches};
use crate::sql::{Catalog, Dialect, Statements};
use crate::{
    Change, Created, Idempotency, OpenError, Page, PageQuery, Position, Precondition, Record, Row,
    StoreError, Table,
};

#[derive(Debug)]
pub(crate) struct SqliteStore {
    file: DatabaseFile,
    catalog: Arc<Catalog>,
    position_watches: Arc<PositionWatches>,
    readers: ThreadLocal<Connection>,
    writer: Writer,
    reserve: Reserve,
}

impl SqliteStore {
    /// Opens the database. Where its disk is full, does it in the room that is kept for moves: its collections can only
    /// be given away by a program that runs.
    pub(crate) fn open(path: &Path, tables: &[Table]) -> Result<Self, OpenError> {
        match Self::open_in_room(path, tables) {
            Err(error) if is_full(&error) && Reserve::of(path).give_up() => {
                log::warn!("store: the disk is full; its reserve is given up for this start");
                Self::open_in_room(path, tables)
            }
            opened => opened,
        }
    }

    fn open_in_room(path: &Path, tables: &[Table]) -> Result<Self, OpenError> {
        let mut connection = schema::open(path, tables)?;
        let file = DatabaseFile::at(path).map_err(|cause| OpenError::Unreachable {
            database: path.display().to_string(),
            advice: "make sure that nobody deletes it",
            cause: Arc::new(cause),
        })?;
        let catalog = Catalog::new(tables, Dialect::Sqlite);
        let position_watches = PositionWatches::new(tables);
        ownership::begin(&mut connection, &catalog, &position_watches).map_err(|error| {
            OpenError::Schema {
                database: format!("sqlite:{}", path.display()),
                cause: Arc::new(error),
            }
        })?;
        let reserve = Reserve::of(file.path());
        reserve.keep();
        Ok(Self {
            catalog: Arc::new(catalog),
            position_watches: Arc::new(position_watches),
            readers: ThreadLocal::new(),
            writer: Writer::start(connection, &file)?,
            reserve,
            file,
        })
    }

    pub(crate) async fn get<R: Record>(
        &self,
        id: u64,
    ) -> Result<Option<Row<R::Content>>, StoreError> {
        rows::find::<R>(self.reader()?, &self.statements::<R>()?.get, id)
    }

    pub(crate) async fn page<R: Record>(
        &self,
        query: PageQuery,
    ) -> Result<Page<R::Content>, StoreError> {
        let connection = self.reader()?;
        let statements = self.statements::<R>()?;
        let list = |walk: Walk, start: u64, met: Met<R::Content>| {
            let sql = statements.walk(query.filter.map(|(filter, _)| filter), walk);
            rows::list::<R>(connection, sql, start, met, query.filter.map(|(_, id)| id))
        };
        let (walk, start) = query.walk();
        let met = list(walk, start, query.collect())?;
        let behind = match query.behind(&met) {
            Some(start) => !list(walk.back(), start, Met::new(1))?.rows.is_empty(),
            None => false,
        };
        Ok(query.page(met, behind))
    }

    pub(crate) async fn first_answer<R: Record>(
        &self,
        sent: &Idempotency,
    ) -> Result<Option<Created>, StoreError> {
        first_answer(self.reader()?, self.statements::<R>()?, sent, Timestamp::now())
    }

    pub(crate) async fn insert<R: Record>(
        &self,
        content: R::Content,
        idempotency: Option<Idempotency>,
    ) -> Result<Created, StoreError> {
        self.write::<R, _>(move |connection, statements, place| {
            let now = Timestamp::now();
            if let Some(sent) = &idempotency
                && let Some(first) = first_answer(connection, statements, sent, now)?
            {
                return Ok(first);
            }
            let row = insert::<R>(connection, statements, content, now, place)?;
            let created = Created::new(row)?;
            if let Some(sent) = &idempotency {
                remember(connection, statements, sent, &created, now)?;
            }
            Ok(created)
        })
        .await
    }

    pub(crate) async fn update<R: Record>(
        &self,
        id: u64,
        precondition: Precondition,
        change: impl Change<R::Content>,
    ) -> Result<Row<R::Content>, StoreError> {
        self.write::<R, _>(move |connection, statements, place| {
            let row = rows::find::<R>(connection, &statements.get_locked, id)?
                .ok_or(StoreError::NotFound)?;
            let Some(mut next) = row.next(&precondition, change)? else { return Ok(row) };
            let values = R::values(&next.content);
            let sql = &statements.update;
            let now = next.updated_at;
            next.rev = rows::execute(connection, sql, statements, id, now, place, &values)?;
            Ok(next)
        })
        .await
    }

    pub(crate) async fn delete<R: Record>(
        &self,
        id: u64,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        self.write::<R, _>(move |connection, statements, place| {
            let row = rows::find::<R>(connection, &statements.get_locked, id)?
                .ok_or(StoreError::NotFound)?;
            precondition.check(row.rev)?;
            let now = row.touched();
            rows::execute(connection, &statements.delete, statements, id, now, place, &[]).map(drop)
        })
        .await
    }

    pub(crate) async fn seed<R: Record>(
        &self,
        contents: Vec<R::Content>,
    ) -> Result<bool, StoreError> {
        self.write::<R, _>(move |connection, statements, place| {
            let any = connection.query_row(&statements.any, [], |_| Ok(())).optional();
            if any.map_err(store_error)?.is_some() {
                return Ok(false);
            }
            let now = Timestamp::now();
            let mut contents = contents.into_iter();
            if let Some(first) = contents.next() {
                insert::<R>(connection, statements, first, now, place)?;
            }
            for content in contents {
                let place = write_check::pass(connection, statements, now)?.at;
                insert::<R>(connection, statements, content, now, place)?;
            }
            Ok(true)
        })
        .await
    }

    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        let read = self.reader()?.query_row("SELECT 1 FROM banyan_schema LIMIT 1", [], |_| Ok(()));
        read.map_err(store_error)?;
        self.file.still_there()?;
        self.writer.alive()
    }

    pub(crate) async fn close(&self) {
        self.writer.stop().await;
    }

    fn statements<R: Record>(&self) -> Result<&Statements, StoreError> {
        self.catalog.find(R::TABLE.name)
    }

    /// This thread's connection.
    fn reader(&self) -> Result<&Connection, StoreError> {
        self.readers.get_or_try(|| connection::read(self.file.path()).map_err(store_error))
    }

    /// Runs a client's work, which is given the statements and its place, once it is sure that the store
    /// may be written to.
    async fn write<R: Record, T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &Statements, u64) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (catalog, position_watches) =
            (Arc::clone(&self.catalog), Arc::clone(&self.position_watches));
        let work = move |connection: &Connection| {
            let statements = catalog.find(R::TABLE.name)?;
            let place = write_check::pass(connection, statements, Timestamp::now())?;
            Ok((work(connection, statements, place.at)?, place))
        };
        let announce = move |(_, place): &(T, Position)| {
            if let Some(position_watch) = position_watches.find(R::TABLE.name) {
                position_watch.wrote(*place);
            }
        };
        self.writer.write(work, announce).await.map(|(answer, _)| answer)
    }

    pub(crate) fn known<R: Record>(&self) -> Known {
        self.position_watches.known::<R>()
    }

    pub(crate) fn changed<R: Record>(&self) -> watch::Receiver<Heard> {
        self.position_watches.changed::<R>()
    }
}

fn insert<R: Record>(
    connection: &Connection,
    statements: &Statements,
    content: R::Content,
    now: Timestamp,
    place: u64,
) -> Result<Row<R::Content>, StoreError> {
    let values = R::values(&content);
    let id = rows::insert(connection, statements, now, place, &values)?;
    Ok(Row { id, rev: 1, created_at: now, updated_at: now, content })
}

fn first_answer(
    connection: &Connection,
    statements: &Statements,
    sent: &Idempotency,
    now: Timestamp,
) -> Result<Option<Created>, StoreError> {
    let mut find = connection.prepare_cached(&statements.key_find).map_err(store_error)?;
    let found = find
        .query_row(params![sent.key, Idempotency::cutoff(now)], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()
        .map_err(store_error)?;
    let Some((fingerprint, id, answer)) = found else { return Ok(None) };
    sent.same(&fingerprint)?;
    Ok(Some(Created { id, answer, replayed: true }))
}

fn remember(
    connection: &Connection,
    statements: &Statements,
    sent: &Idempotency,
    created: &Created,
    now: Timestamp,
) -> Result<(), StoreError> {
    let run = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql)?.execute(params)
    };
    let cutoff = Idempotency::cutoff(now);
    run(&statements.key_expire, params![sent.key, cutoff])
        .and_then(|_| run(&statements.keys_purge, params![cutoff]))
        .and_then(|_| {
            let Created { id, answer, .. } = created;
            run(
                &statements.key_insert,
                params![sent.key, sent.fingerprint, id, answer, now.unix_ms],
            )
        })
        .map(drop)
        .map_err(store_error)
}
