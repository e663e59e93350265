//! One connection to the database, and what can go wrong on it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use postgres::{ConnectError, PostgresUrl};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row, SimpleQueryMessage, SimpleQueryRow};

use crate::refusal::Refusal;

/// Begins a transaction. What it is told ends with it: behind a pooler the session goes on to other clients. A check behind a
/// lock must see what was committed while it waited, and what is done must be on disk before it counts. A policy that would hide
/// rows is an error.
pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on; SET LOCAL row_security = off; \
     SET LOCAL idle_in_transaction_session_timeout = '30s'";

/// What a transaction is told that locks a table of the application: its writers wait behind a lock that waits. The
/// first limit is for one lock, the second for a statement that takes several, the third for a program that stands still.
const BRIEFLY: &str = "SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = '900ms'; \
     SET LOCAL idle_in_transaction_session_timeout = '900ms'";
/// For how long it lets others go on before it tries again.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);
/// How often it tries.
pub(crate) const TRIES: u32 = 60;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no connection.
    #[error("{database} cannot be reached")]
    Unreachable {
        /// The database, without its password.
        database: String,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database is not as it must be. Nothing was changed.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// A table could not be locked for a moment, again and again. What was done before stays.
    #[error(
        "{table} stays locked, by {by}; each try waited for 0.5 s at most. What was done so far does no harm: \
         end that session or wait for it, and run the command again"
    )]
    Locked {
        /// The table.
        table: String,
        /// The sessions that hold it.
        by: String,
    },
    /// A statement failed. What was done before stays.
    #[error(
        "{what}: the statement failed; what was done before it stays, and the command can be run again"
    )]
    Failed {
        /// What was being done.
        what: String,
        /// What PostgreSQL says.
        #[source]
        cause: tokio_postgres::Error,
    },
}

impl Error {
    /// The class of PostgreSQL's error code (manual, appendix A): `23` if a constraint is violated.
    pub(crate) fn class(&self) -> Option<&str> {
        let Self::Failed { cause, .. } = self else { return None };
        cause.code().and_then(|state| state.code().get(..2))
    }

    /// Whether a lock was not to be had in time.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        let Self::Failed { cause, .. } = self else { return false };
        cause.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }
}

