//! What the data plane counts, in the text format of OpenMetrics.

mod labels;
mod traffic;
mod tunnels;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub(crate) use labels::RouteLabels;
pub use traffic::{Matched, RouteTraffic};
pub(crate) use tunnels::{TunnelCounts, TunnelEnd};

use traffic::{DURATIONS, DurationCounts, MatchedCounts};
use tunnels::TunnelFamilies;

/// The metrics of all applications.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Of all routes together, by the name that the console knows.
    banyan: Registry,
    families: Families,
    known: Mutex<HashMap<RouteLabels, Weak<Counts>>>,
    /// Open connections of clients.
    pub(crate) connections: Gauge,
    pub(crate) chases: Chases,
}

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
    fn register(registry: &mut Registry) -> Self {
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

#[derive(Clone, Debug)]
struct Families {
    requests: Family<ClassLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    in_flight: Family<RouteLabels, Gauge>,
    retries: Family<RouteLabels, Counter>,
    connects: Family<RouteLabels, Counter>,
    shadow_samples: Family<RouteLabels, Counter>,
    shadow_outcomes: Family<OutcomeLabels, Counter>,
    canary_requests: Family<OutcomeLabels, Counter>,
    tunnels: TunnelFamilies,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabels {
    #[prometheus(flatten)]
    route: RouteLabels,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    #[prometheus(flatten)]
    route: RouteLabels,
    outcome: &'static str,
}

/// What became of a read that was to be mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShadowOutcome {
    /// Both sides answered the same.
    Matched,
    /// The same status and content type; a body is too large to be compared.
    MatchedInPart,
    /// The same status and content type; a body could not be decoded.
    NotDecoded,
    /// Both sides answered, and not the same.
    Differed,
    /// They differed only in places that differ between answers of one side too.
    Noise,
    /// It went twice to the same side, to learn what differs by itself.
    Repeated,
    /// The copy got no answer.
    Unanswered,
    /// The client's own answer did not come to its end.
    Abandoned,
    /// No copy was sent: there were too many, or the read had a body.
    Dropped,
}

impl ShadowOutcome {
    /// How many there are.
    pub(crate) const COUNT: usize = 9;
}

/// What outcomes are called, in the order of [`ShadowOutcome`].
const OUTCOMES: [&str; ShadowOutcome::COUNT] = [
    "matched",
    "matched_in_part",
    "not_decoded",
    "differed",
    "noise",
    "repeated",
    "unanswered",
    "abandoned",
    "dropped",
];

/// What became of a read that a canary's own service was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CanaryOutcome {
    /// It answered with a status below 500.
    Answered,
    /// It answered with another one, or nothing and the other side was not asked.
    Failed,
    /// It gave no answer, and the other side was asked.
    FellBack,
}

/// What outcomes are called, in the order of [`CanaryOutcome`].
const CANARY_OUTCOMES: [&str; 3] = ["answered", "failed", "fell_back"];

/// The counters of a route whose reads are mirrored.
struct Shadow {
    samples: Counter,
    outcomes: [Counter; OUTCOMES.len()],
}

/// The classes of status codes (RFC 9110, 15).
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The counters of one route, at hand without a look-up. They leave the metrics with their last user.
pub(crate) struct Counts {
    labels: RouteLabels,
    metrics: Weak<Metrics>,
    requests: [Counter; 5],
    durations: Histogram,
    /// The same durations, as numbers that can be read.
    took: DurationCounts,
    /// Requests for the route's paths.
    pub(crate) matched: MatchedCounts,
    pub(crate) in_flight: Gauge,
    pub(crate) retries: Counter,
    pub(crate) connects: Counter,
    /// Made with the first read that is mirrored.
    shadow: OnceLock<Option<Shadow>>,
    /// Made with the first read of a canary.
    canary: OnceLock<Option<[Counter; CANARY_OUTCOMES.len()]>>,
    /// Made with the first tunnel.
    tunnels: OnceLock<Option<TunnelCounts>>,
}

