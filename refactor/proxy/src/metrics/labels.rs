//! What tells the routes apart in metrics.

use prometheus_client::encoding::EncodeLabelSet;

/// What tells the routes apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RouteLabels {
    pub(crate) application: String,
    pub(crate) route: String,
    pub(crate) service: String,
}
