//! What is counted of one route.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::families::Families;
use super::labels::RouteLabels;
use super::outcomes::{CANARY_OUTCOMES, CanaryOutcome, OUTCOMES, ShadowOutcome};
use super::traffic::{DurationCounts, MatchedCounts, RouteTraffic};
use super::tunnels::TunnelCounts;

/// The counters of all routes that are in use.
#[derive(Debug)]
pub(super) struct AllCounts {
    families: Families,
    known: Mutex<HashMap<RouteLabels, Weak<Counts>>>,
}

impl AllCounts {
    pub(super) fn new(families: Families) -> Self {
        Self { families, known: Mutex::default() }
    }

    /// Those with these labels.
    pub(super) fn of(self: &Arc<Self>, labels: RouteLabels) -> Arc<Counts> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = known.get(&labels).and_then(Weak::upgrade) {
            return counts;
        }
        let counts = Arc::new(Counts::new(self, labels.clone()));
        known.insert(labels, Arc::downgrade(&counts));
        counts
    }

    pub(super) fn traffic(&self) -> Vec<RouteTraffic> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<_> = known.values().filter_map(Weak::upgrade).collect();
        // Without the lock: the last user of a route takes it too.
        known.iter().map(|counts| counts.traffic()).collect()
    }
}

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
    all: Weak<AllCounts>,
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

impl Counts {
    fn new(all: &Arc<AllCounts>, labels: RouteLabels) -> Self {
        let families = &all.families;
        Self {
            requests: CLASSES
                .map(|class| families.requests.get_or_create_owned(&labels.class(class))),
            durations: families.durations.get_or_create_owned(&labels),
            took: DurationCounts::default(),
            matched: MatchedCounts::default(),
            in_flight: families.in_flight.get_or_create_owned(&labels),
            retries: families.retries.get_or_create_owned(&labels),
            connects: families.connects.get_or_create_owned(&labels),
            shadow: OnceLock::new(),
            canary: OnceLock::new(),
            tunnels: OnceLock::new(),
            all: Arc::downgrade(all),
            labels,
        }
    }

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
            let all = &self.all.upgrade()?.families;
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
        let make = || Some(self.all.upgrade()?.families.tunnels.counts(&self.labels));
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
            let all = &self.all.upgrade()?.families;
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
        let Some(all) = self.all.upgrade() else { return };
        let mut known = all.known.lock().unwrap_or_else(PoisonError::into_inner);
        // The same route may have got new counters since the last use ended.
        if known.get(&self.labels).is_some_and(|counts| counts.strong_count() > 0) {
            return;
        }
        known.remove(&self.labels);
        let all = &all.families;
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
