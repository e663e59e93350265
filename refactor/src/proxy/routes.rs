//! What the data plane is told about routes.

use std::collections::BTreeMap;

use http::Method;
use url::Url;

/// A route that takes traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// `rte-...`; names the route in logs, metrics and problems.
    pub(crate) id: String,
    /// The paths it takes; none: the default route.
    pub(crate) source: Option<SourcePath>,
    /// The service's `Url`: http or https, perhaps with a path and a query.
    pub(crate) upstream: Url,
    /// The service's name, for logs, metrics and problems.
    pub(crate) service: String,
    /// The route's tags.
    pub(crate) tags: BTreeMap<String, String>,
}

/// The paths that a route takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourcePath {
    /// Such as `/users/{id}/posts`: segments that are literal or one parameter each.
    pub(crate) template: String,
    /// The methods that the route takes; empty: all.
    pub(crate) methods: Vec<Method>,
    /// Whether the paths below are taken too.
    pub(crate) children: bool,
    /// Whether the service gets the whole path, or only what follows the template.
    pub(crate) append: bool,
}
