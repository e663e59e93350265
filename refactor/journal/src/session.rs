//! One session with PostgreSQL, used from threads that may block.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use postgres::{CONNECT_TIME, PostgresUrl};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{self, Runtime};
use tokio::task::AbortHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls, Socket, Statement};

use crate::schema::numbered;
use crate::{Error, Row, Value};

/// How long one statement may take, and a lock. The server ends it before the client gives the session up.
const LIMITS: &str = "SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'; \
    SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; \
    SET client_min_messages = warning";
/// After this long without an answer the session counts as over.
const ANSWER_TIME: Duration = Duration::from_secs(15);

/// A session. One transaction at a time.
pub(crate) struct DatabaseSession {
    client: Arc<Client>,
    /// The task that has the connection.
    driver: AbortHandle,
    news: Arc<News>,
    /// Held for a transaction.
    turn: Mutex<()>,
    prepared: Mutex<HashMap<String, Statement>>,
}

/// What comes from the server without being asked for.
#[derive(Default)]
struct News {
    over: AtomicBool,
    count: Mutex<u64>,
    more: Condvar,
}

impl News {
    fn note(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.more.notify_all();
    }

    fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.note();
    }
}

impl fmt::Debug for DatabaseSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("over", &self.is_over()).finish_non_exhaustive()
    }
}

impl Drop for DatabaseSession {
    fn drop(&mut self) {
        self.close();
    }
}

impl DatabaseSession {
    pub(crate) fn open(url: &PostgresUrl) -> Result<Self, Error> {
        let config = url.config();
        let tls = url.tls().map_err(Error::over)?;
        let news = Arc::new(News::default());
        let heard = Arc::clone(&news);
        let (client, driver) = wait(CONNECT_TIME, async move {
            Ok::<_, tokio_postgres::Error>(match tls {
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    (client, drive(connection, heard))
                }
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await?;
                    (client, drive(connection, heard))
                }
            })
        })?
        .map_err(Error::over)?;
        let session = Self {
            client: Arc::new(client),
            driver,
            news,
            turn: Mutex::default(),
            prepared: Mutex::default(),
        };
        session.batch(LIMITS)?;
        Ok(session)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.news.over.load(Ordering::Acquire) || self.client.is_closed()
    }

    /// Ends it now: what it holds on the server is free as soon as the server sees that.
    pub(crate) fn close(&self) {
        self.driver.abort();
        self.news.end();
    }

    /// What was heard so far: notifications, and the end.
    pub(crate) fn heard(&self) -> u64 {
        *self.news.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until more was heard than `seen`, or the time is up.
    pub(crate) fn hear(&self, seen: u64, limit: Duration) {
        let count = self.news.count.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.news.more.wait_timeout_while(count, limit, |count| *count == seen));
    }

    /// Carries statements without values out, outside of a transaction.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), Error> {
        let (client, sql) = (Arc::clone(&self.client), sql.to_owned());
        self.ask(async move { client.batch_execute(&sql).await })
    }

    /// Runs `work` between `begin` and a commit.
    pub(crate) fn transact<T, E: From<Error>>(
        &self,
        begin: &str,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = self.turn();
        self.batch(begin)?;
        let open = OpenTransaction(self);
        let answer = work(self)?;
        std::mem::forget(open);
        self.batch("COMMIT").inspect_err(|_| self.close())?;
        Ok(answer)
    }

    pub(crate) fn run(&self, sql: &str, values: &[Value]) -> Result<(), Error> {
        let statement = self.prepared(sql)?;
        let (client, values) = (Arc::clone(&self.client), values.to_owned());
        self.ask(async move {
            let values = values.iter().map(|value| value as &(dyn ToSql + Sync));
            client.execute(&statement, &Vec::from_iter(values)).await.map(drop)
        })
    }

    pub(crate) fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let statement = self.prepared(sql)?;
        let (client, values) = (Arc::clone(&self.client), values.to_owned());
        let rows = self.ask(async move {
            let values = values.iter().map(|value| value as &(dyn ToSql + Sync));
            client.query(&statement, &Vec::from_iter(values)).await
        })?;
        let read = |row: &tokio_postgres::Row| {
            let values = (0..row.len()).map(|column| row.try_get(column));
            values.collect::<Result<_, _>>().map(Row).map_err(Error::failed)
        };
        rows.iter().map(read).collect()
    }

    fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(statement) = prepared.get(sql) {
            return Ok(statement.clone());
        }
        let (client, text) = (Arc::clone(&self.client), numbered(sql));
        let statement = self.ask(async move { client.prepare(&text).await })?;
        prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl Future<Output = Result<T, tokio_postgres::Error>> + Send + 'static,
    ) -> Result<T, Error> {
        if self.is_over() {
            return Err(Error::over("it was closed"));
        }
        match wait(ANSWER_TIME, question).inspect_err(|_| self.close())? {
            Ok(answer) => Ok(answer),
            Err(error) if error.is_closed() || error.code().is_none() => {
                self.close();
                Err(Error::over(error))
            }
            Err(error) => Err(Error::failed(error)),
        }
    }
}

/// A transaction that is rolled back when this is dropped.
struct OpenTransaction<'a>(&'a DatabaseSession);

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        if self.0.batch("ROLLBACK").is_err() {
            self.0.close();
        }
    }
}

/// Reads what the server sends until the session ends.
fn drive<T>(mut connection: Connection<Socket, T>, news: Arc<News>) -> AbortHandle
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let driver = tokio::spawn(async move {
        loop {
            match poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(_))) => news.note(),
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    log::warn!("a session with the control database ended: {error}");
                    break;
                }
                None => break,
            }
        }
        news.end();
    });
    driver.abort_handle()
}

/// Waits for what happens on the runtime of all sessions, which is a thread of its own: those that wait may be threads
/// of another runtime.
fn wait<T: Send + 'static>(
    limit: Duration,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Error> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = match RUNTIME.get() {
        Some(runtime) => runtime,
        None => {
            let mut builder = runtime::Builder::new_multi_thread();
            let made = builder.worker_threads(1).thread_name("control-db").enable_all().build();
            let made = made.map_err(Error::failed)?;
            RUNTIME.get_or_init(|| made)
        }
    };
    let (ended, waiting) = mpsc::channel();
    let began = Instant::now();
    let task = runtime.spawn(async move {
        // If this took too long, the caller no longer waits.
        let _ = ended.send(work.await);
    });
    waiting.recv_timeout(limit).map_err(|_elapsed| {
        task.abort();
        Error::over(format!("no answer within {} s", began.elapsed().as_secs()))
    })
}
