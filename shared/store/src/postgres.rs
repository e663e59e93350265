//! The PostgreSQL engine: a pool of connections, prepared statements, a transaction a write.

mod apply;
mod blocking;
mod connect;
mod digest;
mod error;
mod feed;
mod followers;
mod lease;
mod link;
mod lock;
mod ownership;
mod pooler;
mod rows;
mod run;
mod schema;
mod session;
mod steps;
mod write_check;

#[cfg(test)]
pub(crate) use self::session::SESSION;

use std::sync::Arc;

use ::postgres::blocking::BlockingCheck;
use models::{Cell, Timestamp, View};
use replication::PositionWatch;
use tokio::time::timeout;

use self::error::store_error;
use self::lease::{Connections, lease, lease_alone};
use self::link::Link;
use self::session::Sharing;
use self::write_check::{checked, checked_insert};
use crate::page::{Met, Walk};
use crate::row::RowRef;
use crate::sql::Statements;
use crate::table::{Table, Tables};
use crate::{
    Change, Created, Idempotency, OpenError, Page, PageQuery, PostgresUrl, Precondition, Row,
    Shown, StoreError,
};

/// How often an insert starts over when another one with the same key got in between.
const KEY_ATTEMPTS: usize = 3;

#[derive(Debug)]
pub(crate) struct PostgresStore {
    pool: Connections,
    blocking: BlockingCheck,
}

impl PostgresStore {
    pub(crate) async fn open(
        url: &PostgresUrl,
        tables: &Tables,
        connections: usize,
    ) -> Result<Self, OpenError> {
        let sharing = Sharing::default();
        let reached = timeout(connect::WAKE_TIME, schema::reach(url, &sharing)).await;
        reached.map_err(|elapsed| OpenError::Unreachable {
            database: url.to_string(),
            advice: "the server accepts connections and does not answer; look at its log",
            cause: Arc::new(elapsed),
        })??;
        let pool = connect::pool(url, connections, Some(sharing.clone()))?;
        connect::let_sleep(&pool);
        let pool = Connections::new(pool, connections, sharing);
        schema::migrate(&pool, url, tables).await?;
        Ok(Self { pool, blocking: BlockingCheck::default() })
    }

    pub(crate) async fn get(&self, table: &Table, id: u64) -> Result<Option<Row>, StoreError> {
        self.find(table, id, |row| row.own()).await
    }

    pub(crate) async fn show(
        &self,
        table: &Table,
        id: u64,
        view: View,
    ) -> Result<Option<Shown>, StoreError> {
        self.find(table, id, |row| row.show(view)).await
    }

    /// Whether the row lives, if the store is the primary.
    pub(crate) async fn primary_has(
        &self,
        table: &Table,
        id: u64,
    ) -> Result<Option<bool>, StoreError> {
        let (sql, id) = (&table.statements.moves.primary_has, run::sql_id(id)?);
        lease_alone(&self.pool, async |client| run::maybe(client, sql, &[&id]).await).await
    }

    /// The id of the living row with this text in its unique field.
    pub(crate) async fn named(&self, table: &Table, text: &str) -> Result<Option<u64>, StoreError> {
        let sql = &table.statements.named;
        if sql.is_empty() {
            return Ok(None);
        }
        let text = storable(text);
        let id =
            lease_alone(&self.pool, async |client| run::maybe::<i64>(client, sql, &[&text]).await);
        id.await?.map(run::unsigned).transpose()
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
        let text = storable(text);
        let id = lease_alone(&self.pool, async |client| {
            run::maybe::<Option<i64>>(client, sql, &[&text]).await
        });
        id.await?.map(|id| id.map(run::unsigned).transpose()).transpose()
    }

