//! How far a run is.

use std::sync::atomic::Ordering::Relaxed;

use crate::work::Workload;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing {
    /// The clients ask.
    Asking {
        /// How much of the time, or of the writes, is over: from 0 to 1.
        share: f64,
        /// The requests that were answered or lost.
        requests: u64,
        /// Those that failed.
        failed: u64,
        /// The requests of each second so far.
        per_second: f64,
    },
    /// The board is compared with what the clients know.
    Checking {
        /// The members that were read.
        checked: u64,
        /// All that are to be read.
        members: u64,
    },
}

impl Standing {
    pub(crate) fn asking(work: &Workload) -> Self {
        let requests = work.counts.requests.load(Relaxed);
        Self::Asking {
            share: work.share(),
            requests,
            failed: work.counts.failed.load(Relaxed),
            per_second: requests as f64 / work.start.elapsed().as_secs_f64().max(0.1),
        }
    }

    pub(crate) fn checking(work: &Workload, members: usize) -> Self {
        Self::Checking { checked: work.counts.checked.load(Relaxed), members: members as u64 }
    }
}
