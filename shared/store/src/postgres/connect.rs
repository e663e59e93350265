//! The pool, and what each of its connections is told.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ::postgres::CONNECT_TIME;
use deadpool_postgres::{
    Connect, Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime,
};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Error, NoTls, Socket};

use super::session::{SESSION, Sharing};
use crate::{OpenError, PostgresUrl};

/// For how long a caller waits for a connection that others use.
pub(super) const POOL_WAIT: Duration = Duration::from_secs(5);
/// For how long to wait at the start for a server that accepts connections and does not answer. One that was
/// asleep answers when it is awake: Aurora Serverless v2 takes 15 s for that, and 30 s or more after a day.
pub(super) const WAKE_TIME: Duration = Duration::from_secs(60);
/// How long a connection may lie unused. A serverless database goes to sleep only without connections.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// A pool whose connections live in the runtime that this is called in. They are told [`SESSION`] if `sharing` says
/// that their sessions stay with them.
pub(super) fn pool(
    url: &PostgresUrl,
    connections: usize,
    sharing: Option<Sharing>,
) -> Result<Pool, OpenError> {
    let config = url.config();
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let unreachable =
        |advice, cause| OpenError::Unreachable { database: url.to_string(), advice, cause };
    let tls = url.tls().map_err(|error| unreachable(error.advice, error.cause))?;
    let manager = match tls {
        None => Manager::from_connect(config, HomeRuntime::of(NoTls), recycling),
        Some(tls) => Manager::from_connect(config, HomeRuntime::of(tls), recycling),
    };
    let session = Hook::async_fn(move |client, _| {
        let own = sharing.as_ref().is_some_and(|sharing| !sharing.get());
        Box::pin(async move {
            if own {
                client.batch_execute(SESSION).await.map_err(HookError::Backend)?;
            }
            Ok(())
        })
    });
    Pool::builder(manager)
        .max_size(connections)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(POOL_WAIT))
        .create_timeout(Some(CONNECT_TIME))
        .recycle_timeout(Some(POOL_WAIT))
        .post_create(session)
        .build()
        .map_err(|error| unreachable("report this as a fault of the program", Arc::new(error)))
}

/// Closes connections that are not used, until the pool is closed.
pub(super) fn let_sleep(pool: &Pool) {
    let pool = pool.weak();
    tokio::spawn(async move {
        loop {
            sleep(IDLE_TIME / 2).await;
            match pool.upgrade().filter(|pool| !pool.is_closed()) {
                Some(pool) => close_unused(&pool, IDLE_TIME),
                None => return,
            }
        }
    });
}

/// Closes the connections that have not been used for so long.
fn close_unused(pool: &Pool, idle: Duration) {
    pool.retain(|_, metrics| metrics.last_used() < idle);
}

/// Opens and drives connections in the runtime that opened the store. A worker's own runtime ends as
/// soon as that worker has nothing to do, and would take along connections that others are using.
struct HomeRuntime<T> {
    tls: T,
    home: Handle,
}

impl<T> HomeRuntime<T> {
    fn of(tls: T) -> Self {
        Self { tls, home: Handle::current() }
    }
}

type Connecting<'a> =
    Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'a>>;

impl<T> Connect for HomeRuntime<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send + Sync,
    T::TlsConnect: Send + Sync,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, config: &Config) -> Connecting<'_> {
        let (config, tls) = (config.clone(), self.tls.clone());
        Box::pin(async move {
            let connecting = self.home.spawn(async move { config.connect(tls).await });
            let mut connecting = AbortOnDrop(connecting);
            let (client, connection) = match (&mut connecting.0).await {
                Ok(connected) => connected?,
                // That runtime is ending, and this task with it. The pool bounds the wait.
                Err(_ending) => std::future::pending().await,
            };
            let driver = self.home.spawn(async move {
                if let Err(error) = connection.await {
                    log::warn!("a connection to PostgreSQL ended: {error}");
                }
            });
            Ok((client, driver))
        })
    }
}

/// If the caller gives up waiting for a connection, the attempt ends too: a server that accepts and does not answer
/// must not collect sockets.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{close_unused, pool};
    use crate::Database;

    #[tokio::test]
    #[ignore = "needs TEST_DATABASE_URL"]
    async fn a_connection_that_nobody_uses_is_closed_and_one_in_use_is_not() {
        let database = harness::postgres().await;
        let Ok(Database::Postgres(url)) = database.url().parse() else { panic!("not PostgreSQL") };
        let pool = pool(&url, 2, None).unwrap();
        let used = pool.get().await.unwrap();
        drop(pool.get().await.unwrap());
        assert_eq!(pool.status().size, 2);
        close_unused(&pool, Duration::from_secs(600));
        assert_eq!(pool.status().size, 2, "it was used a moment ago");
        close_unused(&pool, Duration::ZERO);
        assert_eq!(pool.status().size, 1);
        used.query_one("SELECT 1", &[]).await.unwrap();
    }
}
