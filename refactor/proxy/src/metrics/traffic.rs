//! What was counted of each route, as numbers: for a reader that looks often.

use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the buckets of a request's duration, in seconds.
pub(crate) const DURATIONS: [f64; 14] =
    [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 29.0];

/// The buckets, and one for what took longer.
const BUCKETS: usize = DURATIONS.len() + 1;

/// What was counted of a route since the proxy started, or since the route leads to its service. All numbers only grow, but
/// those of `in_flight`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteTraffic {
    /// The id of the application.
    pub application: String,
    /// The id of the route; `none` for requests that no route took.
    pub route: String,
    /// The name of the service.
    pub service: String,
    /// Answers of this service, by the class of their status: 1xx to 5xx.
    pub answers: [u64; 5],
    /// How long those took: up to each bound of [`RouteTraffic::BOUNDS`], and longer.
    pub durations: [u64; BUCKETS],
    /// Requests under way at this service.
    pub in_flight: i64,
    /// Requests for the paths of this route, whichever service answered, and also if the route takes no traffic.
    pub matched: Matched,
}

impl RouteTraffic {
    /// The upper bounds of the durations, in seconds.
    pub const BOUNDS: [f64; 14] = DURATIONS;
}

/// Requests for the paths of a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// `GET` and `HEAD` that the route's own service answered.
    pub own_reads: u64,
    /// Other methods that it answered.
    pub own_writes: u64,
    /// `GET` and `HEAD` that another service answered.
    pub other_reads: u64,
    /// Other methods that another service answered.
    pub other_writes: u64,
}

/// Counts requests for the paths of one route.
#[derive(Debug, Default)]
pub(crate) struct MatchedCounts {
    own_reads: AtomicU64,
    own_writes: AtomicU64,
    other_reads: AtomicU64,
    other_writes: AtomicU64,
}

impl MatchedCounts {
    /// Counts one request.
    pub(crate) fn answered(&self, own: bool, read: bool) {
        let counter = match (own, read) {
            (true, true) => &self.own_reads,
            (true, false) => &self.own_writes,
            (false, true) => &self.other_reads,
            (false, false) => &self.other_writes,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Matched {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Matched {
            own_reads: read(&self.own_reads),
            own_writes: read(&self.own_writes),
            other_reads: read(&self.other_reads),
            other_writes: read(&self.other_writes),
        }
    }
}

/// Counts durations.
#[derive(Debug, Default)]
pub(crate) struct DurationCounts([AtomicU64; BUCKETS]);

impl DurationCounts {
    /// Counts one.
    pub(crate) fn took(&self, seconds: f64) {
        let bucket = DURATIONS.partition_point(|bound| *bound < seconds);
        if let Some(counter) = self.0.get(bucket) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> [u64; BUCKETS] {
        self.0.each_ref().map(|counter| counter.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::{DURATIONS, DurationCounts};

    #[test]
    fn a_duration_counts_in_the_first_bucket_that_holds_it() {
        let counts = DurationCounts::default();
        for seconds in [0.0, DURATIONS[0], 0.0003, 29.0, 30.0] {
            counts.took(seconds);
        }
        let read = counts.read();
        assert_eq!((read[0], read[1], read[13], read[14]), (2, 1, 1, 1));
        assert_eq!(read.iter().sum::<u64>(), 5);
    }
}
