//! Whether the program is ready for the clients of a load balancer.

use std::sync::atomic::{AtomicBool, Ordering};

/// What `/readyz` says.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    begun: AtomicBool,
    stopping: AtomicBool,
}

impl Readiness {
    /// What has to be there from the start is there.
    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    /// The program was told to stop.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Why it is not ready, if it is not.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        if self.is_stopping() {
            Some("this program is stopping")
        } else if !self.begun.load(Ordering::Relaxed) {
            Some("the first stack is not made yet")
        } else {
            None
        }
    }
}
