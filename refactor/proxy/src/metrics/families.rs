//! The metrics that each route has.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::labels::{ClassLabels, OutcomeLabels, RouteLabels};
use super::traffic::DURATIONS;
use super::tunnels::TunnelFamilies;

/// A metric of each kind, by route.
#[derive(Clone, Debug)]
pub(super) struct Families {
    pub(super) requests: Family<ClassLabels, Counter>,
    pub(super) durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    pub(super) in_flight: Family<RouteLabels, Gauge>,
    pub(super) retries: Family<RouteLabels, Counter>,
    pub(super) connects: Family<RouteLabels, Counter>,
    pub(super) shadow_samples: Family<RouteLabels, Counter>,
    pub(super) shadow_outcomes: Family<OutcomeLabels, Counter>,
    pub(super) canary_requests: Family<OutcomeLabels, Counter>,
    pub(super) tunnels: TunnelFamilies,
}

impl Families {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let families = Families {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
            in_flight: Family::default(),
            retries: Family::default(),
            connects: Family::default(),
            shadow_samples: Family::default(),
            shadow_outcomes: Family::default(),
            canary_requests: Family::default(),
            tunnels: TunnelFamilies::register(registry),
        };
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
        families
    }
}
