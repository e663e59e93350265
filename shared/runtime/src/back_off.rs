//! How long to wait before something is tried again.

use std::time::Duration;

/// Waits that double from a first one up to a longest one. It only counts: the caller waits, by whatever clock.
///
/// Without jitter: each caller waits for one other program, so there is no crowd to spread.
///
/// ```
/// use std::time::Duration;
///
/// use runtime::BackOff;
///
/// let mut back_off = BackOff::new(Duration::from_millis(20), Duration::from_millis(70));
/// let waits: Vec<_> = (0..4).map(|_| back_off.wait().as_millis()).collect();
/// assert_eq!(waits, [20, 40, 70, 70]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackOff {
    first: Duration,
    longest: Duration,
    waited: u32,
}

impl BackOff {
    /// Waits from `first` to `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, waited: 0 }
    }

    /// How long to wait this time. The next wait is twice as long.
    pub fn wait(&mut self) -> Duration {
        let wait = self.after(self.waited);
        self.waited = self.waited.saturating_add(1);
        wait
    }

    /// How long to wait after so many waits.
    pub const fn after(&self, waits: u32) -> Duration {
        let doubled = match 1_u32.checked_shl(waits) {
            Some(factor) => self.first.saturating_mul(factor),
            None => Duration::MAX,
        };
        if doubled.as_nanos() < self.longest.as_nanos() { doubled } else { self.longest }
    }

    /// Begins with the first wait again, since something went well.
    pub fn reset(&mut self) {
        self.waited = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::BackOff;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_wait_never_grows_beyond_the_longest() {
        let back_off = BackOff::new(SECOND, SECOND * 30);
        assert_eq!(back_off.after(4), SECOND * 16);
        for waits in [5, 31, 32, u32::MAX] {
            assert_eq!(back_off.after(waits), SECOND * 30, "{waits}");
        }
    }

    #[test]
    fn what_goes_well_begins_anew() {
        let mut back_off = BackOff::new(SECOND, SECOND * 30);
        assert_eq!([back_off.wait(), back_off.wait()], [SECOND, SECOND * 2]);
        back_off.reset();
        assert_eq!(back_off.wait(), SECOND);
    }
}
