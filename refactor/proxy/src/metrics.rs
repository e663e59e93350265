//! What the data plane counts, in the text format of OpenMetrics.

mod chases;
mod counts;
mod families;
mod labels;
mod outcomes;
mod traffic;
mod tunnels;

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

pub(crate) use chases::Chases;
pub(crate) use counts::Counts;
pub(crate) use labels::RouteLabels;
pub(crate) use outcomes::{CanaryOutcome, ShadowOutcome};
pub use traffic::{Matched, RouteTraffic};
pub(crate) use tunnels::{TunnelCounts, TunnelEnd};

use counts::AllCounts;
use families::Families;

/// The metrics of all applications.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Of all routes together, by the name that the console knows.
    banyan: Registry,
    routes: Arc<AllCounts>,
    /// Open connections of clients.
    pub(crate) connections: Gauge,
    pub(crate) chases: Chases,
}

impl Metrics {
    pub(crate) fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("refactor");
        let routes = Arc::new(AllCounts::new(Families::register(&mut registry)));
        let connections = Gauge::default();
        registry.register("connections", "Open connections of clients", connections.clone());
        let mut banyan = Registry::with_prefix("banyan_proxy");
        let chases = Chases::register(&mut banyan);
        Arc::new(Self { registry, banyan, routes, connections, chases })
    }

    /// The counters with these labels. They stay the same ones for as long as they are in use.
    pub(crate) fn counts(&self, labels: RouteLabels) -> Arc<Counts> {
        self.routes.of(labels)
    }

    /// What was counted of each route that is in use.
    pub(crate) fn traffic(&self) -> Vec<RouteTraffic> {
        self.routes.traffic()
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

#[cfg(test)]
mod tests {
    use super::outcomes::OUTCOMES;
    use super::{Metrics, RouteLabels, ShadowOutcome};

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
