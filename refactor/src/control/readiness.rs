//! Whether the program is ready for the clients of a load balancer.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What `/readyz` says.
#[derive(Debug)]
pub(crate) struct Readiness(Mutex<Option<&'static str>>);

impl Readiness {
    /// Not ready yet, for this reason.
    pub(crate) fn not_yet(reason: &'static str) -> Self {
        Self(Mutex::new(Some(reason)))
    }

    /// Ready from now on, or not, for this reason.
    pub(crate) fn set(&self, reason: Option<&'static str>) {
        *self.reason() = reason;
    }

    /// Why it is not ready, if it is not.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        *self.reason()
    }

    fn reason(&self) -> MutexGuard<'_, Option<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
