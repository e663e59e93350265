//! What all clients share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use tokio::time::Instant;

use crate::board::Board;
use crate::options::Options;
use crate::references::References;

/// The board, the options, and how much is left to do.
pub(crate) struct Workload {
    pub(crate) board: Board,
    pub(crate) options: Options,
    pub(crate) references: References,
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    pub(crate) writes_left: AtomicU64,
    pub(crate) finished: AtomicBool,
    pub(crate) counts: Counts,
}

/// What happened so far.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) requests: AtomicU64,
    pub(crate) failed: AtomicU64,
    /// The members that were read after the run.
    pub(crate) checked: AtomicU64,
}

impl Workload {
    pub(crate) fn is_done(&self) -> bool {
        self.finished.load(Relaxed) || Instant::now() >= self.end
    }

    /// How much of the time, or of the writes, is over: from 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        let time = self.start.elapsed().as_secs_f64() / (self.end - self.start).as_secs_f64();
        let writes = self
            .options
            .writes
            .map_or(0.0, |all| 1.0 - self.writes_left.load(Relaxed) as f64 / all.max(1) as f64);
        time.max(writes).min(1.0)
    }

    /// Whether one more write may be sent.
    pub(crate) fn take(&self) -> bool {
        let one_less = |left: u64| left.checked_sub(1);
        !self.is_done() && self.writes_left.fetch_update(Relaxed, Relaxed, one_less).is_ok()
    }
}
