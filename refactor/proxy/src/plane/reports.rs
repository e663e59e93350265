//! What the data plane counted and found.

use std::fmt;
use std::sync::Arc;

use shadow::ShadowReport;

use super::DataPlane;
use crate::metrics::RouteTraffic;
use crate::shadow_report::report;

impl DataPlane {
    /// What was counted of each route.
    pub fn traffic(&self) -> Vec<RouteTraffic> {
        self.0.shared.metrics.traffic()
    }

    /// What was counted, in the text format of OpenMetrics.
    ///
    /// # Errors
    /// If a metric cannot be written.
    pub fn metrics(&self) -> Result<String, fmt::Error> {
        self.0.shared.metrics.text()
    }

    /// What the shadows of all routes found, without their differences.
    pub fn shadows(&self) -> Vec<ShadowReport> {
        let applications = self.0.applications();
        let mut found: Vec<_> = applications
            .iter()
            .flat_map(|(id, application)| {
                let table = application.site.table.load();
                table.all().filter_map(|target| report(id, target, None)).collect::<Vec<_>>()
            })
            .collect();
        found.sort_by(|one, other| (&one.path, &one.route).cmp(&(&other.path, &other.route)));
        found
    }

    /// What the shadow of a route found, with its last differences; nothing if there is no such route, or it mirrors
    /// nothing.
    pub fn shadow(&self, route: &str) -> Option<ShadowReport> {
        let found = self.0.applications().iter().find_map(|(id, application)| {
            Some((id.clone(), Arc::clone(application.site.table.load().get(route)?)))
        });
        let (application, target) = found?;
        report(&application, &target, Some(self.0.shared.shadows.differences()))
    }
}
