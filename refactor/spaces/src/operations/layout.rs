//! The contents of an application, for the other parts of the program.

use serde_json::Value;

use crate::model::ResourceTable;
use crate::resource::{Application, Details, Resource, Route, Service};
use crate::{Spaces, endpoint};

/// Every resource of every region, each as its Get operation shows it, in the order of creation.
#[derive(Clone, Debug, Default)]
pub struct Everything {
    /// The environments.
    pub environments: Vec<Value>,
    /// The applications.
    pub applications: Vec<Value>,
    /// The services.
    pub services: Vec<Value>,
    /// The routes.
    pub routes: Vec<Value>,
}

impl Spaces {
    /// Every resource of every region.
    pub fn everything(&self) -> Everything {
        let model = self.model();
        Everything {
            environments: shown(&model.environments),
            applications: shown(&model.applications),
            services: shown(&model.services),
            routes: shown(&model.routes),
        }
    }

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

fn shown<D: Details>(table: &ResourceTable<D>) -> Vec<Value> {
    let mut resources: Vec<_> = table.values().collect();
    resources.sort_by_key(|resource| (resource.created_ms, &resource.id));
    resources.into_iter().map(Resource::summary).collect()
}
