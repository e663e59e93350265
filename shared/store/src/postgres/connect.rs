//! The pool, and what each of its connections is told.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;

use super::tls;
use crate::{OpenError, PostgresUrl};

/// For how long to try to reach the server.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// For how long a caller waits for a connection that others use.
const POOL_WAIT: Duration = Duration::from_secs(5);
/// A statement or lock that takes longer is given up by the server, so that it cannot block others
/// for good.
const LIMITS: &str =
    "SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'";

pub(super) fn pool(url: &PostgresUrl, connections: usize) -> Result<Pool, OpenError> {
    let mut config = url.config.clone();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIME);
    }
    if config.get_application_name().is_none() {
        config.application_name("banyan");
    }
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = if config.get_ssl_mode() == SslMode::Disable {
        Manager::from_config(config, NoTls, recycling)
    } else {
        Manager::from_config(config, tls::connector(url)?, recycling)
    };
    let limits = Hook::async_fn(|client, _| {
        Box::pin(async move { client.batch_execute(LIMITS).await.map_err(HookError::Backend) })
    });
    Pool::builder(manager)
        .max_size(connections)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(POOL_WAIT))
        .create_timeout(Some(CONNECT_TIME))
        .recycle_timeout(Some(POOL_WAIT))
        .post_create(limits)
        .build()
        .map_err(|error| OpenError::Unreachable {
            database: url.shown.clone(),
            advice: "report this as a fault of the program",
            cause: Arc::new(error),
        })
}
