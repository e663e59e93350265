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
mod ownership;
mod pooler;
mod rows;
mod schema;
mod tls;
mod write_check;

#[cfg(test)]
pub(crate) use self::connect::SESSION;

use std::sync::Arc;

use models::Timestamp;
use tokio::sync::watch;
use tokio::time::timeout;

use self::blocking::BlockingCheck;
use self::error::store_error;
use self::lease::{Connections, lease, lease_alone};
use self::link::{Link, Sharing};
use self::write_check::checked;
use crate::page::{Met, Walk};
use crate::position_watch::{Heard, Known, PositionWatch, PositionWatches};
use crate::sql::{Catalog, Dialect, Statements};
use crate::{
    Change, Created, Idempotency, OpenError, Page, PageQuery, PostgresUrl, Precondition, Record,
    Row, StoreError, Table,
};

/// How often an insert starts over when another one with the same key got in between.
const KEY_ATTEMPTS: usize = 3;

#[derive(Debug)]
pub(crate) struct PostgresStore {
    pool: Connections,
    catalog: Catalog,
    position_watches: PositionWatches,
    blocking: BlockingCheck,
}

impl PostgresStore {
    pub(crate) async fn open(
        url: &PostgresUrl,
        tables: &[Table],
        connections: usize,
    ) -> Result<Self, OpenError> {
        let (catalog, position_watches) =
            (Catalog::new(tables, Dialect::Postgres), PositionWatches::new(tables));
        let sharing = Sharing::default();
        let reached = timeout(connect::WAKE_TIME, schema::reach(url, &sharing)).await;
        reached.map_err(|elapsed| OpenError::Unreachable {
            database: url.shown.clone(),
            advice: "the server accepts connections and does not answer; look at its log",
            cause: Arc::new(elapsed),
        })??;
        let pool = connect::pool(url, connections, Some(sharing.clone()))?;
        connect::let_sleep(&pool);
        let pool = Connections::new(pool, connections, sharing);
        schema::migrate(&pool, url, &catalog, &position_watches).await?;
        Ok(Self { pool, catalog, position_watches, blocking: BlockingCheck::default() })
    }

    pub(crate) async fn get<R: Record>(
        &self,
        id: u64,
    ) -> Result<Option<Row<R::Content>>, StoreError> {
        let statements = self.statements::<R>()?;
        lease_alone(&self.pool, async |client| rows::find::<R>(client, &statements.get, id).await)
            .await
    }

    pub(crate) async fn page<R: Record>(
        &self,
        query: PageQuery,
    ) -> Result<Page<R::Content>, StoreError> {
        let statements = self.statements::<R>()?;
        lease_alone(&self.pool, async |client| {
            let list = async |walk: Walk, start: u64, met: Met<R::Content>| {
                let sql = statements.walk(query.filter.map(|(filter, _)| filter), walk);
                rows::list::<R>(client, sql, start, met, query.filter.map(|(_, id)| id)).await
            };
            let (walk, start) = query.walk();
            let met = list(walk, start, query.collect()).await?;
            let behind = match query.behind(&met) {
                Some(start) => !list(walk.back(), start, Met::new(1)).await?.rows.is_empty(),
                None => false,
            };
            Ok(query.page(met, behind))
        })
        .await
    }

    pub(crate) async fn first_answer<R: Record>(
        &self,
        sent: &Idempotency,
    ) -> Result<Option<Created>, StoreError> {
        let statements = self.statements::<R>()?;
        lease_alone(&self.pool, async |client| first_answer(client, statements, sent).await).await
    }

    pub(crate) async fn insert<R: Record>(
        &self,
        content: R::Content,
        idempotency: Option<Idempotency>,
    ) -> Result<Created, StoreError> {
        let (statements, position_watch) = self.parts::<R>()?;
        lease(&self.pool, async |client| match &idempotency {
            None => {
                let work = async |client: &Link| insert::<R>(client, statements, content).await;
                checked(client, statements, position_watch, work).await
            }
            Some(sent) => {
                insert_once::<R>(client, statements, position_watch, &content, sent).await
            }
        })
        .await
    }

    pub(crate) async fn update<R: Record>(
        &self,
        id: u64,
        precondition: Precondition,
        change: impl Change<R::Content>,
    ) -> Result<Row<R::Content>, StoreError> {
        let (statements, position_watch) = self.parts::<R>()?;
        lease(&self.pool, async |client| {
            let work = async |client: &Link| {
                let row = rows::find::<R>(client, &statements.get_locked, id)
                    .await?
                    .ok_or(StoreError::NotFound)?;
                let Some(mut next) = row.next(&precondition, change)? else {
                    return Ok((row, None));
                };
                let values = R::values(&next.content);
                let (sql, now) = (&statements.update, next.updated_at);
                let changed = rows::execute(client, sql, statements, id, now, &values).await?;
                next.rev = changed.0;
                Ok((next, Some(changed.1)))
            };
            checked(client, statements, position_watch, work).await
        })
        .await
    }

