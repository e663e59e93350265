//! Whether a service is up. Its connections tell; there are no extra health checks.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{BACK_OFF, FAILURES};

/// The health of one upstream. After [`FAILURES`] failures in a row it is left alone for
/// [`BACK_OFF`]; then one request may try it, and each trial that fails doubles the time.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// Failures in a row, trials among them.
    failures: AtomicU32,
    pause: Mutex<Pause>,
}

/// What is known while a service is down.
#[derive(Debug, Default)]
struct Pause {
    until: Option<Instant>,
    /// Whether a request was let through to try.
    trying: bool,
}

impl Health {
    /// Lets a request through, or says after how long to try again.
    pub(crate) fn admit(&self, now: Instant) -> Result<(), Duration> {
        let failures = self.failures.load(Ordering::Relaxed);
        if failures < FAILURES {
            return Ok(());
        }
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        match pause.until {
            Some(until) if now < until => Err(until - now),
            _ => {
                // This request tries; the others wait for what becomes of it.
                *pause = Pause { until: Some(now + length(failures)), trying: true };
                Ok(())
            }
        }
    }

    /// Notes a connection or an answer; true if the service was down before.
    pub(crate) fn succeeded(&self) -> bool {
        // No write if nothing changes: workers share this.
        let failures = self.failures.load(Ordering::Relaxed);
        if failures > 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        failures >= FAILURES
    }

    /// Notes that there was none; for how long the service is left alone, if that begins now.
    pub(crate) fn failed(&self, now: Instant) -> Option<Duration> {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.failures.load(Ordering::Relaxed);
        if before >= FAILURES && !pause.trying {
            // It was under way when the service went down, and tells nothing new.
            return None;
        }
        let failures = before.saturating_add(1);
        self.failures.store(failures, Ordering::Relaxed);
        let length = (failures >= FAILURES).then(|| length(failures))?;
        *pause = Pause { until: Some(now + length), trying: false };
        Some(length)
    }
}

fn length(failures: u32) -> Duration {
    BACK_OFF.after(failures.saturating_sub(FAILURES))
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::{BACK_OFF, FAILURES, Health};

    #[test]
    fn a_service_that_fails_is_left_alone_ever_longer_until_it_answers() {
        let health = Health::default();
        let mut now = Instant::now();
        for _ in 1..FAILURES {
            assert_eq!(health.admit(now), Ok(()));
            assert_eq!(health.failed(now), None);
        }
        let mut back_off = BACK_OFF;
        let mut pause = back_off.wait();
        assert_eq!(health.failed(now), Some(pause));
        assert_eq!(health.failed(now), None, "one more that was under way");
        assert_eq!(health.admit(now), Err(pause));
        for _ in 0..10 {
            now += pause;
            assert_eq!(health.admit(now), Ok(()), "one tries");
            assert!(health.admit(now).is_err(), "the others do not");
            pause = back_off.wait();
            assert_eq!(health.failed(now), Some(pause));
        }
        now += pause;
        assert_eq!(health.admit(now), Ok(()));
        assert!(health.succeeded());
        assert!(!health.succeeded());
        assert_eq!(health.failed(now), None);
        assert_eq!(health.admit(now), Ok(()));
    }
}
