//! CreateRoute, GetRoute, ListRoutes, UpdateRoute, DeleteRoute; and the swap of a route.

use super::activation::{HealthCheck, under_way};
use super::{RequestContext, delete, put, unused_id};
use crate::conflicts::{check_activation, check_delete, check_new};
use crate::model::{ApplicationPath, Model, ModelChange};
use crate::resource::{
    MADE_BY_FOLLOW, NewRoute, Resource, ResourceState, ResourceType, Route, RouteDetails, Service,
};
use crate::{ApiError, PageRequest, ResourcePage, Spaces};

impl Spaces {
    /// Makes a route. One that is ACTIVE takes traffic when this returns.
    ///
    /// # Errors
    /// 404, 402, and the 409 of `conflicts.rs`; with [`HealthCheck::First`] also if the service is not
    /// healthy.
    pub fn create_route(
        &self,
        request: &RequestContext,
        place: &ApplicationPath,
        new: &NewRoute,
        check: HealthCheck,
    ) -> Result<Route, ApiError> {
        self.make_route(request, place, new, None, check)
    }

    /// Makes a route in the place of another one, in one step: no request sees neither. An old route
    /// that is already gone is no obstacle.
    ///
    /// # Errors
    /// As [`Spaces::create_route`], and of [`Spaces::delete_route`] if the new one leads elsewhere; the old route then
    /// stays.
    pub(crate) fn replace_route(
        &self,
        request: &RequestContext,
        place: &ApplicationPath,
        old: &str,
        new: &NewRoute,
        check: HealthCheck,
    ) -> Result<Route, ApiError> {
        self.make_route(request, place, new, Some(old), check)
    }

    fn make_route(
        &self,
        request: &RequestContext,
        place: &ApplicationPath,
        new: &NewRoute,
        old: Option<&str>,
        check: HealthCheck,
    ) -> Result<Route, ApiError> {
        let operation = if old.is_some() { "ReplaceRoute" } else { "CreateRoute" };
        let token =
            request.token(operation, &[&place.environment, &place.application], &(new, old))?;
        if new.active && check == HealthCheck::First {
            let service = {
                let model = self.model();
                if let Some(made) = self.replay(&model, token.as_ref())? {
                    return Ok(made);
                }
                self.check_route(&model, place, new, old)?.clone()
            };
            self.check_first(&service)?;
        }
        let made = self.change(|model, changes| {
            if let Some(made) = self.replay(model, token.as_ref())? {
                return Ok(made);
            }
            self.check_route(model, place, new, old)?;
            let mut protection = None;
            if let Some(old) = old.and_then(|old| model.routes.get(old)) {
                if old.details.application != place.application {
                    check_delete(old, model.routes_of(&old.details.application))?;
                }
                if leads_there(model, old, place, new) {
                    protection = old.details.protection.clone();
                } else {
                    self.check_protection(old)?;
                }
                delete(changes, old);
            }
            let details = RouteDetails {
                environment: place.environment.clone(),
                application: place.application.clone(),
                service: new.service.clone(),
                source: new.source.clone(),
                protection,
                canary: None,
            };
            let state = match (new.active, check) {
                (false, _) => ResourceState::Inactive,
                (true, HealthCheck::Background(_)) => ResourceState::Creating,
                (true, HealthCheck::First | HealthCheck::Skipped) => ResourceState::Active,
            };
            let id = unused_id(model, ResourceType::Route);
            let made = Resource::new(id, &place.region, state, new.tags.clone(), details);
            put(changes, &made, token, ModelChange::Route)?;
            Ok(made)
        })?;
        Ok(self.settled(made, check))
    }

