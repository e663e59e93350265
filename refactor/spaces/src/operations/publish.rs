//! What the data plane is told.

use std::collections::BTreeMap;

use http::Method;

use super::canary::{read_tags, set_share};
use crate::model::Model;
use crate::resource::{ResourceState, Route};
use crate::{ApiError, Spaces};
use proxy::{Epoch, Route as LiveRoute, RouteChange, SourcePath};

impl Spaces {
    /// Tells the data plane what became of routes: each stands with its application, by its id.
    pub(crate) fn publish(&self, model: &Model, touched: Vec<(String, String)>) {
        let mut changes = BTreeMap::<_, Vec<_>>::new();
        for (application, id) in touched {
            let live = model.routes.get(&id).and_then(|route| live_route(model, route));
            let change = live.map_or(RouteChange::Remove(id), RouteChange::Put);
            changes.entry(application).or_default().push(change);
        }
        let listens = |id: &String| {
            model.applications.get(id).is_some_and(|found| found.state == ResourceState::Active)
        };
        for (application, changes) in changes.into_iter().filter(|(id, _)| listens(id)) {
            self.0.plane.change_routes(&application, changes);
        }
    }

    /// Tells the data plane of every live process in which epoch a collection of an application is; none if it does not
    /// move any more. Other processes read it in the state of moves, so it has to be there already.
    ///
    /// # Errors
    /// 500 if this process has lost the control database.
    pub fn set_epoch(
        &self,
        application: &str,
        collection: &str,
        epoch: Option<Epoch>,
    ) -> Result<(), ApiError> {
        self.0.journal.announce().map_err(|error| ApiError::internal(&error))?;
        self.0.plane.set_epoch(application, collection, epoch);
        self.everywhere()
    }

    /// Lets other processes read again what stands beside the resources, such as epochs. They need not read any resource for it.
    ///
    /// # Errors
    /// If this process has lost the control database.
    pub fn announce(&self) -> Result<(), journal::Error> {
        self.0.journal.announce()
    }

    /// Whether an upload is under way in any process that began with earlier routes, and could not be sent to another
    /// service.
    ///
    /// # Errors
    /// 500 if the state cannot be read.
    pub fn has_earlier_uploads(&self, application: &str) -> Result<bool, ApiError> {
        let elsewhere = || self.0.journal.has_earlier_uploads(application);
        let here = self.0.plane.has_earlier_uploads(application);
        if here { Ok(true) } else { elsewhere().map_err(|error| ApiError::internal(&error)) }
    }

    /// The applications that have uploads under way in this process that began with earlier routes.
    pub fn earlier_uploads(&self) -> Vec<String> {
        let ids: Vec<_> = self.model().applications.keys().cloned().collect();
        ids.into_iter().filter(|id| self.0.plane.has_earlier_uploads(id)).collect()
    }

    /// The routes of an application: those that take traffic, and those that could.
    pub(super) fn live_routes(&self, model: &Model, application: &str) -> Vec<LiveRoute> {
        model.routes_of(application).filter_map(|route| live_route(model, route)).collect()
    }
}

/// A route as the data plane knows it. Its parts were checked when it was made, so this fails only if the state was
/// edited by hand.
fn live_route(model: &Model, route: &Route) -> Option<LiveRoute> {
    let service = model.services.get(&route.details.service);
    let Some((service, upstream)) =
        service.and_then(|found| Some((found, found.details.upstream()?)))
    else {
        log::error!("the route {} cannot take traffic: its service has no URL", route.id);
        return None;
    };
    let source = route.details.source.as_ref().map(|source| {
        let method = |name: &String| Method::from_bytes(name.as_bytes()).ok();
        SourcePath {
            template: source.path.clone(),
            methods: source.methods.iter().filter_map(method).collect(),
            children: source.children,
            append: source.append,
        }
    });
    let mut tags = read_tags(service, route);
    set_share(route, &mut tags);
    Some(LiveRoute {
        id: route.id.clone(),
        source,
        upstream: upstream.clone(),
        service: service.details.name.clone(),
        active: route.state == ResourceState::Active,
        tags,
    })
}
