//! Whether a program is slower than it was: then its followers slow down.
//!
//! Durations are counted in buckets that grow by a quarter each, so that a percentile of a second costs
//! a request one addition and is right to a quarter.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// The upper bound of the first bucket, in microseconds.
const FIRST_US: f64 = 50.0;
/// How much wider each bucket is than the one before.
const GROWTH: f64 = 1.25;
/// Enough for 50 us to 60 s.
const BUCKETS: usize = 64;
/// Below this no client waits long.
const FAST: Duration = Duration::from_millis(5);
/// The fewest requests of a second that say something.
const ENOUGH: u32 = 20;
/// How much of the usual each quiet second is.
const WEIGHT: f64 = 0.1;

/// What the requests of the present second took, and whether the last one was slow.
#[derive(Debug)]
pub struct LatencyMonitor {
    counts: [AtomicU32; BUCKETS],
    /// The 99th percentile of usual seconds, in microseconds; 0 before the first.
    usual_us: Mutex<f64>,
    busy: AtomicBool,
}

impl Default for LatencyMonitor {
    fn default() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU32::new(0)),
            usual_us: Mutex::new(0.0),
            busy: AtomicBool::new(false),
        }
    }
}

impl LatencyMonitor {
    /// Counts a request of a client.
    pub fn count(&self, took_ms: f64) {
        let bucket = (took_ms * 1_000.0 / FIRST_US).max(1.0).log(GROWTH).ceil();
        self.counts[(bucket as usize).min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the 99th percentile of the last second was over 5 ms and twice the usual.
    pub fn busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    /// Ends the present second.
    pub fn tick(&self) {
        let counts = self.counts.each_ref().map(|count| count.swap(0, Ordering::Relaxed));
        let all: u32 = counts.iter().sum();
        if all < ENOUGH {
            return self.busy.store(false, Ordering::Relaxed);
        }
        let above = all / 100;
        let mut left = all;
        let bucket = counts.iter().position(|count| {
            left -= count;
            left <= above
        });
        let slow_us = FIRST_US * GROWTH.powi(bucket.unwrap_or(BUCKETS - 1) as i32);
        let mut usual = self.usual_us.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = *usual > 0.0 && slow_us > 2.0 * *usual && slow_us > FAST.as_micros() as f64;
        self.busy.store(busy, Ordering::Relaxed);
        // Whatever lasts becomes usual, but slowly, so that a copy does not make itself the rule.
        let weight = if busy { WEIGHT / 10.0 } else { WEIGHT };
        *usual = if *usual > 0.0 { *usual + weight * (slow_us - *usual) } else { slow_us };
    }
}

#[cfg(test)]
mod tests {
    use super::LatencyMonitor;

    fn second(latency_monitor: &LatencyMonitor, requests: usize, took_ms: f64) -> bool {
        (0..requests).for_each(|_| latency_monitor.count(took_ms));
        latency_monitor.tick();
        latency_monitor.busy()
    }

    #[test]
    fn twice_the_usual_and_over_five_milliseconds_is_busy() {
        let latency_monitor = LatencyMonitor::default();
        assert!(
            !second(&latency_monitor, 1_000, 4.0),
            "the first second has nothing to be compared with"
        );
        assert!(!second(&latency_monitor, 1_000, 7.0));
        assert!(second(&latency_monitor, 1_000, 40.0));
        assert!(!second(&latency_monitor, 1_000, 4.0));
    }

    #[test]
    fn what_nobody_waits_for_is_not_busy() {
        let latency_monitor = LatencyMonitor::default();
        assert!(!second(&latency_monitor, 1_000, 0.2));
        assert!(!second(&latency_monitor, 1_000, 3.0));
    }

    #[test]
    fn one_slow_request_in_a_hundred_is_not_enough_and_two_are() {
        let latency_monitor = LatencyMonitor::default();
        second(&latency_monitor, 1_000, 1.0);
        (0..99).for_each(|_| latency_monitor.count(1.0));
        assert!(!second(&latency_monitor, 1, 1_000.0));
        (0..98).for_each(|_| latency_monitor.count(1.0));
        assert!(second(&latency_monitor, 2, 1_000.0));
    }

    #[test]
    fn a_handful_of_requests_says_nothing() {
        let latency_monitor = LatencyMonitor::default();
        second(&latency_monitor, 1_000, 1.0);
        assert!(!second(&latency_monitor, 5, 1_000.0));
    }
}
