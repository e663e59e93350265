//! Bringing the schema up to date, in one transaction that others wait for.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Object, Pool, PoolError};
use models::Collection;
use tokio::time::{Instant, sleep};
use tokio_postgres::error::SqlState;

use super::connect::{self, WAKE_TIME};
use super::error::{is_lock_timeout, store_error};
use super::lease::{Connections, lease};
use super::link::{Link, READ_COMMITTED};
use super::session::Sharing;
use super::{ownership, pooler};
use crate::sql::{
    Dialect, Present, READ_VERSION, RENAME_OLD_COLUMN, SCHEMA_VERSION, VERSION_TABLE,
    WRITE_VERSION, additions, has_old_column, migrations, read_columns, read_indexes,
};
use crate::table::{Table, Tables};
use crate::{OpenError, PostgresUrl, StoreError};

/// Names Banyan's lock among the advisory locks of a database: "banyan" in ASCII.
const LOCK: i64 = 0x62_61_6e_79_61_6e;

/// What the transaction that changes tables is told first. How long its statements take depends on the size of the
/// tables. So does the wait for its turn, if another program starts.
const NO_HURRY: &str = "SET LOCAL statement_timeout = 0";
/// What it is told when it has its turn: a transaction that waits for a table keeps all others from it.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '10s'";
/// What a transaction that keeps writes out is told. While it waits for the writes that run, new ones wait behind
/// it. If its program falls silent, the server soon ends it.
const BRIEFLY: &str = "SET LOCAL lock_timeout = '500ms'; \
     SET LOCAL idle_in_transaction_session_timeout = '5s'";
/// For how long it lets others write before it tries again.
const PAUSE: Duration = Duration::from_secs(1);
/// For how long it tries: the server ends the write of a program that was lost after 30 s (`SESSION`).
const PATIENCE: Duration = Duration::from_secs(45);

