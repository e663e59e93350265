//! The control plane as it was at one time: what all pages show until the next look.

use std::collections::HashMap;
use std::sync::Arc;

use proxy::ShadowReport;

use crate::facts::Overview;
use crate::meter::{Figures, RouteKey};
use crate::operations::Operation;

/// One look.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// When it was taken, in milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// What the control plane said last.
    pub(crate) overview: Arc<Overview>,
    /// When it said so.
    pub(crate) overview_at_ms: i64,
    /// Why it says nothing now.
    pub(crate) failure: Option<String>,
    /// Figures of traffic; none before there are two looks.
    pub(crate) figures: Option<Arc<HashMap<RouteKey, Figures>>>,
    /// What the shadow of each route found, with its last differences.
    pub(crate) shadows: Vec<Arc<ShadowReport>>,
    /// What pages have begun, the newest first.
    pub(crate) operations: Vec<Operation>,
}

impl Snapshot {
    /// The figures of a route, if it is known what they are.
    pub(crate) fn figures(&self, application: &str, route: &str) -> Option<Figures> {
        let figures = self.figures.as_ref()?;
        Some(figures.get(&(application.to_owned(), route.to_owned())).cloned().unwrap_or_default())
    }

    /// What the shadow of a route found.
    pub(crate) fn shadow(&self, route: &str) -> Option<&ShadowReport> {
        self.shadows.iter().find(|found| found.route == route).map(|found| &**found)
    }

    /// Whether something is under way, so that the next look comes soon.
    pub(crate) fn is_busy(&self) -> bool {
        self.overview
            .moves
            .iter()
            .any(|found| found.pending.is_some() || found.diff.state == "running")
            || self.operations.iter().any(|operation| operation.outcome.is_none())
    }

    /// What a page has begun on a collection and has not ended.
    pub(crate) fn under_way(&self, application: &str, collection: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| {
            operation.outcome.is_none()
                && operation.application == application
                && operation.collection == collection
        })
    }
}
