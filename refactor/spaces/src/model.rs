//! Everything there is, in memory. What is on disk is the same: see `journal.rs`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::arn::Arn;
use super::error::ApiError;
use super::resource::{
    Application, Details, Environment, Resource, ResourceState, ResourceType, Route, Service, Tags,
};
use super::token::ClientToken;
use proxy::TagPlace;

/// Resources of one kind, by id.
pub(crate) type ResourceTable<D> = BTreeMap<String, Resource<D>>;

/// All resources and policies.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) environments: BTreeMap<String, Environment>,
    pub(crate) applications: BTreeMap<String, Application>,
    pub(crate) services: BTreeMap<String, Service>,
    pub(crate) routes: BTreeMap<String, Route>,
    /// Resource policies by ARN.
    pub(crate) policies: BTreeMap<String, String>,
}

/// One change of the model; those of one operation happen together.
pub(crate) enum ModelChange {
    Environment(Environment),
    Application(Application),
    Service(Service),
    Route(Route),
    /// A route with another protection, of which the data plane need not know.
    Protection(Route),
    Delete(ResourceType, String),
    /// A policy of this ARN; `None` removes it.
    Policy(String, Option<String>),
    /// A request was answered with this resource, as it was then.
    ClientToken(ClientToken, String, Value),
    /// What the request that made this resource is answered with from now on.
    Answer(String, Value),
}

impl ModelChange {
    /// Whether the data plane has to know.
    pub(crate) fn concerns_traffic(&self) -> bool {
        match self {
            Self::Application(_) | Self::Service(_) | Self::Route(_) | Self::Delete(..) => true,
            Self::Environment(_)
            | Self::Protection(_)
            | Self::Policy(..)
            | Self::ClientToken(..)
            | Self::Answer(..) => false,
        }
    }
}

impl Model {
    /// Carries a change out that is on disk.
    pub(crate) fn apply(&mut self, change: ModelChange) {
        match change {
            ModelChange::Environment(resource) => put(&mut self.environments, resource),
            ModelChange::Application(resource) => put(&mut self.applications, resource),
            ModelChange::Service(resource) => put(&mut self.services, resource),
            ModelChange::Route(resource) | ModelChange::Protection(resource) => {
                put(&mut self.routes, resource);
            }
            ModelChange::Delete(ResourceType::Environment, id) => {
                drop(self.environments.remove(&id))
            }
            ModelChange::Delete(ResourceType::Application, id) => {
                drop(self.applications.remove(&id))
            }
            ModelChange::Delete(ResourceType::Service, id) => drop(self.services.remove(&id)),
            ModelChange::Delete(ResourceType::Route, id) => drop(self.routes.remove(&id)),
            ModelChange::Policy(arn, Some(policy)) => drop(self.policies.insert(arn, policy)),
            ModelChange::Policy(arn, None) => drop(self.policies.remove(&arn)),
            ModelChange::ClientToken(..) | ModelChange::Answer(..) => {}
        }
    }

    /// Whether there is such a resource, wherever it is.
    pub(crate) fn has(&self, kind: ResourceType, id: &str) -> bool {
        match kind {
            ResourceType::Environment => self.environments.contains_key(id),
            ResourceType::Application => self.applications.contains_key(id),
            ResourceType::Service => self.services.contains_key(id),
            ResourceType::Route => self.routes.contains_key(id),
        }
    }

    /// The routes that a change concerns, each behind its application.
    pub(crate) fn touched(&self, change: &ModelChange) -> Vec<(String, String)> {
        let place = |route: &Route| (route.details.application.clone(), route.id.clone());
        match change {
            ModelChange::Route(route) => vec![place(route)],
            ModelChange::Delete(ResourceType::Route, id) => {
                self.routes.get(id).map(place).into_iter().collect()
            }
            // Its tags hold for its routes.
            ModelChange::Service(service) => {
                let routes = self.routes_of(&service.details.application);
                routes.filter(|route| route.details.service == service.id).map(place).collect()
            }
            _ => Vec::new(),
        }
    }

    /// An environment of the caller's region.
    ///
    /// # Errors
    /// 404, which names the region that it is in if that is another one.
    pub(crate) fn environment(&self, region: &str, id: &str) -> Result<&Environment, ApiError> {
        match self.environments.get(id) {
            Some(environment) if environment.region == region => Ok(environment),
            Some(environment) => Err(ApiError::not_found(
                ResourceType::Environment,
                id,
                format!(
                    "there is no environment {id} in the region {region}; it is in {}",
                    environment.region
                ),
            )),
            None => Err(ApiError::not_found(
                ResourceType::Environment,
                id,
                format!("there is no environment {id}"),
            )),
        }
    }

    /// An application of that environment.
    ///
    /// # Errors
    /// 404 on the first of the two that does not exist.
    pub(crate) fn application(
        &self,
        region: &str,
        environment: &str,
        id: &str,
    ) -> Result<&Application, ApiError> {
        self.environment(region, environment)?;
        let found = self.applications.get(id);
        found.filter(|application| application.details.environment == environment).ok_or_else(
            || {
                let message =
                    format!("there is no application {id} in the environment {environment}");
                ApiError::not_found(ResourceType::Application, id, message)
            },
        )
    }

