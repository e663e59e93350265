//! Mirrors reads: a copy goes to the side of a route that did not answer, and the two answers are compared.
//!
//! A copy carries `X-Banyan-Shadow: 1`. Otherwise it is the request that its service would get, with the same `Host`.
//! It never delays, alters or fails the client's request: copies have their own thread, connections and health of
//! services. For its copy, a client's request only writes a second head and keeps a part of its answer. The number of
//! copies under way is bounded; one more is dropped and counted. A read with a body is not mirrored, nor is a request
//! that is a copy already.
//!
//! Every hundredth copy goes to the side that answered instead: a difference then is noise.

mod capture;
mod compare;
mod copy;
mod differences;
mod noise;
mod pointer;
mod sample;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use std::{fmt, io, thread};

use tokio::runtime::{Builder, Handle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

pub(crate) use copy::Copy;
pub(crate) use differences::Asked;
pub(crate) use pointer::Pointer;
pub(crate) use sample::Sample;

use crate::limits::{COPIES, REPEAT_EVERY};
use crate::split::Percent;
use crate::upstream::Upstreams;
use differences::Differences;
use noise::Noise;

/// How often connections that are idle for too long are looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// What a route mirrors, and what was learned about it. Other tags begin anew.
#[derive(Debug)]
pub(crate) struct Mirror {
    pub(crate) share: Percent,
    ignored: Vec<Pointer>,
    noise: Noise,
    samples: AtomicU64,
}

impl Mirror {
    pub(crate) fn new(share: Percent, ignored: Vec<Pointer>) -> Self {
        Self { share, ignored, noise: Noise::default(), samples: AtomicU64::new(0) }
    }

    /// Whether the next copy goes to the side that answers too.
    pub(crate) fn is_repeat(&self) -> bool {
        self.samples.fetch_add(1, Ordering::Relaxed) % REPEAT_EVERY == REPEAT_EVERY - 1
    }
}

/// Sends the copies and compares the answers. When it is dropped, the copies under way end.
pub(crate) struct Shadows {
    runtime: Handle,
    permits: Arc<Semaphore>,
    work: Arc<Work>,
    /// Its end ends the thread.
    _running: oneshot::Sender<()>,
}

/// What copies share.
#[derive(Debug)]
struct Work {
    /// Others than those of requests, so that a copy never takes a connection or a trial from one.
    upstreams: Upstreams,
    differences: Differences,
}

impl Shadows {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system gives no thread or no event queue.
    pub(crate) fn start() -> io::Result<Self> {
        let work =
            Arc::new(Work { upstreams: Upstreams::new(1), differences: Differences::default() });
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (running, mut ended) = oneshot::channel::<()>();
        let sweeping = Arc::clone(&work);
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
        Ok(Self { runtime: handle, permits, work, _running: running })
    }

    /// Room for one copy; nothing if there are as many as there may be.
    pub(crate) fn admit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Sends a copy on its way. What is given back is told the answer that the client gets.
    pub(crate) fn send(&self, copy: Copy, permit: OwnedSemaphorePermit) -> Sample {
        let (sample, answer) = Sample::new();
        let work = Arc::clone(&self.work);
        self.runtime.spawn(async move {
            copy.run(&work, answer).await;
            drop(permit);
        });
        sample
    }

    /// The last differences, one JSON document a line, the oldest first.
    pub(crate) fn differences(&self) -> String {
        self.work.differences.lines()
    }
}

impl fmt::Debug for Shadows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shadows").field("work", &self.work).finish_non_exhaustive()
    }
}
