//! Another process that carries requests of the same applications, while one takes over from the other.
//!
//! It keeps the routes that it had when it gave up control. So a change of routes is live for every request only when
//! none can begin there any more.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What the other process does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beside {
    /// Requests begin there.
    Serving,
    /// None begins any more, and some are in flight.
    Finishing,
    /// It has ended, or there was none.
    #[default]
    Gone,
}

/// The other process, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct OtherProcess {
    does: Mutex<Beside>,
    changed: Condvar,
}

impl OtherProcess {
    pub(crate) fn is(&self, now: Beside) {
        *self.does() = now;
        self.changed.notify_all();
    }

    pub(crate) fn is_gone(&self) -> bool {
        *self.does() == Beside::Gone
    }

    /// Blocks until the other process has come so far.
    pub(crate) fn wait_for(&self, then: Beside) {
        let does = self.does();
        drop(self.changed.wait_while(does, |does| *does < then));
    }

    fn does(&self) -> MutexGuard<'_, Beside> {
        self.does.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
