//! What the console asks the control plane.

use proxy::{RouteTraffic, ShadowReport};
use serde_json::Value;

/// The control plane, as the console sees it. Every function blocks.
pub trait ControlPlane: Send + Sync + 'static {
    /// Answers a request of the signed API.
    ///
    /// # Errors
    /// What the API answers if it does not do it, in words that say what helps.
    fn ask(&self, ask: &Ask<'_>) -> Result<Value, Refused>;

    /// What this process has counted of each route.
    fn traffic(&self) -> Vec<RouteTraffic>;

    /// What the shadow of each route found, without differences.
    fn shadows(&self) -> Vec<ShadowReport>;

    /// What the shadow of a route found, with its last differences; nothing if it has none.
    fn shadow(&self, route: &str) -> Option<ShadowReport>;
}

/// A request of the signed API.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The region of what is asked about.
    pub region: &'a str,
    /// The method.
    pub method: &'a str,
    /// The path, with its percent-encoding.
    pub path: &'a str,
    /// The query; empty for none.
    pub query: &'a str,
    /// The body; `null` for none.
    pub body: &'a Value,
}

impl<'a> Ask<'a> {
    /// What does not belong to a region, such as a path below `/-/`.
    pub(crate) fn of_operators(method: &'a str, path: &'a str, body: &'a Value) -> Self {
        Self { region: "local", method, path, query: "", body }
    }
}

/// Why the API did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The status: 4xx and 503 changed nothing; after another 5xx the outcome is not known.
    pub status: u16,
    /// What was wrong, and what helps.
    pub message: String,
}

impl Refused {
    /// Whether it may have been done nevertheless.
    pub(crate) fn is_unknown(&self) -> bool {
        self.status >= 500 && self.status != 503
    }
}

#[cfg(test)]
mod tests {
    use super::Refused;

    #[test]
    fn a_control_plane_that_is_not_there_has_done_nothing() {
        for (status, unknown) in
            [(404, false), (409, false), (503, false), (500, true), (502, true), (504, true)]
        {
            assert_eq!(
                Refused { status, message: String::new() }.is_unknown(),
                unknown,
                "{status}"
            );
        }
    }
}
