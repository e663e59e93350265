//! A PostgreSQL database for one test.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use tokio::runtime;
use tokio_postgres::{Client, NoTls};

use crate::needs;

/// A fresh database, dropped when this is.
#[derive(Debug)]
pub struct TestDatabase {
    admin: String,
    name: String,
    url: String,
}

/// A fresh database on the server that `TEST_DATABASE_URL` names.
///
/// # Panics
/// If that variable is not set, or the server cannot be used.
pub async fn postgres() -> TestDatabase {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let admin = needs("TEST_DATABASE_URL");
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("banyan_test_{}_{count}", std::process::id());
    execute(&admin, &format!("CREATE DATABASE {name}")).await;
    let (base, query) = admin.split_once('?').unwrap_or((&admin, ""));
    let (server, _) = base.rsplit_once('/').expect("TEST_DATABASE_URL names a database");
    let url = format!("{server}/{name}?{query}").trim_end_matches('?').to_owned();
    TestDatabase { admin, name, url }
}

impl TestDatabase {
    /// Its `DATABASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements in it.
    ///
    /// # Panics
    /// If one fails.
    pub async fn execute(&self, sql: &str) {
        execute(&self.url, sql).await;
    }

    /// Lets sessions begin, or ends them all and lets none begin.
    ///
    /// # Panics
    /// If that cannot be done.
    pub async fn is_there(&self, is_there: bool) {
        let name = &self.name;
        let sql = format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS {is_there};
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        execute(&self.admin, &sql).await;
    }

    /// Does this work while a transaction that has its number is open in it.
    ///
    /// # Panics
    /// If there can be none.
    pub async fn in_a_transaction<T>(&self, work: impl Future<Output = T>) -> T {
        let transaction = async |client: &Client| {
            run(client, "BEGIN; SELECT pg_current_xact_id()").await;
            let done = work.await;
            run(client, "COMMIT").await;
            done
        };
        connected(&self.url, transaction).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        let dropped = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            runtime.expect("a runtime starts").block_on(execute(&admin, &sql));
        });
        if dropped.join().is_err() {
            eprintln!("the database {} stays behind", self.name);
        }
    }
}

/// Runs statements in a database.
///
/// # Panics
/// If one fails.
async fn execute(url: &str, sql: &str) {
    connected(url, async |client: &Client| run(client, sql).await).await;
}

async fn connected<T>(url: &str, work: impl AsyncFnOnce(&Client) -> T) -> T {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.expect("PostgreSQL is there");
    let connection = tokio::spawn(connection);
    let done = work(&client).await;
    drop(client);
    connection.await.expect("the connection's task ends").expect("the connection ends in order");
    done
}

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}
