//! How slowly a client may send a body.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{BODY_PAUSE, BODY_RATE, BODY_TIME};

/// By when more of a body must have come. It may take any time in all, but on average no more than a second for
/// [`BODY_RATE`] bytes: one that drips in would hold two connections for as long as it likes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    until: Instant,
}

impl Pace {
    pub(super) fn begin(now: Instant) -> Self {
        Self { until: now + BODY_TIME }
    }

    /// Notes that so many bytes came. A client that was fast may be slow later, but never for longer than at the start.
    pub(super) fn received(&mut self, bytes: usize, now: Instant) {
        let earned = Duration::from_secs(bytes as u64) / BODY_RATE;
        self.until = (self.until + earned).min(now + BODY_TIME);
    }

    /// For how long the client may pause now.
    pub(super) fn pause(self, now: Instant) -> Duration {
        BODY_PAUSE.min(self.until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{BODY_PAUSE, Pace};

    /// After how many seconds a client is too slow that sends so many bytes each second; none: not within an hour.
    fn ends(bytes: usize) -> Option<u64> {
        let start = Instant::now();
        let mut pace = Pace::begin(start);
        (0..3_600).find(|second| {
            let now = start + Duration::from_secs(*second);
            pace.received(bytes, now);
            pace.pause(now).is_zero()
        })
    }

    #[test]
    fn a_body_may_take_any_time_unless_it_drips() {
        assert_eq!(ends(1_100), None);
        assert_eq!(ends(512), Some(240));
        assert_eq!(ends(1), Some(121));
    }

    #[test]
    fn speed_at_the_start_is_no_credit_for_ever() {
        let start = Instant::now();
        let mut pace = Pace::begin(start);
        pace.received(1 << 30, start);
        assert_eq!(pace.pause(start), BODY_PAUSE);
        assert_eq!(pace.pause(start + Duration::from_secs(120)), Duration::ZERO);
    }
}
