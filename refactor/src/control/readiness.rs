//! Whether the program is ready for the clients of a load balancer.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Says why the program is not ready, if it is not. Must not wait.
pub(crate) type ReadinessCheck = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// What `/readyz` says.
#[derive(Default)]
pub(crate) struct Readiness {
    begun: AtomicBool,
    stopping: AtomicBool,
    check: OnceLock<ReadinessCheck>,
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

    /// Asks this too from now on. Only the first one counts.
    pub(crate) fn ask(&self, check: ReadinessCheck) {
        // There is one caller.
        let _ = self.check.set(check);
    }

    /// Why it is not ready, if it is not.
    pub(crate) fn missing(&self) -> Option<String> {
        if self.is_stopping() {
            Some("this program is stopping".to_owned())
        } else if !self.begun.load(Ordering::Relaxed) {
            Some("the first stack is not made yet".to_owned())
        } else {
            self.check.get().and_then(|check| check())
        }
    }
}
