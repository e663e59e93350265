//! What stands in an application, for those who ask from within the program.

use crate::spaces::Spaces;
use crate::spaces::resource::{Application, Route, Service};

impl Spaces {
    /// The applications of every region, in the order of their ids.
    pub(crate) fn all_applications(&self) -> Vec<Application> {
        self.model().applications.values().cloned().collect()
    }

    /// The routes of an application, each with its service, in the order of their ids.
    pub(crate) fn layout(&self, application: &str) -> Vec<(Route, Service)> {
        let model = self.model();
        let routes = model.routes_of(application).filter_map(|route| {
            let service = model.services.get(&route.details.service)?;
            Some((route.clone(), service.clone()))
        });
        routes.collect()
    }
}
