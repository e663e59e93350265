//! How fast rows are copied: as fast as they come, up to the rate that was set, or slower while the source is busy.

use std::time::{Duration, Instant};

use crate::RowRate;

/// The slowest that a busy source makes a copy, in rows a second: it must end some day.
const SLOWEST: f64 = 500.0;
/// How much faster a copy becomes with each second in which the source is not busy.
const FASTER: f64 = 1.15;
/// How long the source's word is acted on only once: it speaks of its last second.
const WORD: Duration = Duration::from_secs(1);
/// The time over which the rate is measured.
const WINDOW: Duration = Duration::from_secs(2);
/// A page should take no longer than this at the rate that is allowed.
const PAGE: Duration = Duration::from_millis(250);

/// The pace of one copy.
#[derive(Debug)]
pub(super) struct Pace {
    told: RowRate,
    /// The rows a second that are asked of a busy source. `None` if it was not busy for long.
    eased: Option<f64>,
    eased_at: Instant,
    rate: f64,
    rated_at: Instant,
    /// When the next rows may come.
    next: Instant,
}

impl Pace {
    pub(super) fn new(told: RowRate, now: Instant) -> Self {
        let eased_at = now.checked_sub(WORD).unwrap_or(now);
        Self { told, eased: None, eased_at, rate: 0.0, rated_at: now, next: now }
    }

    /// Goes at this rate from now on; what came before at another one is not waited for.
    pub(super) fn tell(&mut self, rate: RowRate, now: Instant) {
        if self.told != rate {
            self.told = rate;
            self.next = now;
        }
    }

    /// Whether anything holds it back.
    pub(super) fn throttled(&self) -> bool {
        self.allowed().is_some()
    }

    /// Whether it is its source's clients that do.
    pub(super) fn spares_its_source(&self) -> bool {
        self.eased.is_some()
    }

    /// Rows a second of late.
    pub(super) fn rows_per_second(&self, now: Instant) -> u64 {
        let quiet = now.saturating_duration_since(self.rated_at).as_secs_f64();
        (self.rate * (-quiet / WINDOW.as_secs_f64()).exp()).round() as u64
    }

    /// The most rows that the next page should have.
    pub(super) fn page_rows(&self, most: usize) -> usize {
        let rows = self.allowed().map_or(most as f64, |rate| rate * PAGE.as_secs_f64());
        (rows as usize).clamp(1, most)
    }

    /// Notes that a page with so many rows has arrived, and gives the time from when on the next one may be asked for.
    pub(super) fn arrived(&mut self, rows: usize, busy: bool, now: Instant) -> Instant {
        let rows = rows as f64;
        let passed = now.saturating_duration_since(self.rated_at).as_secs_f64();
        let window = WINDOW.as_secs_f64();
        self.rate = self.rate * (-passed / window).exp() + rows / window;
        self.rated_at = now;
        self.listen(busy, now);
        if let Some(rate) = self.allowed() {
            self.next = self.next.max(now) + Duration::from_secs_f64(rows / rate);
        }
        self.next
    }

    /// Halves the pace at the word of a busy source, and lets it grow again: by a share of itself, so that a
    /// large copy is not slow for an hour after one bad second.
    fn listen(&mut self, busy: bool, now: Instant) {
        if now.saturating_duration_since(self.eased_at) < WORD {
            return;
        }
        if busy {
            let present = self.eased.unwrap_or(self.rate);
            self.eased = Some((present / 2.0).max(SLOWEST));
            self.eased_at = now;
        } else if let Some(eased) = self.eased {
            // Well above what comes, it holds nothing back any more.
            let faster = eased * FASTER;
            self.eased = (faster < 4.0 * self.rate.max(SLOWEST)).then_some(faster);
            self.eased_at = now;
        }
    }

    fn allowed(&self) -> Option<f64> {
        let told = self.told.0.map(|told| f64::from(told.get()));
        match (told, self.eased) {
            (Some(told), Some(eased)) => Some(told.min(eased)),
            (told, eased) => told.or(eased),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;
    use std::time::{Duration, Instant};

    use super::Pace;
    use crate::RowRate;

    const FREE: RowRate = RowRate(None);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn without_a_word_nothing_waits() {
        let now = Instant::now();
        let mut pace = Pace::new(FREE, now);
        assert!(pace.arrived(5_000, false, now) <= now);
        assert_eq!(pace.page_rows(5_000), 5_000);
        assert!(!pace.throttled());
    }

    #[test]
    fn a_limit_is_kept_over_any_time() {
        let start = Instant::now();
        let mut pace = Pace::new(RowRate(NonZero::new(1_000)), start);
        assert!(pace.throttled());
        let (mut now, mut rows) = (start, 0);
        while now < start + 10 * SECOND {
            let page = pace.page_rows(5_000);
            assert_eq!(page, 250);
            rows += page;
            now = now.max(pace.arrived(page, false, now));
        }
        assert_eq!(rows, 10_000);
        assert!((900..=1_100).contains(&pace.rows_per_second(now)), "{pace:?}");
        // The rate of a copy that is over goes to nothing.
        assert_eq!(pace.rows_per_second(now + 60 * SECOND), 0);
    }

    #[test]
    fn what_came_at_another_rate_is_not_waited_for() {
        let now = Instant::now();
        let mut pace = Pace::new(RowRate(NonZero::new(10)), now);
        assert_eq!(pace.arrived(5_000, false, now), now + 500 * SECOND);
        pace.tell(RowRate(NonZero::new(10)), now);
        assert_eq!(pace.arrived(0, false, now), now + 500 * SECOND, "it is the same one");
        pace.tell(FREE, now);
        assert_eq!(pace.arrived(0, false, now), now);
    }

    #[test]
    fn a_busy_source_halves_the_pace_once_a_second_and_gets_it_back() {
        let start = Instant::now();
        let mut pace = Pace::new(FREE, start);
        let mut now = start;
        let mut run = |pace: &mut Pace, busy: bool, seconds: u32| {
            let (end, mut rows) = (now + seconds * SECOND, 0);
            while now < end {
                // The source itself gives no more than 50,000 rows a second.
                now += Duration::from_millis(20);
                let page = pace.page_rows(1_000);
                rows += page;
                now = now.max(pace.arrived(page, busy, now));
            }
            rows / seconds as usize
        };
        let free = run(&mut pace, false, 10);
        assert!((49_000..=51_000).contains(&free), "{free}");
        let busy = run(&mut pace, true, 3);
        assert!(busy < free / 2, "{busy}");
        assert!(pace.throttled());
        let slow = run(&mut pace, true, 20);
        assert!((400..=700).contains(&slow), "{slow}");
        run(&mut pace, false, 120);
        let again = run(&mut pace, false, 10);
        assert!(again > free * 9 / 10, "{again}");
        assert!(!pace.throttled());
    }
}
