//! Tells waiting threads that something has happened.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Counts what has happened, so that nothing between a look and a wait is missed.
#[derive(Default)]
pub(super) struct Signal {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Signal {
    /// The count now; look at the state after this, and wait for what comes after it.
    pub(super) fn now(&self) -> u64 {
        *self.lock()
    }

    /// Something has happened.
    pub(super) fn notify(&self) {
        *self.lock() += 1;
        self.changed.notify_all();
    }

    /// Waits until something has happened after `seen`; false when the deadline came first.
    pub(super) fn wait_after(&self, seen: u64, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(self.lock(), left, |count| *count == seen);
        *waited.unwrap_or_else(PoisonError::into_inner).0 != seen
    }

    /// Waits until something has happened after `seen`.
    pub(super) fn wait_forever_after(&self, seen: u64) {
        let count = self.lock();
        drop(self.changed.wait_while(count, |count| *count == seen));
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
