//! What a route mirrors.

use std::sync::atomic::{AtomicU64, Ordering};

use canary::Percent;
use shadow::{Comparison, Pointer};

use crate::limits::REPEAT_EVERY;

/// What a route mirrors, and what was learned about it. Other tags begin anew.
#[derive(Debug)]
pub(crate) struct Mirror {
    pub(crate) share: Percent,
    pub(super) comparison: Comparison,
    samples: AtomicU64,
}

impl Mirror {
    pub(crate) fn new(share: Percent, ignored: Vec<Pointer>) -> Self {
        Self { share, comparison: Comparison::new(ignored), samples: AtomicU64::new(0) }
    }

    /// Whether the next copy goes to the side that answers too.
    pub(crate) fn is_repeat(&self) -> bool {
        self.samples.fetch_add(1, Ordering::Relaxed) % REPEAT_EVERY == REPEAT_EVERY - 1
    }
}
