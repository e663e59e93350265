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
mod steps;
mod wal_index;
mod write_check;
mod writer;

use std::path::Path;
use std::sync::Arc;

use models::{Cell, Timestamp, View};
use rusqlite::{Connection, OptionalExtension, params};
use thread_local::ThreadLocal;

use self::error::{is_full, store_error};
use self::file::DatabaseFile;
use self::reserve::Reserve;
pub use self::wal_index::Snapshot;
use self::wal_index::WalIndex;
use self::writer::Writer;
use crate::page::{Met, Walk};
use crate::sql::Statements;
use crate::table::{Table, Tables};
use crate::{
    Change, Created, Idempotency, OpenError, Page, PageQuery, Position, Precondition, Row, Shown,
    StoreError,
};

#[derive(Debug)]
pub(crate) struct SqliteStore {
    file: DatabaseFile,
    readers: ThreadLocal<Connection>,
    writer: Writer,
    reserve: Reserve,
    index: WalIndex,
}

impl SqliteStore {
    /// Opens the database. If its disk is full, uses the room that is kept for moves: only a program that runs can
    /// hand its collections over.
    pub(crate) fn open(path: &Path, tables: &Tables) -> Result<Self, OpenError> {
        match Self::open_in_room(path, tables) {
            Err(error) if is_full(&error) && Reserve::of(path).give_up() => {
                log::warn!("store: the disk is full; its reserve is given up for this start");
                Self::open_in_room(path, tables)
            }
            opened => opened,
        }
    }

    fn open_in_room(path: &Path, tables: &Tables) -> Result<Self, OpenError> {
        let mut connection = schema::open(path, tables)?;
        let gone = |cause| OpenError::Unreachable {
            database: path.display().to_string(),
            advice: "make sure that no other program deletes it",
            cause: Arc::new(cause),
        };
        let file = DatabaseFile::at(path).map_err(gone)?;
        ownership::begin(&mut connection, tables).map_err(|error| OpenError::Schema {
            database: format!("sqlite:{}", path.display()),
            cause: Arc::new(error),
        })?;
        let reserve = Reserve::of(file.path());
        reserve.keep();
        let index = WalIndex::of(file.path()).map_err(gone)?;
        Ok(Self {
            readers: ThreadLocal::new(),
            writer: Writer::start(connection, &file)?,
            reserve,
            index,
            file,
        })
    }

    pub(crate) async fn get(&self, table: &Table, id: u64) -> Result<Option<Row>, StoreError> {
        let statements = &table.statements;
        rows::find(self.reader()?, statements, &statements.get, id, |row| row.own())
    }

    pub(crate) async fn show(
        &self,
        table: &Table,
        id: u64,
        view: View,
    ) -> Result<Option<Shown>, StoreError> {
        let statements = &table.statements;
        rows::find(self.reader()?, statements, &statements.get, id, |row| row.show(view))
    }

    /// Whether the row lives, if the store is the primary.
    pub(crate) async fn primary_has(
        &self,
        table: &Table,
        id: u64,
    ) -> Result<Option<bool>, StoreError> {
        let sql = &table.statements.moves.primary_has;
        let mut statement = self.reader()?.prepare_cached(sql).map_err(store_error)?;
        statement.query_row([id], |row| row.get(0)).optional().map_err(store_error)
    }

    /// The id of the living row with this text in its unique field.
    pub(crate) async fn named(&self, table: &Table, text: &str) -> Result<Option<u64>, StoreError> {
        let sql = &table.statements.named;
        if sql.is_empty() {
            return Ok(None);
        }
        let mut statement = self.reader()?.prepare_cached(sql).map_err(store_error)?;
        statement.query_row([text], |row| row.get(0)).optional().map_err(store_error)
    }

    /// The same, if the store is the primary.
    pub(crate) async fn primary_named(
        &self,
        table: &Table,
        text: &str,
    ) -> Result<Option<Option<u64>>, StoreError> {
        let sql = &table.statements.primary_named;
        if sql.is_empty() {
            return Ok(None);
        }
        let mut statement = self.reader()?.prepare_cached(sql).map_err(store_error)?;
        statement.query_row([text], |row| row.get(0)).optional().map_err(store_error)
    }

    pub(crate) async fn page(
        &self,
        table: &Table,
        query: PageQuery,
        view: View,
    ) -> Result<Page, StoreError> {
        let connection = self.reader()?;
        let statements = &table.statements;
        let list = |walk: Walk, start: u64, met: Met| {
            let sql = statements.walk(query.filter.map(|(filter, _)| filter), walk);
            rows::list(connection, statements, sql, start, met, query.filter.map(|(_, id)| id))
        };
        let (walk, start) = query.walk();
        let met = list(walk, start, query.collect(view))?;
        let behind = match query.behind(&met) {
            Some(start) => !list(walk.back(), start, Met::new(1, view))?.is_empty(),
            None => false,
        };
        Ok(query.page(met, behind))
    }

