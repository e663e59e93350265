//! The contents of an application, for the other parts of the program.

use crate::resource::{Application, Route, Service};
use crate::{Spaces, endpoint};

impl Spaces {
    /// The applications of every region, in the order of their ids.
    pub fn all_applications(&self) -> Vec<Application> {
        self.model().applications.values().cloned().collect()
    }

    /// Whether a URL leads to no address of this proxy, and to none that is refused. Blocks for a name to be looked up.
    ///
    /// # Errors
    /// Says where it leads, and what to name instead.
    pub fn leads_elsewhere(&self, url: &str) -> Result<(), String> {
        let own = self.own_addresses(&self.model());
        endpoint::resolve(url, &own).map(drop)
    }

    /// The routes of an application, each with its service, in the order of their ids.
    pub fn layout(&self, application: &str) -> Vec<(Route, Service)> {
        let model = self.model();
        let routes = model.routes_of(application).filter_map(|route| {
            let service = model.services.get(&route.details.service)?;
            Some((route.clone(), service.clone()))
        });
        routes.collect()
    }
}
