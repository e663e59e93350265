//! Bringing the schema up to date, in one transaction that others wait for.

use std::error::Error;
use std::sync::Arc;

use deadpool_postgres::{Object, Pool, PoolError};

use super::lease::{Connections, lease};
use super::link::{Link, READ_COMMITTED, Sharing};
use super::{connect, ownership, pooler};
use crate::known::Desks;
use crate::sql::{
    Catalog, Dialect, READ_VERSION, SCHEMA_VERSION, VERSION_TABLE, WRITE_VERSION, migrations,
};
use crate::{OpenError, PostgresUrl, Table};

/// Names Banyan's lock among the advisory locks of a database: "banyan" in ASCII.
const LOCK: i64 = 0x62_61_6e_79_61_6e;

/// What a start's transaction is told first. Its statements take as long as the tables are large, and so does
/// its turn where another program starts.
const NO_HURRY: &str = "SET LOCAL statement_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = 0";
/// What it is told when it has its turn: whoever waits for a table keeps all others from it.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '10s'";

/// Lets one program at a time make or fill tables; held until the transaction ends.
pub(super) async fn lock(transaction: &Link) -> Result<(), tokio_postgres::Error> {
    transaction.query("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await.map(drop)
}

/// Waits for the first connection, and finds out what is in between; who calls bounds the wait.
pub(super) async fn reach(url: &PostgresUrl, sharing: &Sharing) -> Result<(), OpenError> {
    // Connections of their own: what they are told must not stay with sessions that others get.
    let pool = connect::pool(url, 2, None)?;
    let one = first(&pool, url).await?;
    // Where there is room for one only, there is nothing to find out.
    if let Ok(other) = pool.get().await
        && pooler::shares(&one, &other, url).await?
    {
        sharing.found();
    }
    pool.close();
    Ok(())
}

async fn first(pool: &Pool, url: &PostgresUrl) -> Result<Object, OpenError> {
    loop {
        match pool.get().await {
            // The attempt itself wakes one that sleeps.
            Err(PoolError::Timeout(_)) => log::info!("{} does not answer yet", url.shown),
            got => return got.map_err(|error| unreachable(url, error)),
        }
    }
}

pub(super) async fn migrate(
    connections: &Connections,
    url: &PostgresUrl,
    catalog: &Catalog,
    desks: &Desks,
) -> Result<(), OpenError> {
    let work = async |client: &Link| Ok(migrate_on(client, url, catalog, desks).await);
    lease(connections, work).await.unwrap_or_else(|error| {
        Err(OpenError::Schema { database: url.shown.clone(), cause: Arc::new(error) })
    })
}

async fn migrate_on(
    client: &Link,
    url: &PostgresUrl,
    catalog: &Catalog,
    desks: &Desks,
) -> Result<(), OpenError> {
    let schema = |error| OpenError::Schema { database: url.shown.clone(), cause: Arc::new(error) };
    let begin = async || {
        client.begin(READ_COMMITTED).await?;
        client.batch(NO_HURRY).await
    };
    begin().await.map_err(schema)?;
    lock(client).await.map_err(schema)?;
    client.batch(LOCK_WAIT).await.map_err(schema)?;
    let mut versions = Vec::new();
    for table in catalog.all().map(|statements| &statements.table) {
        let found = version(client, table).await.map_err(schema)?;
        if found > SCHEMA_VERSION {
            let (collection, known) = (table.name, SCHEMA_VERSION);
            return Err(OpenError::Newer { database: url.shown.clone(), collection, found, known });
        }
        versions.push((table, found));
    }
    // A role that may only read and write rows can serve a schema that is up to date.
    versions.retain(|(_, found)| *found < SCHEMA_VERSION);
    if !versions.is_empty() {
        client.batch(VERSION_TABLE).await.map_err(schema)?;
    }
    for (table, found) in versions {
        for statement in migrations(table, Dialect::Postgres, found) {
            client.batch(&statement).await.map_err(schema)?;
        }
        let written = client.execute(WRITE_VERSION, &[&table.name, &SCHEMA_VERSION]).await;
        written.map_err(schema)?;
    }
    client.batch("COMMIT").await.map_err(schema)?;
    for statements in catalog.all() {
        // In a transaction of its own: it waits for writes, and the first ones wait for the tables above.
        begin().await.map_err(schema)?;
        client.batch(LOCK_WAIT).await.map_err(schema)?;
        let begun = ownership::begin(client, statements).await;
        let (document, latest) = begun.map_err(|error| OpenError::Schema {
            database: url.shown.clone(),
            cause: Arc::new(error),
        })?;
        client.batch("COMMIT").await.map_err(schema)?;
        if let Some(desk) = desks.find(statements.table.name) {
            desk.tell(&document, latest);
        }
    }
    Ok(())
}

/// The version of a collection's schema; 0 where it has none yet.
async fn version(transaction: &Link, table: &Table) -> Result<i64, tokio_postgres::Error> {
    let exists = "SELECT 1 WHERE to_regclass('banyan_schema') IS NOT NULL";
    if transaction.query_opt(exists, &[]).await?.is_none() {
        return Ok(0);
    }
    let row = transaction.query_opt(READ_VERSION, &[&table.name]).await?;
    row.map_or(Ok(0), |row| row.try_get(0))
}

fn unreachable(url: &PostgresUrl, error: PoolError) -> OpenError {
    let from_server = matches!(&error, PoolError::Backend(error) if error.code().is_some());
    let certificate = format!("{:?}", error.source()).contains("Certificate");
    let advice = if from_server {
        "check the user, the password and the database's name"
    } else if certificate {
        "check sslmode and sslrootcert"
    } else {
        "check that PostgreSQL runs there and that this machine may reach it"
    };
    OpenError::Unreachable { database: url.shown.clone(), advice, cause: Arc::new(error) }
}
