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
}

impl Workload {
    pub(crate) fn is_done(&self) -> bool {
        self.finished.load(Relaxed) || Instant::now() >= self.end
    }

    /// Whether one more write may be sent.
    pub(crate) fn take(&self) -> bool {
        let one_less = |left: u64| left.checked_sub(1);
        !self.is_done() && self.writes_left.fetch_update(Relaxed, Relaxed, one_less).is_ok()
    }
}
