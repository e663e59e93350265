//! A route with all that a request to it needs, found out once.

use std::sync::{Arc, OnceLock};

use routes::{Route, Routed};

use crate::limits::Patience;
use crate::metrics::Counts;
use crate::ownership::Primaries;
use crate::route_limits::RouteLimits;
use crate::service::Service;
use crate::split::Split;
use crate::tags::has_original_host;
use crate::upstream::Upstream;

/// The routes of one application.
pub(crate) type RouteTable = routes::RouteTable<RouteTarget>;

/// A route that was found for a request.
pub(crate) type RouteMatch<'a> = routes::RouteMatch<'a, RouteTarget>;

/// A route, and what is derived from it.
#[derive(Debug)]
pub(crate) struct RouteTarget {
    pub(crate) route: Route,
    pub(crate) service: Arc<Service>,
    /// What `Host` says to the service; none: what the client asked for.
    host: Option<String>,
    /// The query of the service's URL.
    pub(crate) query: Option<String>,
    pub(crate) patience: Patience,
    pub(crate) limits: RouteLimits,
    /// How its tags divide its requests; most routes take all of them.
    pub(crate) split: Option<Split>,
    pub(crate) counts: Arc<Counts>,
    /// The last known primaries of what it leads to, if they were not its own service.
    pub(crate) primaries: Primaries,
    /// The service as copies reach it, on connections of their own; made with the first copy.
    pub(crate) copies: OnceLock<Arc<Upstream>>,
}

impl Routed for RouteTarget {
    fn route(&self) -> &Route {
        &self.route
    }
}

impl RouteTarget {
    pub(crate) fn new(
        route: Route,
        upstream: Arc<Upstream>,
        patience: Patience,
        limits: RouteLimits,
        split: Option<Split>,
        counts: Arc<Counts>,
    ) -> Self {
        Self {
            host: (!has_original_host(&route.tags)).then(|| upstream.origin.authority()),
            query: route.upstream.query().map(str::to_owned),
            service: Arc::new(Service::new(upstream, &route.upstream)),
            patience,
            limits,
            split,
            counts,
            primaries: Primaries::default(),
            copies: OnceLock::new(),
            route,
        }
    }

    /// What `Host` says to the service if the client asked for `original`.
    pub(crate) fn host<'a>(&'a self, original: &'a str) -> &'a str {
        self.host.as_deref().unwrap_or(original)
    }
}