impl Metrics {
    pub(crate) fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("refactor");
        let families = Families {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
            in_flight: Family::default(),
            retries: Family::default(),
            connects: Family::default(),
            shadow_samples: Family::default(),
            shadow_outcomes: Family::default(),
            canary_requests: Family::default(),
            tunnels: TunnelFamilies::register(&mut registry),
        };
        let connections = Gauge::default();
        let all = &families;
        registry.register("requests", "Requests answered", all.requests.clone());
        registry.register(
            "request_duration_seconds",
            "Time from the head of a request to the end of its answer",
            all.durations.clone(),
        );
        registry.register("requests_in_flight", "Requests under way", all.in_flight.clone());
        registry.register(
            "retries",
            "Requests sent again on another connection",
            all.retries.clone(),
        );
        registry.register(
            "upstream_connects",
            "Connections made to services",
            all.connects.clone(),
        );
        registry.register(
            "shadow_samples",
            "Reads that were chosen to be mirrored",
            all.shadow_samples.clone(),
        );
        registry.register(
            "shadow_outcomes",
            "What became of reads that were chosen to be mirrored",
            all.shadow_outcomes.clone(),
        );
        registry.register(
            "canary_requests",
            "What became of reads that a canary's own service was asked",
            all.canary_requests.clone(),
        );
        registry.register("connections", "Open connections of clients", connections.clone());
        let mut banyan = Registry::with_prefix("banyan_proxy");
        let chases = Chases::register(&mut banyan);
        Arc::new(Self { registry, banyan, families, known: Mutex::default(), connections, chases })
    }

    /// The counters with these labels. They stay the same ones for as long as they are in use.
    pub(crate) fn counts(self: &Arc<Self>, labels: RouteLabels) -> Arc<Counts> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = known.get(&labels).and_then(Weak::upgrade) {
            return counts;
        }
        let all = &self.families;
        let counts = Arc::new(Counts {
            requests: CLASSES.map(|class| all.requests.get_or_create_owned(&labels.class(class))),
            durations: all.durations.get_or_create_owned(&labels),
            took: DurationCounts::default(),
            matched: MatchedCounts::default(),
            in_flight: all.in_flight.get_or_create_owned(&labels),
            retries: all.retries.get_or_create_owned(&labels),
            connects: all.connects.get_or_create_owned(&labels),
            shadow: OnceLock::new(),
            canary: OnceLock::new(),
            tunnels: OnceLock::new(),
            metrics: Arc::downgrade(self),
            labels: labels.clone(),
        });
        known.insert(labels, Arc::downgrade(&counts));
        counts
    }

    /// What was counted of each route that is in use.
    pub(crate) fn traffic(&self) -> Vec<RouteTraffic> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<_> = known.values().filter_map(Weak::upgrade).collect();
        // Without the lock: the last user of a route takes it too.
        known.iter().map(|counts| counts.traffic()).collect()
    }

    /// All metrics as text, without the line that ends it.
    ///
    /// # Errors
    /// If one cannot be written.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &self.banyan)?;
        Ok(text)
    }
}

impl RouteLabels {
    fn class(&self, class: &'static str) -> ClassLabels {
        ClassLabels { route: self.clone(), class }
    }

    fn outcome(&self, outcome: &'static str) -> OutcomeLabels {
        OutcomeLabels { route: self.clone(), outcome }
    }
}

impl Counts {
    /// Counts one answered request.
    pub(crate) fn answered(&self, status: u16, seconds: f64) {
        if let Some(requests) = self.requests.get(usize::from(status / 100).wrapping_sub(1)) {
            requests.inc();
        }
        self.durations.observe(seconds);
        self.took.took(seconds);
    }

    /// Counts a read that was chosen to be mirrored.
    pub(crate) fn sampled(&self) {
        if let Some(shadow) = self.shadow() {
            shadow.samples.inc();
        }
    }

    /// Counts what became of it.
    pub(crate) fn mirrored(&self, outcome: ShadowOutcome) {
        let shadow = self.shadow();
        if let Some(counter) = shadow.and_then(|shadow| shadow.outcomes.get(outcome as usize)) {
            counter.inc();
        }
    }

    /// Counts what became of a read that a canary's own service was asked.
    pub(crate) fn canary(&self, outcome: CanaryOutcome) {
        let make = || {
            let all = &self.metrics.upgrade()?.families;
            let counter =
                |name| all.canary_requests.get_or_create_owned(&self.labels.outcome(name));
            Some(CANARY_OUTCOMES.map(counter))
        };
        let counters = self.canary.get_or_init(make).as_ref();
        if let Some(counter) = counters.and_then(|counters| counters.get(outcome as usize)) {
            counter.inc();
        }
    }

