//! CreateService, GetService, ListServices, DeleteService.

use std::sync::OnceLock;

use super::{RequestContext, delete, make, unused_id};
use crate::endpoint;
use crate::model::{ApplicationPath, ModelChange};
use crate::resource::{NewService, ResourceType, Service, ServiceDetails};
use crate::{ApiError, PageRequest, ResourcePage, Spaces};

impl Spaces {
    /// Makes a service, ACTIVE at once: it takes no traffic before a route leads to it.
    ///
    /// # Errors
    /// 404, 402; 400 for a URL that leads back here or to link-local addresses; 409 for a FAILED
    /// application, or a token that came with another body.
    pub fn create_service(
        &self,
        request: &RequestContext,
        place: &ApplicationPath,
        new: &NewService,
    ) -> Result<Service, ApiError> {
        let parents = [place.environment.as_str(), &place.application];
        let token = request.token("CreateService", &parents, new)?;
        // A repeat gets the first answer, wherever the URL leads by now.
        let own = {
            let model = self.model();
            if let Some(made) = self.replay(&model, token.as_ref())? {
                return Ok(made);
            }
            self.own_addresses(&model)
        };
        let urls = [("Url", Some(&new.url)), ("HealthUrl", new.health_url.as_ref())];
        for (member, url) in urls {
            let Some(url) = url else { continue };
            endpoint::resolve(url, &own).map_err(|refused| {
                ApiError::Validation(format!("UrlEndpoint.{member} {refused}"))
            })?;
        }
        self.check_authority(&new.url, &new.tags)?;
        self.change(|model, changes| {
            if let Some(made) = self.replay(model, token.as_ref())? {
                return Ok(made);
            }
            model.working_application(place)?;
            self.check_quota(&request.region, &place.application, model.services.values())?;
            let details = ServiceDetails {
                name: new.name.clone(),
                description: new.description.clone(),
                environment: place.environment.clone(),
                application: place.application.clone(),
                vpc_id: new.vpc_id.clone(),
                url: new.url.clone(),
                health_url: new.health_url.clone(),
                upstream: OnceLock::new(),
            };
            let id = unused_id(model, ResourceType::Service);
            make(changes, request, id, new.tags.clone(), details, token, ModelChange::Service)
        })
    }

    /// A service.
    ///
    /// # Errors
    /// 404.
    pub fn service(&self, place: &ApplicationPath, id: &str) -> Result<Service, ApiError> {
        self.model().service(place, id).cloned()
    }

    /// The services of an application.
    ///
    /// # Errors
    /// 404; 400 for a token of another list.
    pub fn services(
        &self,
        place: &ApplicationPath,
        page: &PageRequest,
    ) -> Result<ResourcePage, ApiError> {
        let model = self.model();
        let application =
            model.application(&place.region, &place.environment, &place.application)?;
        page.of(&format!("services {}", application.id), model.services_of(&application.id))
    }

    /// Removes a service that no route leads to; gives what it was.
    ///
    /// # Errors
    /// 404; 409 on a route that leads to it.
    pub fn delete_service(&self, place: &ApplicationPath, id: &str) -> Result<Service, ApiError> {
        self.change(|model, changes| {
            let service = model.service(place, id)?.clone();
            let mut routes = model.routes_of(&place.application);
            if let Some(route) = routes.find(|route| route.details.service == id) {
                let message = format!(
                    "the route {} ({}) leads to the service {id}; delete it first",
                    route.id,
                    route.label()
                );
                return Err(ApiError::conflict(ResourceType::Route, &route.id, message));
            }
            delete(changes, &service);
            Ok(service)
        })
    }
}