    /// The service of a new route that can join its application, without the old one.
    fn check_route<'a>(
        &self,
        model: &'a Model,
        place: &ApplicationPath,
        new: &NewRoute,
        old: Option<&str>,
    ) -> Result<&'a Service, ApiError> {
        model.working_application(place)?;
        let service = model.service(place, &new.service)?;
        let others = model.routes_of(&place.application);
        let others = others.filter(|route| Some(route.id.as_str()) != old);
        check_new(new, &place.application, others)
            .map_err(|error| self.with_advice(model, error))?;
        if old.is_none() {
            self.check_quota(&place.region, &place.application, model.routes.values())?;
        }
        Ok(service)
    }

    /// Says what helps if a new route clashes with one that a move has made, and that takes no traffic.
    fn with_advice(&self, model: &Model, error: ApiError) -> ApiError {
        let ApiError::Conflict { kind, id, message } = error else { return error };
        let made = model.routes.get(&id).filter(|route| route.state == ResourceState::Inactive);
        let path = made.and_then(|route| {
            let service = model.services.get(&route.details.service)?;
            let made = service.details.description.as_deref() == Some(MADE_BY_FOLLOW);
            route.details.source.as_ref().filter(|_| made).map(|source| source.path.as_str())
        });
        let advice = path.map(self.0.settings.followed_advice).unwrap_or_default();
        ApiError::Conflict { kind, id, message: message + &advice }
    }

    /// A route.
    ///
    /// # Errors
    /// 404.
    pub fn route(&self, place: &ApplicationPath, id: &str) -> Result<Route, ApiError> {
        self.model().route(place, id).cloned()
    }

    /// The routes of an application.
    ///
    /// # Errors
    /// 404; 400 for a token of another list.
    pub fn routes(
        &self,
        place: &ApplicationPath,
        page: &PageRequest,
    ) -> Result<ResourcePage, ApiError> {
        let model = self.model();
        let application =
            model.application(&place.region, &place.environment, &place.application)?;
        page.of(&format!("routes {}", application.id), model.routes_of(&application.id))
    }

    /// Lets a route take traffic, or none. One that becomes ACTIVE passes a health check first.
    ///
    /// # Errors
    /// 404; 400 if the other routes forbid it; with [`HealthCheck::First`] also if the service is not
    /// healthy.
    pub fn update_route(
        &self,
        place: &ApplicationPath,
        id: &str,
        active: bool,
        check: HealthCheck,
    ) -> Result<Route, ApiError> {
        let wanted = if active { ResourceState::Active } else { ResourceState::Inactive };
        let (route, service) = {
            let model = self.model();
            let route = model.route(place, id)?.clone();
            let service = model.service(place, &route.details.service)?.clone();
            (route, service)
        };
        // A client that lost its answer asks again: for what is so, or is on its way.
        let on_its_way = active && under_way(&route) && matches!(check, HealthCheck::Background(_));
        if route.state == wanted || on_its_way {
            return Ok(route);
        }
        if active && check == HealthCheck::First {
            self.check_first(&service)?;
        }
        let changed = self.change(|model, changes| {
            let route = model.route(place, id)?;
            check_activation(route, active, model.routes_of(&place.application))?;
            let mut changed = route.clone();
            changed.state = match (active, check) {
                (true, HealthCheck::Background(_)) => ResourceState::Updating,
                (true, HealthCheck::First | HealthCheck::Skipped) => ResourceState::Active,
                (false, _) => ResourceState::Inactive,
            };
            changed.error = None;
            changed.touch();
            changes.push(ModelChange::Route(changed.clone()));
            Ok(changed)
        })?;
        Ok(self.settled(changed, check))
    }

    /// Removes a route and returns it. Later requests do not take it.
    ///
    /// # Errors
    /// 404; 409 if it is the DEFAULT route and others are left, or if it is protected.
    pub fn delete_route(&self, place: &ApplicationPath, id: &str) -> Result<Route, ApiError> {
        self.change(|model, changes| {
            let route = model.route(place, id)?.clone();
            check_delete(&route, model.routes_of(&place.application))?;
            self.check_protection(&route)?;
            delete(changes, &route);
            Ok(route)
        })
    }
}

/// Whether a new route takes the same requests to the same URL as the one whose place it takes.
fn leads_there(model: &Model, old: &Route, place: &ApplicationPath, new: &NewRoute) -> bool {
    let url = |service: &str| model.services.get(service).map(|found| &found.details.url);
    old.details.application == place.application
        && old.details.source == new.source
        && url(&old.details.service) == url(&new.service)
}