    /// A service of that application.
    ///
    /// # Errors
    /// 404 on the first of the three that does not exist.
    pub(crate) fn service(&self, place: &ApplicationPath, id: &str) -> Result<&Service, ApiError> {
        self.application(&place.region, &place.environment, &place.application)?;
        let found = self.services.get(id);
        found
            .filter(|service| service.details.application == place.application)
            .ok_or_else(|| not_in(ResourceType::Service, id, place))
    }

    /// A route of that application.
    ///
    /// # Errors
    /// 404 on the first of the three that does not exist.
    pub(crate) fn route(&self, place: &ApplicationPath, id: &str) -> Result<&Route, ApiError> {
        self.application(&place.region, &place.environment, &place.application)?;
        let found = self.routes.get(id);
        found
            .filter(|route| route.details.application == place.application)
            .ok_or_else(|| not_in(ResourceType::Route, id, place))
    }

    /// The application of a place, if it takes new services and routes.
    ///
    /// # Errors
    /// 404; 409 if it is FAILED.
    pub(crate) fn working_application(
        &self,
        place: &ApplicationPath,
    ) -> Result<&Application, ApiError> {
        let application =
            self.application(&place.region, &place.environment, &place.application)?;
        match &application.error {
            Some(error) if application.state == ResourceState::Failed => Err(ApiError::conflict(
                ResourceType::Application,
                &application.id,
                format!("the application {} is FAILED: {}", application.id, error.message),
            )),
            _ => Ok(application),
        }
    }

    /// The routes of an application, by id.
    pub(crate) fn routes_of<'a>(
        &'a self,
        application: &'a str,
    ) -> impl Iterator<Item = &'a Route> + Clone {
        self.routes.values().filter(move |route| route.details.application == application)
    }

    /// The services of an application, by id.
    pub(crate) fn services_of<'a>(
        &'a self,
        application: &'a str,
    ) -> impl Iterator<Item = &'a Service> {
        self.services.values().filter(move |service| service.details.application == application)
    }

    /// The same resource with other tags, as a change.
    ///
    /// # Errors
    /// What `edit` says; 404 if there is no resource of that ARN.
    pub(crate) fn retag(
        &self,
        arn: Arn<'_>,
        edit: impl FnOnce(&mut Tags) -> Result<(), ApiError>,
    ) -> Result<ModelChange, ApiError> {
        match arn.kind {
            ResourceType::Environment => {
                retagged(&self.environments, arn, edit).map(ModelChange::Environment)
            }
            ResourceType::Application => {
                retagged(&self.applications, arn, edit).map(ModelChange::Application)
            }
            ResourceType::Service => retagged(&self.services, arn, edit).map(ModelChange::Service),
            ResourceType::Route => retagged(&self.routes, arn, edit).map(ModelChange::Route),
        }
    }

    /// What the tags of a resource stand on.
    pub(crate) fn tag_place(&self, arn: Arn<'_>) -> TagPlace {
        match arn.kind {
            ResourceType::Environment => TagPlace::Environment,
            ResourceType::Application => TagPlace::Application,
            ResourceType::Service => TagPlace::Service,
            ResourceType::Route => match self.routes.get(arn.id) {
                Some(route) if route.details.source.is_none() => TagPlace::DefaultRoute,
                _ => TagPlace::Route,
            },
        }
    }

    /// The tags of the resource with that ARN.
    ///
    /// # Errors
    /// 404 if there is none.
    pub(crate) fn tags(&self, arn: Arn<'_>) -> Result<&Tags, ApiError> {
        let tags = match arn.kind {
            ResourceType::Environment => tags(&self.environments, arn),
            ResourceType::Application => tags(&self.applications, arn),
            ResourceType::Service => tags(&self.services, arn),
            ResourceType::Route => tags(&self.routes, arn),
        };
        tags.ok_or_else(|| no_such_arn(arn))
    }
}

/// The place of services and routes: in an application of an environment of a region.
#[derive(Clone, Debug)]
pub struct ApplicationPath {
    /// The region.
    pub region: String,
    /// The id of the environment.
    pub environment: String,
    /// The id of the application.
    pub application: String,
}

fn put<D>(table: &mut ResourceTable<D>, resource: Resource<D>) {
    table.insert(resource.id.clone(), resource);
}

fn not_in(kind: ResourceType, id: &str, place: &ApplicationPath) -> ApiError {
    let message =
        format!("there is no {} {id} in the application {}", kind.noun(), place.application);
    ApiError::not_found(kind, id, message)
}

fn tags<'a, D: Details>(table: &'a ResourceTable<D>, arn: Arn<'_>) -> Option<&'a Tags> {
    table.get(arn.id).filter(|resource| resource.arn == arn.text).map(|resource| &resource.tags)
}

fn retagged<D: Details>(
    table: &ResourceTable<D>,
    arn: Arn<'_>,
    edit: impl FnOnce(&mut Tags) -> Result<(), ApiError>,
) -> Result<Resource<D>, ApiError> {
    let found = table.get(arn.id).filter(|resource| resource.arn == arn.text);
    let mut resource = found.cloned().ok_or_else(|| no_such_arn(arn))?;
    edit(&mut resource.tags)?;
    Ok(resource)
}

fn no_such_arn(arn: Arn<'_>) -> ApiError {
    let message = format!("there is no {} with the ARN {}", arn.kind.noun(), arn.text);
    ApiError::not_found(arn.kind, arn.id, message)
}
