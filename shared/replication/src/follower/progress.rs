//! How a follower gets on, as it says it of itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::halt::Cause;
use super::lag::{Lag, STALE, Seen};
use super::pace::Pace;
use crate::{FollowerState, Following, RowRate};

/// How the follower of one collection gets on; nothing while it does not follow.
#[derive(Debug)]
pub struct Progress {
    told: Mutex<Told>,
    /// The latest time as of which everything is known to be here, in milliseconds since `start`, and one more; 0: none
    /// is known. Reads ask for it.
    current: AtomicU64,
    start: Instant,
}

#[derive(Debug, Default)]
struct Told {
    rate: RowRate,
    inner: Option<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: FollowerState,
    cause: Option<Cause>,
    rows: u64,
    lag: Lag,
    pace: Pace,
}

impl Inner {
    fn new(rate: RowRate) -> Self {
        let (lag, pace) = (Lag::default(), Pace::new(rate, Instant::now()));
        Self { state: FollowerState::Waiting, cause: None, rows: 0, lag, pace }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self { told: Mutex::default(), current: AtomicU64::new(0), start: Instant::now() }
    }
}

impl Progress {
    /// Everything that there was at this time is here.
    pub(super) fn is_current(&self, at: Instant) {
        let since = at.saturating_duration_since(self.start);
        self.current.fetch_max(ms(since).saturating_add(1), Ordering::Relaxed);
    }

    /// What is here is a part.
    pub(super) fn is_not_current(&self) {
        self.current.store(0, Ordering::Relaxed);
    }

    /// How old at most the rows here are; `None` if that is not known.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        let current = self.current.load(Ordering::Relaxed).checked_sub(1)?;
        Some(now.saturating_duration_since(self.start + Duration::from_millis(current)))
    }

    /// Whether this copy may be too old to be read. If its age is not known, it counts as too old.
    pub fn is_stale(&self, now: Instant) -> bool {
        self.age(now).is_none_or(|age| age > STALE)
    }

    /// Does not follow.
    pub(super) fn over(&self) {
        self.told().inner = None;
    }

    /// Is in this state, for this cause. Says whether that is news.
    pub(super) fn now(&self, state: FollowerState, cause: Option<Cause>) -> bool {
        self.with(|inner| {
            let news = inner.state != state || inner.cause != cause;
            (inner.state, inner.cause) = (state, cause);
            news
        })
    }

    /// Copies at this rate from now on.
    pub(super) fn limit(&self, rate: RowRate) {
        let mut told = self.told();
        told.rate = rate;
        if let Some(inner) = &mut told.inner {
            inner.pace.tell(rate, Instant::now());
        }
    }

    /// The most rows that the next page should have.
    pub(super) fn page_rows(&self, most: usize) -> usize {
        self.with(|inner| inner.pace.page_rows(most))
    }

    /// Notes that a page of so many rows has arrived from a source that is busy or not. Gives the time from
    /// when on the next one may be asked for.
    pub(super) fn paced(&self, rows: usize, busy: bool) -> Instant {
        self.with(|inner| inner.pace.arrived(rows, busy, Instant::now()))
    }

    /// Notes that a page which arrived at `at` is on disk now, and how many of its rows were news.
    pub(super) fn applied(&self, seen: Seen, rows: u64, at: Instant) {
        let now = Instant::now();
        // Together: whatever is told how far this is behind may read it.
        self.with(|inner| {
            inner.rows += rows;
            if let Some(current) = inner.lag.applied(seen, now.saturating_duration_since(at), now) {
                self.is_current(current);
            }
        });
    }

    /// What it says of itself.
    pub fn following(&self) -> Option<Following> {
        let told = self.told();
        let inner = told.inner.as_ref()?;
        let now = Instant::now();
        let follows = inner.state == FollowerState::Following;
        let lag_ms = inner.lag.behind(now).filter(|_| follows).map(ms);
        let silent = follows && lag_ms.is_none();
        let spares = inner.state == FollowerState::Copying && inner.pace.spares_its_source();
        let stale = follows && self.is_stale(now);
        let slow = match (stale, silent, spares) {
            // It has just begun, and asks for the first page: if none comes, the state says so.
            _ if follows && inner.lag.is_new() => None,
            (true, ..) => Some(
                "it is too far behind, or does not know how far: it leaves reads to the primary",
            ),
            (_, true, _) => Some("no heartbeat of the source has come lately"),
            (_, _, true) => Some(
                "the source's clients wait longer than usual: it copies more slowly until they do not",
            ),
            (false, false, false) => None,
        };
        Some(Following {
            state: inner.state,
            detail: inner
                .cause
                .as_ref()
                .map(|cause| cause.detail.clone())
                .or(slow.map(str::to_owned)),
            code: inner.cause.as_ref().and_then(|cause| cause.code),
            rows: inner.rows,
            rows_per_second: inner.pace.rows_per_second(now),
            lag_changes: inner.lag.changes(now),
            lag_ms,
            throttled: inner.pace.throttled(),
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        let mut told = self.told();
        let rate = told.rate;
        work(told.inner.get_or_insert_with(|| Inner::new(rate)))
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{FollowerState, Progress, STALE, Seen};

    #[test]
    fn a_follower_that_has_just_begun_complains_of_nothing() {
        let progress = Progress::default();
        progress.now(FollowerState::Following, None);
        let following = progress.following().unwrap();
        assert_eq!((following.lag_ms, following.detail), (None, None));
        // A page without a heartbeat, of a source that is further, says that there is something to complain of.
        let seen = Seen { now_ms: 5_000, heartbeat_ms: None, changes: 9 };
        progress.applied(seen, 1, Instant::now());
        assert!(progress.following().unwrap().detail.is_some());
    }

    #[test]
    fn a_copy_is_too_old_to_be_read_where_it_does_not_know_how_old_it_is_or_is_too_old() {
        let (progress, now) = (Progress::default(), Instant::now() + Duration::from_secs(1));
        assert!(progress.is_stale(now));
        progress.is_current(now);
        progress.is_current(now - Duration::from_millis(500));
        assert_eq!(progress.age(now).map(|age| age.as_secs()), Some(0), "the latest counts");
        assert!(!progress.is_stale(now + STALE - Duration::from_millis(1)));
        assert!(progress.is_stale(now + STALE + Duration::from_millis(1)));
        progress.is_not_current();
        assert!(progress.is_stale(now));
    }
}