    async fn find<T>(
        &self,
        table: &Table,
        id: u64,
        read: impl FnOnce(&RowRef<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let statements = &table.statements;
        lease_alone(&self.pool, async |client| {
            rows::find(client, statements, &statements.get, id, read).await
        })
        .await
    }

    pub(crate) async fn page(
        &self,
        table: &Table,
        query: PageQuery,
        view: View,
    ) -> Result<Page, StoreError> {
        let statements = &table.statements;
        lease_alone(&self.pool, async |client| {
            let list = async |walk: Walk, start: u64, met: Met| {
                let sql = statements.walk(query.filter.map(|(filter, _)| filter), walk);
                let filter = query.filter.map(|(_, id)| id);
                rows::list(client, statements, sql, start, met, filter).await
            };
            let (walk, start) = query.walk();
            let met = list(walk, start, query.collect(view)).await?;
            let behind = match query.behind(&met) {
                Some(start) => !list(walk.back(), start, Met::new(1, view)).await?.is_empty(),
                None => false,
            };
            Ok(query.page(met, behind))
        })
        .await
    }

    pub(crate) async fn first_answer(
        &self,
        table: &Table,
        sent: &Idempotency,
    ) -> Result<Option<Created>, StoreError> {
        let statements = &table.statements;
        lease_alone(&self.pool, async |client| first_answer(client, statements, sent).await).await
    }

    pub(crate) async fn insert(
        &self,
        table: &Table,
        cells: Vec<Cell>,
        idempotency: Option<Idempotency>,
    ) -> Result<Created, StoreError> {
        let Table { statements, position_watch } = table;
        lease(&self.pool, async |client| match &idempotency {
            None => {
                let now = Timestamp::now();
                let id = checked_insert(client, table, now, &cells).await?;
                created(statements, id, now, cells)
            }
            Some(sent) => insert_once(client, statements, position_watch, &cells, sent).await,
        })
        .await
    }

    pub(crate) async fn update(
        &self,
        table: &Table,
        id: u64,
        precondition: Precondition,
        change: Change,
    ) -> Result<Row, StoreError> {
        let Table { statements, position_watch } = table;
        lease(&self.pool, async |client| {
            let work = async |client: &Link| {
                let row = find_locked(client, statements, id).await?;
                let Some(mut next) = row.next(&precondition, change)? else {
                    return Ok((row, None));
                };
                let (sql, now) = (&statements.update, next.updated_at);
                let changed = rows::execute(client, sql, statements, id, now, &next.cells).await?;
                next.rev = changed.0;
                Ok((next, Some(changed.1)))
            };
            checked(client, statements, position_watch, work).await
        })
        .await
    }

    pub(crate) async fn delete(
        &self,
        table: &Table,
        id: u64,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let Table { statements, position_watch } = table;
        lease(&self.pool, async |client| {
            let work = async |client: &Link| {
                let row = find_locked(client, statements, id).await?;
                precondition.check_author(&row.cells)?;
                precondition.check(row.rev)?;
                let (sql, now) = (&statements.delete, row.touched());
                let (_, place) = rows::execute(client, sql, statements, id, now, &[]).await?;
                Ok(((), Some(place)))
            };
            checked(client, statements, position_watch, work).await
        })
        .await
    }

    pub(crate) async fn seed(
        &self,
        table: &Table,
        rows: Vec<Vec<Cell>>,
    ) -> Result<bool, StoreError> {
        let Table { statements, position_watch } = table;
        lease(&self.pool, async |client| {
            let work = async |client: &Link| {
                // Several programs that start at once must not all find the table empty.
                schema::lock(client).await.map_err(store_error)?;
                let any = client.query_opt(&statements.any, &[]).await.map_err(store_error)?;
                if any.is_some() {
                    return Ok((false, None));
                }
                let mut place = None;
                for cells in rows {
                    place = insert(client, statements, cells).await?.1;
                }
                Ok((true, place))
            };
            checked(client, statements, position_watch, work).await
        })
        .await
    }

    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        lease_alone(&self.pool, async |client| {
            client.query("SELECT 1", &[]).await.map(drop).map_err(store_error)
        })
        .await
    }

    pub(crate) async fn close(&self) {
        self.pool.close();
    }
}

async fn find_locked(client: &Link, statements: &Statements, id: u64) -> Result<Row, StoreError> {
    let found = rows::find(client, statements, &statements.get_locked, id, |row| row.own()).await?;
    found.ok_or(StoreError::NotFound)
}

/// Inserts a row and gives its place.
async fn insert(
    client: &Link,
    statements: &Statements,
    cells: Vec<Cell>,
) -> Result<(Created, Option<u64>), StoreError> {
    let now = Timestamp::now();
    let (id, place) = rows::insert(client, statements, now, &cells).await?;
    Ok((created(statements, id, now, cells)?, Some(place)))
}

fn created(
    statements: &Statements,
    id: u64,
    now: Timestamp,
    cells: Vec<Cell>,
) -> Result<Created, StoreError> {
    let row = Row { id, rev: 1, created_at: now, updated_at: now, cells };
    Created::new(id, row.json(&statements.collection, View::Full))
}

/// Inserts unless the key came before; the key and the row are stored together.
async fn insert_once(
    client: &Link,
    statements: &Statements,
    position_watch: &PositionWatch,
    cells: &[Cell],
    sent: &Idempotency,
) -> Result<Created, StoreError> {
    for _ in 0..KEY_ATTEMPTS {
        let work = async |client: &Link| {
            if let Some(first) = first_answer(client, statements, sent).await? {
                return Ok((first, None));
            }
            let inserted = insert(client, statements, cells.to_vec()).await?;
            if remember(client, statements, sent, &inserted.0).await? {
                return Ok(inserted);
            }
            // Another one was faster. Its answer can be read once this transaction is gone.
            Err(StoreError::Busy)
        };
        match checked(client, statements, position_watch, work).await {
            Err(StoreError::Busy) => {}
            // Perhaps this very insert, sent twice at once, is what took it.
            Err(StoreError::Taken { field }) => {
                let first = first_answer(client, statements, sent).await?;
                return first.ok_or(StoreError::Taken { field });
            }
            done => return done,
        }
    }
    Err(StoreError::Busy)
}

async fn first_answer(
    client: &Link,
    statements: &Statements,
    sent: &Idempotency,
) -> Result<Option<Created>, StoreError> {
    let found = client.query_opt(&statements.key_find, &[&sent.key]).await.map_err(store_error)?;
    let Some(row) = found else { return Ok(None) };
    let fingerprint: String = row.try_get(0).map_err(StoreError::failed)?;
    sent.same(&fingerprint)?;
    let id: i64 = row.try_get(1).map_err(StoreError::failed)?;
    let answer = row.try_get(2).map_err(StoreError::failed)?;
    let id = id.try_into().map_err(StoreError::failed)?;
    Ok(Some(Created { id, answer, replayed: true }))
}

/// Keeps the answer under its key. False if another transaction has just done so.
async fn remember(
    client: &Link,
    statements: &Statements,
    sent: &Idempotency,
    created: &Created,
) -> Result<bool, StoreError> {
    client.execute(&statements.key_expire, &[&sent.key]).await.map_err(store_error)?;
    client.execute(&statements.keys_purge, &[]).await.map_err(store_error)?;
    let id = run::sql_id(created.id)?;
    let (key, fingerprint, answer) = (&sent.key, &sent.fingerprint, &created.answer);
    let inserted = client.execute(&statements.key_insert, &[key, fingerprint, &id, answer]).await;
    Ok(inserted.map_err(store_error)? > 0)
}

/// The text as a parameter; none if it is one that no row can hold, which PostgreSQL would take for an error.
fn storable(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.contains('\0'))
}