    /// What is counted of its tunnels; nothing once the metrics are gone.
    pub(crate) fn tunnels(&self) -> Option<&TunnelCounts> {
        let make = || Some(self.metrics.upgrade()?.families.tunnels.counts(&self.labels));
        self.tunnels.get_or_init(make).as_ref()
    }

    fn traffic(&self) -> RouteTraffic {
        RouteTraffic {
            application: self.labels.application.clone(),
            route: self.labels.route.clone(),
            service: self.labels.service.clone(),
            answers: self.requests.each_ref().map(Counter::get),
            durations: self.took.read(),
            in_flight: self.in_flight.get(),
            matched: self.matched.read(),
        }
    }

    /// Nothing once the metrics are gone.
    fn shadow(&self) -> Option<&Shadow> {
        let make = || {
            let all = &self.metrics.upgrade()?.families;
            let outcome =
                |name| all.shadow_outcomes.get_or_create_owned(&self.labels.outcome(name));
            let samples = all.shadow_samples.get_or_create_owned(&self.labels);
            Some(Shadow { samples, outcomes: OUTCOMES.map(outcome) })
        };
        self.shadow.get_or_init(make).as_ref()
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts").field("labels", &self.labels).finish_non_exhaustive()
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        let Some(metrics) = self.metrics.upgrade() else { return };
        let mut known = metrics.known.lock().unwrap_or_else(PoisonError::into_inner);
        // The same route may have got new counters since the last use ended.
        if known.get(&self.labels).is_some_and(|counts| counts.strong_count() > 0) {
            return;
        }
        known.remove(&self.labels);
        let all = &metrics.families;
        for class in CLASSES {
            all.requests.remove(&self.labels.class(class));
        }
        all.durations.remove(&self.labels);
        all.in_flight.remove(&self.labels);
        all.retries.remove(&self.labels);
        all.connects.remove(&self.labels);
        all.shadow_samples.remove(&self.labels);
        all.tunnels.remove(&self.labels);
        for outcome in OUTCOMES {
            all.shadow_outcomes.remove(&self.labels.outcome(outcome));
        }
        for outcome in CANARY_OUTCOMES {
            all.canary_requests.remove(&self.labels.outcome(outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Metrics, OUTCOMES, RouteLabels, ShadowOutcome};

    #[test]
    fn a_route_leaves_the_metrics_with_its_last_user() {
        let metrics = Metrics::new();
        let labels = |route: &str| RouteLabels {
            application: "app-1".to_owned(),
            route: route.to_owned(),
            service: "posts".to_owned(),
        };
        let (stays, goes) = (metrics.counts(labels("rte-1")), metrics.counts(labels("rte-2")));
        let again = metrics.counts(labels("rte-2"));
        stays.answered(204, 0.01);
        goes.answered(502, 0.01);
        goes.sampled();
        goes.mirrored(ShadowOutcome::Dropped);
        drop(goes);
        assert!(metrics.text().unwrap().contains("rte-2"));
        again.answered(502, 0.01);
        let text = metrics.text().unwrap();
        let line = r#"refactor_requests_total{application="app-1",route="rte-2",service="posts",class="5xx"} 2"#;
        assert!(text.contains(line), "{text}");
        drop(again);
        let text = metrics.text().unwrap();
        assert!(!text.contains("rte-2"), "{text}");
        assert!(text.contains(r#"route="rte-1",service="posts",class="2xx"} 1"#), "{text}");
    }

    #[test]
    fn each_outcome_has_its_name() {
        for (outcome, name) in [
            (ShadowOutcome::Matched, "matched"),
            (ShadowOutcome::MatchedInPart, "matched_in_part"),
            (ShadowOutcome::NotDecoded, "not_decoded"),
            (ShadowOutcome::Differed, "differed"),
            (ShadowOutcome::Noise, "noise"),
            (ShadowOutcome::Repeated, "repeated"),
            (ShadowOutcome::Unanswered, "unanswered"),
            (ShadowOutcome::Abandoned, "abandoned"),
            (ShadowOutcome::Dropped, "dropped"),
        ] {
            assert_eq!(OUTCOMES[outcome as usize], name);
        }
    }
}
