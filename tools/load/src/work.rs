//! How much is left to do.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::time::Instant;

/// What all clients share: how much is left to do.
pub(crate) struct Work {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    writes: AtomicU64,
    finished: AtomicBool,
}

impl Work {
    pub(crate) fn new(start: Instant, end: Instant, writes: Option<u64>) -> Self {
        let writes = AtomicU64::new(writes.unwrap_or(u64::MAX));
        Self { start, end, writes, finished: AtomicBool::new(false) }
    }

    /// Ends the work before its time.
    pub(crate) fn finish(&self) {
        self.finished.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_done(&self) -> bool {
        self.finished.load(Ordering::Relaxed) || Instant::now() >= self.end
    }

    /// Whether one more write may be sent.
    pub(crate) fn take(&self) -> bool {
        let one_less = |left: u64| left.checked_sub(1);
        let order = Ordering::Relaxed;
        !self.is_done() && self.writes.fetch_update(order, order, one_less).is_ok()
    }
}