/// Lets one program at a time make or fill tables; held until the transaction ends.
pub(super) async fn lock(transaction: &Link) -> Result<(), tokio_postgres::Error> {
    transaction.query("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await.map(drop)
}

/// Waits for the first connection, and finds out what is in between. The caller bounds the wait.
pub(super) async fn reach(url: &PostgresUrl, sharing: &Sharing) -> Result<(), OpenError> {
    // Connections of their own: what they are told must not stay with sessions that others get.
    let pool = connect::pool(url, 2, None)?;
    let one = first(&pool, url).await?;
    // If there is room for one only, there is nothing to find out.
    if let Ok(other) = pool.get().await
        && pooler::shares(&one, &other, url).await?
    {
        sharing.found();
    }
    pool.close();
    Ok(())
}

async fn first(pool: &Pool, url: &PostgresUrl) -> Result<Object, OpenError> {
    let end = Instant::now() + WAKE_TIME;
    loop {
        match pool.get().await {
            // The attempt itself wakes one that sleeps.
            Err(PoolError::Timeout(_)) => log::info!("{} does not answer yet", url),
            Err(PoolError::Backend(error)) if not_yet(&error) && Instant::now() + PAUSE < end => {
                log::warn!("{} takes no connection yet: {error}", url);
                sleep(PAUSE).await;
            }
            got => return got.map_err(|error| unreachable(url, error)),
        }
    }
}

/// Whether a server that refuses a connection may soon take one: it starts, or all that it has room for are in use.
fn not_yet(error: &tokio_postgres::Error) -> bool {
    let passing = [SqlState::CANNOT_CONNECT_NOW, SqlState::TOO_MANY_CONNECTIONS];
    error.code().is_some_and(|code| passing.contains(code))
}

pub(super) async fn migrate(
    connections: &Connections,
    url: &PostgresUrl,
    tables: &Tables,
) -> Result<(), OpenError> {
    let work = async |client: &Link| Ok(migrate_on(client, url, tables).await);
    lease(connections, work).await.unwrap_or_else(|error| Err(failed(url, error)))
}

/// What keeps a start from the tables.
fn failed(url: &PostgresUrl, error: StoreError) -> OpenError {
    let database = url.to_string();
    if is_lock_timeout(&error) {
        let advice = "another session keeps its tables or a write on them open; nothing was changed: \
                      find it in pg_locks and end it, or wait, and start again";
        return OpenError::Unreachable { database, advice, cause: Arc::new(error) };
    }
    OpenError::Schema { database, cause: Arc::new(error) }
}

async fn migrate_on(client: &Link, url: &PostgresUrl, tables: &Tables) -> Result<(), OpenError> {
    let schema = |error| failed(url, store_error(error));
    client.begin(READ_COMMITTED).await.map_err(|error| failed(url, error))?;
    client.batch(NO_HURRY).await.map_err(schema)?;
    lock(client).await.map_err(schema)?;
    client.batch(LOCK_WAIT).await.map_err(schema)?;
    let mut versions = Vec::new();
    for collection in tables.all().map(|table| &table.statements.collection) {
        let found = version(client, collection).await.map_err(schema)?;
        if found > SCHEMA_VERSION {
            let (collection, known) = (collection.name.clone(), SCHEMA_VERSION);
            return Err(OpenError::Newer { database: url.to_string(), collection, found, known });
        }
        versions.push((collection, found));
    }
    // A role that may only read and write rows can serve a schema that is up to date.
    versions.retain(|(_, found)| *found < SCHEMA_VERSION);
    if !versions.is_empty() {
        client.batch(VERSION_TABLE).await.map_err(schema)?;
        let old = client.query_opt(has_old_column(Dialect::Postgres), &[]).await.map_err(schema)?;
        if old.is_some() {
            client.batch(RENAME_OLD_COLUMN).await.map_err(schema)?;
        }
    }
    for (collection, found) in versions {
        for statement in migrations(collection, Dialect::Postgres, found) {
            client.batch(&statement).await.map_err(schema)?;
        }
        let written = client.execute(WRITE_VERSION, &[&&*collection.name, &SCHEMA_VERSION]).await;
        written.map_err(schema)?;
    }
    for collection in tables.all().map(|table| &table.statements.collection) {
        let present = Present {
            columns: names(client, read_columns(Dialect::Postgres), collection)
                .await
                .map_err(schema)?,
            indexes: names(client, read_indexes(Dialect::Postgres), collection)
                .await
                .map_err(schema)?,
        };
        let added = additions(collection, Dialect::Postgres, &present);
        let added = added.map_err(|reason| OpenError::Collection {
            database: url.to_string(),
            collection: collection.name.clone(),
            reason,
        });
        for statement in added? {
            client.batch(&statement).await.map_err(schema)?;
        }
    }
    client.batch("COMMIT").await.map_err(schema)?;
    for table in tables.all() {
        begin(client, table).await.map_err(|error| failed(url, error))?;
    }
    Ok(())
}

/// The names that a statement gives of a collection's table.
async fn names(
    transaction: &Link,
    sql: &str,
    collection: &Collection,
) -> Result<BTreeSet<String>, tokio_postgres::Error> {
    let rows = transaction.query(sql, &[&&*collection.name]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Begins a run in a transaction of its own: it waits for writes, and the first ones wait for the tables.
async fn begin(client: &Link, table: &Table) -> Result<(), StoreError> {
    let Table { statements, position_watch } = table;
    let end = Instant::now() + PATIENCE;
    loop {
        client.begin(READ_COMMITTED).await?;
        client.batch(BRIEFLY).await.map_err(store_error)?;
        match client.end(ownership::begin(client, statements).await).await {
            Err(error) if is_lock_timeout(&error) && Instant::now() < end => {
                let name = &statements.collection.name;
                log::info!("{name}: the start waits for a write that runs: {error}");
                sleep(PAUSE).await;
            }
            begun => {
                let (document, latest) = begun?;
                position_watch.tell(&document, latest);
                return Ok(());
            }
        }
    }
}

/// The version of a collection's schema; 0 if it has none yet.
async fn version(
    transaction: &Link,
    collection: &Collection,
) -> Result<i64, tokio_postgres::Error> {
    let exists = "SELECT 1 WHERE to_regclass('banyan_schema') IS NOT NULL";
    if transaction.query_opt(exists, &[]).await?.is_none() {
        return Ok(0);
    }
    let row = transaction.query_opt(READ_VERSION, &[&&*collection.name]).await?;
    row.map_or(Ok(0), |row| row.try_get(0))
}

fn unreachable(url: &PostgresUrl, error: PoolError) -> OpenError {
    let passing = matches!(&error, PoolError::Backend(error) if not_yet(error));
    let from_server = matches!(&error, PoolError::Backend(error) if error.code().is_some());
    let certificate = format!("{:?}", error.source()).contains("Certificate");
    let advice = if passing {
        "it takes no connection now; let it start, or give it room for more (max_connections, CONNECTION LIMIT)"
    } else if from_server {
        "check the user, the password and the database's name"
    } else if certificate {
        "check sslmode and sslrootcert"
    } else {
        "check that PostgreSQL runs there and that this machine may reach it"
    };
    OpenError::Unreachable { database: url.to_string(), advice, cause: Arc::new(error) }
}
