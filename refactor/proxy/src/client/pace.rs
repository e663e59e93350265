//! How slowly a client may send a body.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{BODY_PAUSE, BODY_RATE, BODY_TIME};

/// By when more of a body must have come. It may take any time in all, but on average no more than a second for
/// [`BODY_RATE`] bytes: one that drips in would hold two connections for as long as it likes.
///
/// Only the time counts in which the client is waited for. While the service takes nothing, the client cannot send.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyPace {
    /// For how long the client may still be waited for, unless more comes.
    left: Duration,
    /// Since when it is waited for.
    since: Option<Instant>,
}

impl BodyPace {
    pub(super) fn begin() -> Self {
        Self { left: BODY_TIME, since: None }
    }

    /// Notes that the client is waited for; for how long it may pause, if that begins now.
    pub(super) fn wait(&mut self, now: Instant) -> Option<Duration> {
        if self.since.is_some() {
            return None;
        }
        self.since = Some(now);
        Some(BODY_PAUSE.min(self.left))
    }

    /// Notes that the client is not waited for any more.
    pub(super) fn rest(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(now - since);
        }
    }

    /// Notes that so many bytes came. A client that was fast may be slow later, but never for longer than at the start.
    pub(super) fn received(&mut self, bytes: usize, now: Instant) {
        self.rest(now);
        let earned = Duration::from_secs(bytes as u64) / BODY_RATE;
        self.left = (self.left + earned).min(BODY_TIME);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{BODY_PAUSE, BODY_TIME, BodyPace};

    /// After which second a client is cut that sends so many bytes each second; none: not within an hour.
    fn ends(bytes: usize) -> Option<u64> {
        let start = Instant::now();
        let mut pace = BodyPace::begin();
        (0..3_600).find(|second| {
            let now = start + Duration::from_secs(*second);
            pace.received(bytes, now);
            pace.wait(now).is_some_and(|pause| pause < Duration::from_secs(1))
        })
    }

    #[test]
    fn a_body_may_take_any_time_unless_it_drips() {
        assert_eq!(ends(1_100), None);
        assert_eq!(ends(512), Some(239));
        assert_eq!(ends(1), Some(120));
    }

    #[test]
    fn speed_at_the_start_is_no_credit_for_ever() {
        let start = Instant::now();
        let mut pace = BodyPace::begin();
        pace.received(1 << 30, start);
        assert_eq!(pace.wait(start), Some(BODY_PAUSE));
        assert_eq!(pace.wait(start + BODY_PAUSE / 2), None, "it is waited for already");
        let later = start + BODY_TIME;
        pace.rest(later);
        assert_eq!(pace.wait(later), Some(Duration::ZERO));
    }

    #[test]
    fn no_time_runs_while_the_service_takes_nothing() {
        let second = Duration::from_secs(1);
        let mut now = Instant::now();
        let mut pace = BodyPace::begin();
        for _ in 0..100 {
            // The client sends little, and pauses for a second; the service pauses for a minute.
            assert_eq!(pace.wait(now), Some(BODY_PAUSE));
            now += second;
            pace.received(1, now);
            now += 60 * second;
        }
    }
}
