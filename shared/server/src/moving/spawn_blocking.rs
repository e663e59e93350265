//! Work that would keep a worker from its clients.

use std::future::Future;
use std::sync::Arc;

use actix_web::web::block;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// Does the work on a thread of its own, a few at a time: SQLite reads on the thread that asks. If the caller goes
/// away, the work still runs to its end, and counts until then.
///
/// # Errors
/// 503 if the program stops.
pub(super) async fn spawn_blocking<T, F, W>(few: &Arc<Semaphore>, work: W) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Future<Output = T>,
    W: FnOnce() -> F + Send + 'static,
{
    let stopping = || Problem::unavailable("the service stops");
    let turn = Arc::clone(few).acquire_owned().await.map_err(|_closed| stopping())?;
    let runtime = Handle::current();
    let work = move || {
        let _turn = turn;
        runtime.block_on(work())
    };
    block(work).await.map_err(|error| {
        log::error!("a piece of work was lost: {error}");
        stopping()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::{Arc, Semaphore, spawn_blocking};

    #[actix_web::test]
    async fn work_that_nobody_waits_for_any_more_keeps_its_turn_to_its_end() {
        let few = Arc::new(Semaphore::new(1));
        let (began, begins) = channel();
        let (end, ends) = channel::<()>();
        let asked = actix_web::rt::spawn({
            let few = Arc::clone(&few);
            async move {
                let work = move || async move {
                    began.send(()).unwrap();
                    ends.recv().unwrap();
                };
                spawn_blocking(&few, work).await.unwrap();
            }
        });
        actix_web::web::block(move || begins.recv().unwrap()).await.unwrap();
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(few.available_permits(), 0);
        end.send(()).unwrap();
        drop(few.acquire().await.unwrap());
    }
}
