//! A route, and what changes it.

use std::collections::BTreeMap;

use http::Method;
use url::Url;

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Names the route in logs, metrics and problems.
    pub id: String,
    /// The paths it takes; none: the default route.
    pub source: Option<SourcePath>,
    /// The service's `Url`: http or https, perhaps with a path and a query.
    pub upstream: Url,
    /// The service's name, for logs, metrics and problems.
    pub service: String,
    /// Whether it takes traffic. One that does not is known all the same: its service may be the primary of what it
    /// would match.
    pub active: bool,
    /// The route's tags, and those of its service that it does not have itself.
    pub tags: BTreeMap<String, String>,
}

/// The paths that a route takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePath {
    /// Such as `/users/{id}/posts`: segments that are literal or one parameter each.
    pub template: String,
    /// The methods that the route takes; empty: all.
    pub methods: Vec<Method>,
    /// Whether the paths below are taken too.
    pub children: bool,
    /// Whether the service gets the whole path, or only what follows the template.
    pub append: bool,
}

/// What a table holds: a route, perhaps with more that belongs to it.
pub trait Routed {
    /// The route.
    fn route(&self) -> &Route;
}

impl Routed for Route {
    fn route(&self) -> &Route {
        self
    }
}

/// What becomes of one route.
#[derive(Clone, Debug)]
pub enum RouteChange {
    /// It is there, in the place of the one with its id if there was one.
    Put(Route),
    /// The route of this id is gone.
    Remove(String),
}
