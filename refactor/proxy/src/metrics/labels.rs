//! What tells the routes apart in metrics.

use prometheus_client::encoding::EncodeLabelSet;

/// What tells the routes apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RouteLabels {
    pub(crate) application: String,
    pub(crate) route: String,
    pub(crate) service: String,
}

impl RouteLabels {
    pub(super) fn class(&self, class: &'static str) -> ClassLabels {
        ClassLabels { route: self.clone(), class }
    }

    pub(super) fn outcome(&self, outcome: &'static str) -> OutcomeLabels {
        OutcomeLabels { route: self.clone(), outcome }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ClassLabels {
    #[prometheus(flatten)]
    route: RouteLabels,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OutcomeLabels {
    #[prometheus(flatten)]
    route: RouteLabels,
    outcome: &'static str,
}
