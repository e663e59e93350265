//! Work that would keep a worker from its clients.

use std::future::Future;

use actix_web::web::block;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// Does the work on a thread of its own, a few at a time: SQLite reads on the thread that asks.
///
/// # Errors
/// 503 where the program stops.
pub(super) async fn aside<T, F, W>(few: &Semaphore, work: W) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Future<Output = T>,
    W: FnOnce() -> F + Send + 'static,
{
    let stopping = || Problem::unavailable("the service stops");
    let _turn = few.acquire().await.map_err(|_closed| stopping())?;
    let runtime = Handle::current();
    block(move || runtime.block_on(work())).await.map_err(|error| {
        log::error!("a piece of work was lost: {error}");
        stopping()
    })
}