/// A session with the application's database, as the role that owns its tables.
#[derive(Debug)]
pub struct Session {
    client: Client,
    driver: JoinHandle<()>,
    sent: AtomicU32,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Session {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::Unreachable`].
    pub async fn open(url: &PostgresUrl) -> Result<Self, Error> {
        let unreachable = |cause| Error::Unreachable { database: url.to_string(), cause };
        let tls = url.tls().map_err(|error: ConnectError| unreachable(error.into()))?;
        let connected = match tls {
            None => url.config().connect(NoTls).await.map(|(client, connection)| {
                (client, tokio::spawn(async move { drop(connection.await) }))
            }),
            Some(tls) => url.config().connect(tls).await.map(|(client, connection)| {
                (client, tokio::spawn(async move { drop(connection.await) }))
            }),
        };
        let (client, driver) = connected.map_err(|error| unreachable(error.into()))?;
        Ok(Self { client, driver, sent: AtomicU32::new(0) })
    }

    /// Whether the connection is still there.
    pub(crate) fn lives(&self) -> bool {
        !self.client.is_closed()
    }

    /// Runs statements that take and give nothing. `what` says in an error what was being done.
    pub(crate) async fn batch(&self, what: &str, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql).await.map_err(failed(what))?;
        // A test makes the program crash here.
        let sent = self.sent.fetch_add(1, Ordering::Relaxed);
        fault::point(&format!("adapter.{sent}"));
        Ok(())
    }

    /// Runs a statement that gives rows. All parameters are texts or numbers as the statement casts them.
    pub(crate) async fn rows(
        &self,
        what: &str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        self.client.query(sql, parameters).await.map_err(failed(what))
    }

    /// Runs a statement and gives each value as PostgreSQL writes it.
    pub(crate) async fn texts(&self, what: &str, sql: &str) -> Result<Vec<SimpleQueryRow>, Error> {
        let messages = self.client.simple_query(sql).await.map_err(failed(what))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// Runs a statement that changes something and gives rows, in a transaction.
    pub(crate) async fn change(
        &self,
        what: &str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        self.batch(what, BEGIN).await?;
        match self.rows(what, sql, parameters).await {
            Ok(rows) => self.batch(what, "COMMIT").await.map(|()| rows),
            Err(error) => {
                self.roll_back().await;
                Err(error)
            }
        }
    }

    /// Runs a transaction whose last statement gives a row if all of it may be done. Otherwise nothing is done, and this is false.
    pub(crate) async fn guarded(
        &self,
        what: &str,
        statements: &[String],
        guard: &str,
    ) -> Result<bool, Error> {
        self.batch(what, BEGIN).await?;
        for sql in statements {
            if let Err(error) = self.batch(what, sql).await {
                self.roll_back().await;
                return Err(error);
            }
        }
        match self.rows(what, guard, &[]).await {
            Ok(rows) if !rows.is_empty() => self.batch(what, "COMMIT").await.map(|()| true),
            done => {
                self.roll_back().await;
                done.map(|_none| false)
            }
        }
    }

    /// Ends a transaction without its changes. If this fails, the connection has ended, and the transaction with it.
    pub(crate) async fn roll_back(&self) {
        let _ = self.client.batch_execute("ROLLBACK").await;
    }

    /// Runs a transaction: all of it, or nothing.
    pub(crate) async fn transaction(&self, what: &str, statements: &[String]) -> Result<(), Error> {
        self.batch(what, BEGIN).await?;
        for sql in statements {
            if let Err(error) = self.batch(what, sql).await {
                self.roll_back().await;
                return Err(error);
            }
        }
        self.batch(what, "COMMIT").await
    }

    /// Runs a transaction that locks tables of the application in this mode. No writer waits for it for more than a
    /// second: if the lock is not to be had, it lets go and tries again.
    pub(crate) async fn brief_transaction(
        &self,
        what: &str,
        (tables, mode): (&[String], &str),
        statements: &[String],
    ) -> Result<(), Error> {
        let table = tables.join(", ");
        let mut all = vec![BRIEFLY.to_owned(), format!("LOCK TABLE {table} IN {mode} MODE")];
        all.extend_from_slice(statements);
        let mut by = String::new();
        for _ in 0..TRIES {
            match self.transaction(what, &all).await {
                Err(Error::Failed { cause, .. }) if is_passing(&cause) => {}
                done => return done,
            }
            by = self.holders(tables).await?;
            sleep(PAUSE).await;
        }
        Err(Error::Locked { table, by })
    }

    /// The sessions that hold a lock on one of some tables.
    async fn holders(&self, tables: &[String]) -> Result<String, Error> {
        let sql = "SELECT string_agg(DISTINCT coalesce(format('process %s (%s)', l.pid, a.application_name), \
             'a prepared transaction'), ', ') FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) \
             WHERE l.granted AND l.relation IN (SELECT to_regclass(name)::oid FROM unnest($1::text[]) name) AND l.pid IS DISTINCT FROM pg_backend_pid()";
        let rows = self.rows("looking for the locks", sql, &[&tables]).await?;
        let by: Option<String> = rows.first().and_then(|row| row.get(0));
        Ok(by.unwrap_or_else(|| "sessions that have ended since".to_owned()))
    }
}

/// Whether a statement failed because of others that hold locks.
fn is_passing(error: &tokio_postgres::Error) -> bool {
    let passing =
        [SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED, SqlState::T_R_DEADLOCK_DETECTED];
    error.code().is_some_and(|code| passing.contains(code))
}

fn failed(what: &str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |cause| Error::Failed { what: what.to_owned(), cause }
}
