//! What the data plane is told.

use http::Method;

use crate::proxy::{Route as LiveRoute, SourcePath};
use crate::spaces::Spaces;
use crate::spaces::model::Model;
use crate::spaces::resource::{Route, State};

impl Spaces {
    /// Gives the data plane the routes of an application that listens.
    pub(in crate::spaces) fn publish(&self, model: &Model, application: &str) {
        let listens = |state| state == State::Active;
        if model.applications.get(application).is_some_and(|found| listens(found.state)) {
            self.0.plane.set_routes(application, self.live_routes(model, application));
        }
    }

    /// The routes of an application that take traffic.
    pub(super) fn live_routes(&self, model: &Model, application: &str) -> Vec<LiveRoute> {
        let routes = model.routes_of(application);
        let live = routes.filter(|route| route.state == State::Active);
        live.filter_map(|route| {
            let live = live_route(model, route);
            if live.is_none() {
                log::error!("the route {} cannot take traffic: its service has no URL", route.id);
            }
            live
        })
        .collect()
    }
}

/// What was checked when it was made; only a state that somebody edited fails here.
fn live_route(model: &Model, route: &Route) -> Option<LiveRoute> {
    let service = model.services.get(&route.details.service)?;
    let source = route.details.source.as_ref().map(|source| {
        let method = |name: &String| Method::from_bytes(name.as_bytes()).ok();
        SourcePath {
            template: source.path.clone(),
            methods: source.methods.iter().filter_map(method).collect(),
            children: source.children,
            append: source.append,
        }
    });
    Some(LiveRoute {
        id: route.id.clone(),
        source,
        upstream: service.details.upstream()?.clone(),
        service: service.details.name.clone(),
        tags: route.tags.clone(),
    })
}
