//! What was seen of a canary.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What was seen of a canary: a count of reads each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanaryTally {
    /// That it was asked.
    pub requests: u64,
    /// That got no answer of it, or one with a status from 500.
    pub failed: u64,
    /// Whose answer began later than `banyan:canary-max-p99-ms`.
    pub slow: u64,
    /// Whose two answers were compared.
    pub compared: u64,
    /// Whose two answers differed.
    pub differed: u64,
}

impl CanaryTally {
    /// Adds what was seen later.
    pub fn add(&mut self, more: &Self) {
        self.requests += more.requests;
        self.failed += more.failed;
        self.slow += more.slow;
        self.compared += more.compared;
        self.differed += more.differed;
    }
}

/// Counts a canary's reads, until they are taken away.
#[derive(Debug, Default)]
pub struct Tally {
    slow_after: Option<Duration>,
    requests: AtomicU64,
    failed: AtomicU64,
    slow: AtomicU64,
    compared: AtomicU64,
    differed: AtomicU64,
}

impl Tally {
    /// With nothing counted; an answer is slow after this time.
    pub fn new(slow_after: Option<Duration>) -> Self {
        Self { slow_after, ..Self::default() }
    }

    /// A read was answered after this time, or was not.
    pub fn asked(&self, failed: bool, time: Duration) {
        add(&self.requests, true);
        add(&self.failed, failed);
        add(&self.slow, self.slow_after.is_some_and(|limit| time > limit));
    }

    /// Two answers were compared.
    pub fn compared(&self, differed: bool) {
        add(&self.compared, true);
        add(&self.differed, differed);
    }

    /// What was counted since this was last called.
    pub fn take(&self) -> CanaryTally {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        CanaryTally {
            requests: take(&self.requests),
            failed: take(&self.failed),
            slow: take(&self.slow),
            compared: take(&self.compared),
            differed: take(&self.differed),
        }
    }
}

fn add(counter: &AtomicU64, one: bool) {
    if one {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
