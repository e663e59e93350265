//! What a route mirrors.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

use canary::Percent;
use jiff::Timestamp;
use shadow::{Comparison, NotCompared, Pointer, ShadowCounts};

use crate::limits::REPEAT_EVERY;
use crate::metrics::ShadowOutcome;

/// What a route mirrors, and what was learned about it. Other tags begin anew.
#[derive(Debug)]
pub(crate) struct Mirror {
    pub(crate) share: Percent,
    pub(crate) comparison: Comparison,
    /// When it began.
    pub(crate) since: Timestamp,
    sampled: AtomicU64,
    sent: AtomicU64,
    /// By [`ShadowOutcome`].
    outcomes: [AtomicU64; ShadowOutcome::COUNT],
}

impl Mirror {
    pub(crate) fn new(share: Percent, ignored: Vec<Pointer>) -> Self {
        Self {
            share,
            comparison: Comparison::new(ignored),
            since: Timestamp::now(),
            sampled: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            outcomes: array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Whether the next copy goes to the side that answers too.
    pub(crate) fn is_repeat(&self) -> bool {
        self.sent.fetch_add(1, Ordering::Relaxed) % REPEAT_EVERY == REPEAT_EVERY - 1
    }

    /// Counts a read that was chosen to be mirrored.
    pub(crate) fn sampled(&self) {
        self.sampled.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what became of it.
    pub(crate) fn ended(&self, outcome: ShadowOutcome) {
        if let Some(count) = self.outcomes.get(outcome as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What became of the reads so far.
    pub(crate) fn counts(&self) -> ShadowCounts {
        use ShadowOutcome::{
            Abandoned, Differed, Dropped, Matched, MatchedInPart, Noise, NotDecoded, Repeated,
            Unanswered,
        };
        let of = |outcome: ShadowOutcome| {
            let count = self.outcomes.get(outcome as usize);
            count.map_or(0, |count| count.load(Ordering::Relaxed))
        };
        let not_compared = NotCompared {
            matched_in_part: of(MatchedInPart),
            not_decoded: of(NotDecoded),
            repeated: of(Repeated),
            unanswered: of(Unanswered),
            abandoned: of(Abandoned),
            dropped: of(Dropped),
        };
        let (equal, different) = (of(Matched) + of(Noise), of(Differed));
        // Read last, so that it is never below the sum of the others.
        let sampled = self.sampled.load(Ordering::Relaxed);
        ShadowCounts::new(sampled, equal, different, not_compared)
    }
}
