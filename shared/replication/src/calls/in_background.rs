//! Work that would keep a worker from its clients.

use std::future::Future;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::CallRefusal;
use crate::ErrorCode;

/// Does the work on a thread of its own, a few at a time: a store may read on the thread that asks. If the caller goes
/// away, the work still runs to its end, and counts until then.
///
/// # Errors
/// 503 if the program stops.
pub(super) async fn in_background<T, F, W>(few: &Arc<Semaphore>, work: W) -> Result<T, CallRefusal>
where
    T: Send + 'static,
    F: Future<Output = T>,
    W: FnOnce() -> F + Send + 'static,
{
    let stopping = || CallRefusal::new(ErrorCode::Unavailable, "the service stops");
    let turn = Arc::clone(few).acquire_owned().await.map_err(|_closed| stopping())?;
    let runtime = Handle::current();
    let work = move || {
        let _turn = turn;
        runtime.block_on(work())
    };
    spawn_blocking(work).await.map_err(|error| {
        log::error!("a piece of work was lost: {error}");
        stopping()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::{Arc, Semaphore, in_background, spawn_blocking};

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_keeps_its_turn_to_its_end() {
        let few = Arc::new(Semaphore::new(1));
        let (began, begins) = channel();
        let (end, ends) = channel::<()>();
        let asked = tokio::spawn({
            let few = Arc::clone(&few);
            async move {
                let work = move || async move {
                    began.send(()).unwrap();
                    ends.recv().unwrap();
                };
                in_background(&few, work).await.unwrap();
            }
        });
        spawn_blocking(move || begins.recv().unwrap()).await.unwrap();
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(few.available_permits(), 0);
        end.send(()).unwrap();
        drop(few.acquire().await.unwrap());
    }
}
