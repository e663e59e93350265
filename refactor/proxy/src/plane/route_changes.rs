//! The routes of each application, and the epochs of its collections, while they change.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use canary::CanaryTally;
use public_urls::Origin;
use routes::{Route, RouteChange};

use super::{DataPlane, Plane, lock};
use crate::application::Application;
use crate::beside::Beside;
use crate::metrics::RouteLabels;
use crate::ownership::{Epoch, Epochs};
use crate::private_authorities::PrivateAuthorities;
use crate::route_limits::RouteLimits;
use crate::split::Split;
use crate::target::{RouteTable, RouteTarget};

impl DataPlane {
    /// Replaces the whole table; live for every request that begins after this returns. Does nothing
    /// for an application that is not open.
    pub fn set_routes(&self, application: &str, routes: Vec<Route>) {
        self.0.replace(application, |old| self.0.table(application, routes, old));
    }

    /// Changes some routes, all at once; live for every request that begins after this returns. Does nothing for
    /// an application that is not open.
    pub fn change_routes(&self, application: &str, changes: Vec<RouteChange>) {
        self.0.replace(application, |old| {
            old.with(changes.into_iter().map(|change| match change {
                RouteChange::Remove(id) => (id, None),
                RouteChange::Put(route) => {
                    let id = route.id.clone();
                    let target = self.0.target(application, route, old);
                    if let Some(target) = &target
                        && old
                            .get(&id)
                            .is_none_or(|known| !known.service.shares_upstream(&target.service))
                    {
                        self.0.shared.ownership.writes.has_another();
                    }
                    (id, target)
                }
            }))
        });
    }

    /// Says in which epoch a collection of an application is now, and none if it does not move any more. Paths with the
    /// segment `-` behind the name of a collection that moves are not forwarded. What a store
    /// that was asked after that answers in an earlier one counts no more: a write is 502, a read is asked of another
    /// service. What was asked before it is 502 only if it may be lost.
    pub fn set_epoch(&self, application: &str, collection: &str, epoch: Option<Epoch>) {
        self.0.epochs(application).set(collection, epoch);
        // Requests that began there are not told. An answer to them counts, unless what it says may be lost.
        let loses = epoch.is_some_and(|epoch| epoch.lost_below > 0);
        self.0.other.wait_for(if loses { Beside::Gone } else { Beside::Finishing });
    }

    /// Says in which epochs the collections are, by application; those that are not said are in none that is known.
    pub fn set_epochs(&self, mut epochs: BTreeMap<String, BTreeMap<String, Epoch>>) {
        let known = |epochs: &HashMap<String, _>| epochs.keys().cloned().collect::<Vec<_>>();
        for application in known(&self.0.epochs.lock().unwrap_or_else(PoisonError::into_inner)) {
            epochs.entry(application).or_default();
        }
        for (application, collections) in epochs {
            self.0.epochs(&application).set_all(collections);
        }
    }

    /// What was seen of a route's canary since this was last called, or the route was last changed.
    pub fn take_canary_tally(&self, application: &str, route: &str) -> CanaryTally {
        let applications = self.0.applications();
        let table = applications.get(application).map(|found| found.site.table.load());
        let target = table.as_ref().and_then(|table| table.get(route));
        let canary = target.and_then(|target| target.split.as_ref()?.canary.as_ref());
        canary.map(|canary| canary.tally.take()).unwrap_or_default()
    }

    /// Whether an upload is under way that began with earlier routes and could not be sent to another service. If a
    /// route was made since, and its service is to become the primary, such an upload has to be waited for. Nothing is
    /// known of those of another process, so there may be one for as long as it is there.
    pub fn has_earlier_uploads(&self, application: &str) -> bool {
        if !self.0.other.is_gone() {
            return true;
        }
        let applications = self.0.applications();
        let application = applications.get(application);
        let mut earlier = application.into_iter().flat_map(|found| &found.earlier);
        earlier.any(|uploads| uploads.strong_count() > 0)
    }
}

impl Plane {
    /// The epochs of an application's collections.
    pub(super) fn epochs(&self, application: &str) -> Arc<Epochs> {
        let mut epochs = lock(&self.epochs);
        Arc::clone(epochs.entry(application.to_owned()).or_default())
    }

    /// Puts another table in the place of an application's.
    fn replace(&self, application: &str, make: impl FnOnce(&RouteTable) -> RouteTable) {
        // Held to the end: of two calls the later one must win.
        let mut applications = self.applications();
        let Some(Application { site, earlier, .. }) = applications.get_mut(application) else {
            return;
        };
        let old = site.table.load();
        let table = make(&old).after(&old);
        let old = site.table.swap(Arc::new(table));
        earlier.retain(|uploads| uploads.strong_count() > 0);
        earlier.push(Arc::downgrade(&old.uploads));
        // To drop a large table takes as long as to make one, so no request waits for it.
        self.workers.accepting().spawn_blocking(move || drop(old));
        drop(applications);
        self.other.wait_for(Beside::Finishing);
    }

    /// A table of these routes.
    pub(super) fn table(
        &self,
        application: &str,
        routes: Vec<Route>,
        old: &RouteTable,
    ) -> RouteTable {
        RouteTable::new(routes.into_iter().filter_map(|route| self.target(application, route, old)))
    }

    /// What a request to a route needs: the same as before if the route is the same.
    fn target(
        &self,
        application: &str,
        route: Route,
        old: &RouteTable,
    ) -> Option<Arc<RouteTarget>> {
        if let Some(same) = old.get(&route.id).filter(|target| target.route == route) {
            return Some(Arc::clone(same));
        }
        let Some(origin) = Origin::of(&route.upstream) else {
            log::error!("route {}: {} is no http or https URL", route.id, route.upstream);
            return None;
        };
        let patience = self.shared.settings.patience.tagged(&route.tags);
        let split = Split::tagged(&route.tags, &route.service);
        let counts = self.shared.metrics.counts(RouteLabels {
            application: application.to_owned(),
            route: route.id.clone(),
            service: route.service.clone(),
        });
        let limits = RouteLimits::tagged(&self.shared.settings, &route.tags);
        let authorities = &self.shared.settings.authorities;
        let authority = route.tags.get(PrivateAuthorities::TAG).map(|name| authorities.get(name));
        let upstream = self.upstreams.get(origin, authority);
        Some(Arc::new(RouteTarget::new(route, upstream, patience, limits, split, counts)))
    }
}
