//! How far a follower is behind, as it can know it.
//!
//! Both times that are subtracted are of the source's clock, so the clocks of the two machines need not
//! agree; what happens on this side is measured here.

use std::time::{Duration, Instant};

/// How often a source that is followed makes a heartbeat.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(100);
/// How old the answer of a copy may be. A proxy remembers for longer what its clients wrote (`REMEMBER_TIME` in
/// `refactor/proxy/src/limits.rs`). So a client finds an older write of its own in every copy that still answers.
pub(super) const STALE: Duration = Duration::from_secs(30);
/// After so long without a page nothing is known of the source.
const SILENCE: Duration = Duration::from_secs(2);

/// What was measured with the pages so far.
#[derive(Debug, Default)]
pub(super) struct Lag {
    /// The newest heartbeat that was applied, in milliseconds of the source's clock.
    heartbeat_ms: Option<i64>,
    last: Option<Measured>,
}

#[derive(Debug)]
struct Measured {
    behind: Option<Duration>,
    changes: u64,
    at: Instant,
}

/// What a page says of the source when it was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// The source's time.
    pub(super) now_ms: i64,
    /// The time of the last heartbeat among the page's entries.
    pub(super) heartbeat_ms: Option<i64>,
    /// How many positions the source was further than the page.
    pub(super) changes: u64,
}

impl Lag {
    /// Notes a page that took `applying` from the head of its answer until it was on disk, at `at`. Gives the time
    /// as of which everything is here, if that is known. A heartbeat of the source's future says nothing: its clock
    /// went back.
    pub(super) fn applied(
        &mut self,
        seen: Seen,
        applying: Duration,
        at: Instant,
    ) -> Option<Instant> {
        let beat = seen.heartbeat_ms.or(self.heartbeat_ms);
        self.heartbeat_ms = beat;
        let measured = |beat: i64| {
            let ms = u64::try_from(seen.now_ms.saturating_sub(beat)).ok();
            let since =
                ms.map(Duration::from_millis).or((seen.changes == 0).then_some(Duration::ZERO));
            since.map(|since| since + applying)
        };
        let behind = match seen.heartbeat_ms {
            // The page has all that there was: that the heartbeat before it is some milliseconds old says nothing
            // of how long this page took; nor does it matter that there was none, because the source's disk is
            // full, for example.
            None if seen.changes == 0 => Some(applying),
            _ => beat.and_then(measured),
        };
        self.last = Some(Measured { behind, changes: seen.changes, at });
        let all = (seen.changes == 0).then_some(applying);
        at.checked_sub(all.or(behind)?)
    }

    /// Whether no page was seen yet.
    pub(super) fn is_new(&self) -> bool {
        self.last.is_none()
    }

    /// How long ago the first missing change was written; `None` if that is not known.
    pub(super) fn behind(&self, now: Instant) -> Option<Duration> {
        let last = self.last.as_ref()?;
        let silence = now.saturating_duration_since(last.at);
        let behind = last.behind?;
        match silence {
            silence if silence > SILENCE => None,
            silence if silence > HEARTBEAT => Some(behind + silence),
            _ => Some(behind),
        }
    }

    /// How many positions are missing here, as of the last page.
    pub(super) fn changes(&self, now: Instant) -> Option<u64> {
        let last = self.last.as_ref()?;
        (now.saturating_duration_since(last.at) <= SILENCE).then_some(last.changes)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Lag, Seen};

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn seen(now_ms: i64, heartbeat_ms: Option<i64>, changes: u64) -> Seen {
        Seen { now_ms, heartbeat_ms, changes }
    }

    #[test]
    fn nothing_is_known_before_a_heartbeat() {
        let (mut lag, now) = (Lag::default(), Instant::now());
        assert_eq!((lag.behind(now), lag.changes(now)), (None, None));
        assert_eq!(lag.applied(seen(5_000, None, 9), ms(3), now), None);
        assert_eq!((lag.behind(now), lag.changes(now)), (None, Some(9)));
        // What was all there was needs no heartbeat to be known as that.
        assert_eq!(lag.applied(seen(5_000, None, 0), ms(3), now), Some(now - ms(3)));
        assert_eq!((lag.behind(now), lag.changes(now)), (Some(ms(3)), Some(0)));
    }

    #[test]
    fn a_heartbeat_is_followed_from_its_write_to_this_disk() {
        let (mut lag, now) = (Lag::default(), Instant::now());
        lag.applied(seen(5_010, Some(5_000), 0), ms(3), now);
        assert_eq!(lag.behind(now), Some(ms(13)));
        // What came after it took only its own time.
        lag.applied(seen(5_060, None, 0), ms(4), now);
        assert_eq!(lag.behind(now), Some(ms(4)));
        // A source whose clock jumps back is not in the future.
        lag.applied(seen(4_000, Some(5_000), 0), ms(3), now);
        assert_eq!(lag.behind(now), Some(ms(3)));
    }

    #[test]
    fn a_source_whose_clock_goes_back_hides_no_backlog() {
        let (mut lag, now) = (Lag::default(), Instant::now());
        lag.applied(seen(5_000, Some(5_000), 0), ms(1), now);
        assert_eq!(lag.applied(seen(4_000, None, 700), ms(1), now), None);
        assert_eq!((lag.behind(now), lag.changes(now)), (None, Some(700)));
        // Its next heartbeat is of the new time.
        assert_eq!(lag.applied(seen(4_200, Some(4_100), 9), ms(1), now), Some(now - ms(101)));
    }

    #[test]
    fn a_backlog_makes_the_last_heartbeat_older() {
        let (mut lag, now) = (Lag::default(), Instant::now());
        lag.applied(seen(5_000, Some(5_000), 0), ms(1), now);
        assert_eq!(lag.applied(seen(9_000, None, 700), ms(1), now), Some(now - ms(4_001)));
        assert_eq!((lag.behind(now), lag.changes(now)), (Some(ms(4_001)), Some(700)));
    }

    #[test]
    fn silence_counts_and_ends_in_not_knowing() {
        let (mut lag, now) = (Lag::default(), Instant::now());
        lag.applied(seen(5_000, Some(5_000), 0), ms(1), now);
        assert_eq!(lag.behind(now + ms(100)), Some(ms(1)));
        assert_eq!(lag.behind(now + ms(1_500)), Some(ms(1_501)));
        assert_eq!(lag.behind(now + ms(2_001)), None);
        assert_eq!(lag.changes(now + ms(2_001)), None);
    }
}
