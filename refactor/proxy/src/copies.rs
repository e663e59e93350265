//! Mirrors reads: a copy goes to the side of a route that did not answer, and the two answers are compared.
//!
//! A copy carries `X-Banyan-Shadow: 1`. Otherwise it is the request that its service would get, with the same `Host`.
//! It never delays, alters or fails the client's request: copies have their own thread, connections and health of
//! services. For its copy, a client's request only writes a second head and keeps a part of its answer. The number of
//! copies under way is bounded; one more is dropped and counted. A read with a body is not mirrored, nor is a request
//! that is a copy already.
//!
//! Every hundredth copy goes to the side that answered instead: a difference then is noise.

mod copy;

use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io, thread};

use shadow::{DifferenceLog, Sample};
use tokio::runtime::{Builder, Handle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

pub(crate) use copy::ShadowRequest;

use crate::limits::COPIES;
use crate::upstream::Upstreams;
use copy::CopyContext;

/// How often connections that are idle for too long are looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// Sends the copies and compares the answers. When it is dropped, the copies under way end.
pub(crate) struct Shadows {
    runtime: Handle,
    permits: Arc<Semaphore>,
    context: Arc<CopyContext>,
    /// Its end ends the thread.
    _running: oneshot::Sender<()>,
}

impl Shadows {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system gives no thread or no event queue.
    pub(crate) fn start() -> io::Result<Self> {
        let (upstreams, differences) = (Upstreams::new(1), DifferenceLog::default());
        let context = Arc::new(CopyContext { upstreams, differences });
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (running, mut ended) = oneshot::channel::<()>();
        let sweeping = Arc::clone(&context);
        thread::Builder::new().name("shadow".to_owned()).spawn(move || {
            runtime.block_on(async {
                let mut sweep = tokio::time::interval(SWEEP);
                loop {
                    tokio::select! {
                        // Nothing is ever sent: the sender's end is the sign.
                        _ = &mut ended => return,
                        _ = sweep.tick() => sweeping.upstreams.sweep(0),
                    }
                }
            });
        })?;
        let permits = Arc::new(Semaphore::new(COPIES));
        Ok(Self { runtime: handle, permits, context, _running: running })
    }

    /// Room for one copy; nothing if there are as many as there may be.
    pub(crate) fn admit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Sends a copy on its way. What is given back is told the answer that the client gets.
    pub(crate) fn send(&self, copy: ShadowRequest, permit: OwnedSemaphorePermit) -> Sample {
        let (sample, answer) = Sample::new();
        let context = Arc::clone(&self.context);
        self.runtime.spawn(async move {
            copy.run(&context, answer).await;
            drop(permit);
        });
        sample
    }

    /// The last differences of all routes.
    pub(crate) fn differences(&self) -> &DifferenceLog {
        &self.context.differences
    }
}

impl fmt::Debug for Shadows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shadows").field("context", &self.context).finish_non_exhaustive()
    }
}