    pub(crate) async fn delete<R: Record>(
        &self,
        id: u64,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let (statements, position_watch) = self.parts::<R>()?;
        lease(&self.pool, async |client| {
            let work = async |client: &Link| {
                let row = rows::find::<R>(client, &statements.get_locked, id)
                    .await?
                    .ok_or(StoreError::NotFound)?;
                precondition.check(row.rev)?;
                let (sql, now) = (&statements.delete, row.touched());
                let (_, place) = rows::execute(client, sql, statements, id, now, &[]).await?;
                Ok(((), Some(place)))
            };
            checked(client, statements, position_watch, work).await
        })
        .await
    }

    pub(crate) async fn seed<R: Record>(
        &self,
        contents: Vec<R::Content>,
    ) -> Result<bool, StoreError> {
        let (statements, position_watch) = self.parts::<R>()?;
        lease(&self.pool, async |client| {
            let work = async |client: &Link| {
                // Several programs that start at once must not all find the table empty.
                schema::lock(client).await.map_err(store_error)?;
                let any = client.query_opt(&statements.any, &[]).await.map_err(store_error)?;
                if any.is_some() {
                    return Ok((false, None));
                }
                let mut place = None;
                for content in contents {
                    place = insert::<R>(client, statements, content).await?.1;
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

    fn statements<R: Record>(&self) -> Result<&Statements, StoreError> {
        self.catalog.find(R::TABLE.name)
    }

    /// What there is of a collection: its statements, and what is known of it.
    fn parts<R: Record>(&self) -> Result<(&Statements, &PositionWatch), StoreError> {
        let statements = self.statements::<R>()?;
        let position_watch =
            self.position_watches.find(R::TABLE.name).ok_or_else(StoreError::closed)?;
        Ok((statements, position_watch))
    }

    pub(crate) fn known<R: Record>(&self) -> Known {
        self.position_watches.known::<R>()
    }

    pub(crate) fn changed<R: Record>(&self) -> watch::Receiver<Heard> {
        self.position_watches.changed::<R>()
    }
}

/// Inserts a row and gives its place.
async fn insert<R: Record>(
    client: &Link,
    statements: &Statements,
    content: R::Content,
) -> Result<(Created, Option<u64>), StoreError> {
    let now = Timestamp::now();
    let (id, place) = rows::insert(client, statements, now, &R::values(&content)).await?;
    let row = Row { id, rev: 1, created_at: now, updated_at: now, content };
    Ok((Created::new(row)?, Some(place)))
}

/// Inserts unless the key came before; the key and the row are stored together.
async fn insert_once<R: Record>(
    client: &Link,
    statements: &Statements,
    position_watch: &PositionWatch,
    content: &R::Content,
    sent: &Idempotency,
) -> Result<Created, StoreError> {
    for _ in 0..KEY_ATTEMPTS {
        let work = async |client: &Link| {
            if let Some(first) = first_answer(client, statements, sent).await? {
                return Ok((first, None));
            }
            let inserted = insert::<R>(client, statements, content.clone()).await?;
            if remember(client, statements, sent, &inserted.0).await? {
                return Ok(inserted);
            }
            // Another one was faster. Its answer can be read once this transaction is gone.
            Err(StoreError::Busy)
        };
        match checked(client, statements, position_watch, work).await {
            Err(StoreError::Busy) => {}
            // Perhaps this very insert, sent twice at once, is what took it.
            Err(StoreError::Taken { column }) => {
                let first = first_answer(client, statements, sent).await?;
                return first.ok_or(StoreError::Taken { column });
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

/// Keeps the answer under its key; false where another transaction has just done so.
async fn remember(
    client: &Link,
    statements: &Statements,
    sent: &Idempotency,
    created: &Created,
) -> Result<bool, StoreError> {
    client.execute(&statements.key_expire, &[&sent.key]).await.map_err(store_error)?;
    client.execute(&statements.keys_purge, &[]).await.map_err(store_error)?;
    let id = rows::sql_id(created.id)?;
    let (key, fingerprint, answer) = (&sent.key, &sent.fingerprint, &created.answer);
    let inserted = client.execute(&statements.key_insert, &[key, fingerprint, &id, answer]).await;
    Ok(inserted.map_err(store_error)? > 0)
}
