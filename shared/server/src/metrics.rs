//! What a program counts, for scrapers.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use replication::calls::{Moving, OwnershipMetrics};
use replication::follower::LatencyMonitor;
use runtime::scraped;

use crate::problem::Problem;

/// Upper bounds of the buckets of a request's duration, in seconds.
const DURATIONS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// What one service counts.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<DurationLabels, Histogram, fn() -> Histogram>,
    pub(crate) in_flight: Gauge,
    /// How long clients wait: copying slows down if it would make them wait longer.
    latency_monitor: Arc<LatencyMonitor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: MethodLabel,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    method: MethodLabel,
    route: String,
}

/// The counters of one answer to the requests of clients.
pub(crate) struct RouteMetrics {
    duration: Histogram,
    requests: Counter,
    latency_monitor: Arc<LatencyMonitor>,
}

impl RouteMetrics {
    /// Counts one answered request.
    pub(crate) fn count(&self, seconds: f64) {
        self.latency_monitor.count(seconds * 1_000.0);
        self.duration.observe(seconds);
        self.requests.inc();
    }
}

/// A method by name; those no route takes share one name, so that no client can grow the metrics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct MethodLabel(Method);

impl MethodLabel {
    fn of(method: &Method) -> Self {
        const KNOWN: [Method; 6] =
            [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        Self(if KNOWN.contains(method) { method.clone() } else { Method::OPTIONS })
    }
}

impl EncodeLabelValue for MethodLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        let name = if self.0 == Method::OPTIONS { "other" } else { self.0.as_str() };
        EncodeLabelValue::encode(&name, encoder)
    }
}

impl Metrics {
    pub(crate) fn new(program: String, moving: &Moving) -> Self {
        let mut registry = Registry::default();
        let requests = Family::default();
        let durations: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(DURATIONS));
        let in_flight = Gauge::default();
        let about = [("program", program), ("version", env!("CARGO_PKG_VERSION").to_owned())];
        registry.register("banyan_build", "The program that runs", Info::new(about));
        registry.register("http_requests", "Requests answered", Family::clone(&requests));
        registry.register(
            "http_request_duration_seconds",
            "Time from the head of a request to the head of its answer",
            Family::clone(&durations),
        );
        registry.register("http_requests_in_flight", "Requests being worked on", in_flight.clone());
        registry.register_collector(Box::new(OwnershipMetrics::new(moving)));
        Self {
            registry,
            requests,
            durations,
            in_flight,
            latency_monitor: Arc::clone(&moving.latency_monitor),
        }
    }

    /// The counters of one answer that is given often.
    pub(crate) fn of(&self, method: &Method, route: &str, status: u16) -> RouteMetrics {
        let (method, route) = (MethodLabel::of(method), route.to_owned());
        let labels = DurationLabels { method: method.clone(), route: route.clone() };
        RouteMetrics {
            duration: self.durations.get_or_create(&labels).clone(),
            requests: self.requests.get_or_create(&RequestLabels { method, route, status }).clone(),
            latency_monitor: Arc::clone(&self.latency_monitor),
        }
    }

    /// Counts one answered request.
    pub(crate) fn count(&self, method: &Method, route: Option<String>, status: u16, seconds: f64) {
        // Requests of other programs may wait for a change, so their time is not that of a client.
        if route.as_ref().is_some_and(|route| route.starts_with("/api/") && !route.contains("/-/"))
        {
            self.latency_monitor.count(seconds * 1_000.0);
        }
        let method = MethodLabel::of(method);
        let route = route.unwrap_or_else(|| "none".to_owned());
        let labels = DurationLabels { method: method.clone(), route: route.clone() };
        self.durations.get_or_create(&labels).observe(seconds);
        self.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }
}

/// `GET /metrics`.
pub(crate) async fn show(
    request: HttpRequest,
    metrics: Data<Metrics>,
) -> Result<HttpResponse, Problem> {
    let mut text = String::new();
    encode(&mut text, &metrics.registry).map_err(|error| {
        log::error!("metrics: {error}");
        Problem::unavailable("the metrics cannot be written")
    })?;
    Ok(scraped(&request, text))
}