    pub(crate) async fn first_answer(
        &self,
        table: &Arc<Table>,
        sent: &Idempotency,
    ) -> Result<Option<Created>, StoreError> {
        first_answer(self.reader()?, &table.statements, sent, Timestamp::now())
    }

    pub(crate) async fn insert(
        &self,
        table: &Arc<Table>,
        cells: Vec<Cell>,
        idempotency: Option<Idempotency>,
    ) -> Result<Created, StoreError> {
        self.write(table, move |connection, statements, place| {
            let now = Timestamp::now();
            if let Some(sent) = &idempotency
                && let Some(first) = first_answer(connection, statements, sent, now)?
            {
                return Ok(first);
            }
            let row = insert(connection, statements, cells, now, place)?;
            let created = Created::new(row.id, row.json(&statements.collection, View::Full))?;
            if let Some(sent) = &idempotency {
                remember(connection, statements, sent, &created, now)?;
            }
            Ok(created)
        })
        .await
    }

    pub(crate) async fn update(
        &self,
        table: &Arc<Table>,
        id: u64,
        precondition: Precondition,
        change: Change,
    ) -> Result<Row, StoreError> {
        self.write(table, move |connection, statements, place| {
            let row = find_locked(connection, statements, id)?;
            let Some(mut next) = row.next(&precondition, change)? else { return Ok(row) };
            let (sql, now) = (&statements.update, next.updated_at);
            next.rev = rows::execute(connection, sql, statements, id, now, place, &next.cells)?;
            Ok(next)
        })
        .await
    }

    pub(crate) async fn delete(
        &self,
        table: &Arc<Table>,
        id: u64,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        self.write(table, move |connection, statements, place| {
            let row = find_locked(connection, statements, id)?;
            precondition.check_author(&row.cells)?;
            precondition.check(row.rev)?;
            let now = row.touched();
            rows::execute(connection, &statements.delete, statements, id, now, place, &[]).map(drop)
        })
        .await
    }

    pub(crate) async fn seed(
        &self,
        table: &Arc<Table>,
        rows: Vec<Vec<Cell>>,
    ) -> Result<bool, StoreError> {
        self.write(table, move |connection, statements, place| {
            let any = connection.query_row(&statements.any, [], |_| Ok(())).optional();
            if any.map_err(store_error)?.is_some() {
                return Ok(false);
            }
            let now = Timestamp::now();
            let mut rows = rows.into_iter();
            if let Some(first) = rows.next() {
                insert(connection, statements, first, now, place)?;
            }
            for cells in rows {
                let place = write_check::pass(connection, statements, now)?.at;
                insert(connection, statements, cells, now, place)?;
            }
            Ok(true)
        })
        .await
    }

    /// What the file holds now.
    pub(crate) fn snapshot(&self) -> Option<Snapshot> {
        self.index.snapshot()
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

    /// This thread's connection.
    fn reader(&self) -> Result<&Connection, StoreError> {
        self.readers.get_or_try(|| connection::read(self.file.path()).map_err(store_error))
    }

    /// Runs a client's work, which is given the statements and its place, once it is sure that the store
    /// may be written to.
    async fn write<T: Send + 'static>(
        &self,
        table: &Arc<Table>,
        work: impl FnOnce(&Connection, &Statements, u64) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (written, told) = (Arc::clone(table), Arc::clone(table));
        let work = move |connection: &Connection| {
            let statements = &written.statements;
            let place = write_check::pass(connection, statements, Timestamp::now())?;
            Ok((work(connection, statements, place.at)?, place))
        };
        let announce = move |(_, place): &(T, Position)| told.position_watch.wrote(*place);
        self.writer.write(work, announce).await.map(|(answer, _)| answer)
    }
}

fn find_locked(
    connection: &Connection,
    statements: &Statements,
    id: u64,
) -> Result<Row, StoreError> {
    let found = rows::find(connection, statements, &statements.get_locked, id, |row| row.own())?;
    found.ok_or(StoreError::NotFound)
}

fn insert(
    connection: &Connection,
    statements: &Statements,
    cells: Vec<Cell>,
    now: Timestamp,
    place: u64,
) -> Result<Row, StoreError> {
    let id = rows::insert(connection, statements, now, place, &cells)?;
    Ok(Row { id, rev: 1, created_at: now, updated_at: now, cells })
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
