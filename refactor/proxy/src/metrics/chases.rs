//! What is counted of requests that look for a primary.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// What requests did to find the primary of what they are about.
#[derive(Clone, Debug)]
pub(crate) struct Chases {
    /// Answers that said that another service is the primary, or that there is none just now.
    pub(crate) misdirected: Counter,
    /// Requests that waited.
    pub(crate) waited: Counter,
    /// For how long each waited in all, in seconds.
    pub(crate) wait: Histogram,
    /// Requests that found no primary in time, or no room to wait for one.
    pub(crate) gave_up: Counter,
    /// Answers to reads that were too old for their client.
    pub(crate) read_again: Counter,
    /// Requests that wait now.
    pub(crate) waiting: Gauge,
}

/// Upper bounds of the buckets of a wait, in seconds.
const WAITS: [f64; 10] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

impl Chases {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let chases = Self {
            misdirected: Counter::default(),
            waited: Counter::default(),
            wait: Histogram::new(WAITS),
            gave_up: Counter::default(),
            read_again: Counter::default(),
            waiting: Gauge::default(),
        };
        let Self { misdirected, waited, wait, gave_up, read_again, waiting } = chases.clone();
        let what = "Answers of services that are not the primary of what was asked for (421)";
        registry.register("misdirected", what, misdirected);
        registry.register("waited", "Requests that waited for a primary", waited);
        registry.register("wait_seconds", "For how long a request waited for a primary", wait);
        registry.register("gave_up", "Requests that no primary was found for in time", gave_up);
        let what = "Answers to reads that were older than the client's last write";
        registry.register("read_again", what, read_again);
        registry.register("waiting", "Requests that wait for a primary now", waiting);
        chases
    }
}
