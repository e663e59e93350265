//! CreateEnvironment, GetEnvironment, ListEnvironments, DeleteEnvironment.

use super::{RequestContext, delete, make, unused_id};
use crate::model::ModelChange;
use crate::resource::{Environment, NewEnvironment, ResourceType};
use crate::{ApiError, PageRequest, ResourcePage, Spaces};

impl Spaces {
    /// Makes an environment, ACTIVE at once.
    ///
    /// # Errors
    /// 402; 409 for a token that came with another body.
    pub fn create_environment(
        &self,
        request: &RequestContext,
        new: &NewEnvironment,
    ) -> Result<Environment, ApiError> {
        self.change(|model, changes| {
            let token = request.token("CreateEnvironment", &[], new)?;
            if let Some(made) = self.replay(model, token.as_ref())? {
                return Ok(made);
            }
            let id = unused_id(model, ResourceType::Environment);
            self.check_quota(&request.region, &id, model.environments.values())?;
            let (tags, details) = (new.tags.clone(), new.details());
            make(changes, request, id, tags, details, token, ModelChange::Environment)
        })
    }

    /// An environment.
    ///
    /// # Errors
    /// 404.
    pub fn environment(&self, region: &str, id: &str) -> Result<Environment, ApiError> {
        self.model().environment(region, id).cloned()
    }

    /// The environments of a region.
    ///
    /// # Errors
    /// 400 for a token of another list.
    pub fn environments(&self, region: &str, page: &PageRequest) -> Result<ResourcePage, ApiError> {
        let model = self.model();
        let all = model.environments.values().filter(|found| found.region == region);
        page.of(&format!("environments {region}"), all)
    }

    /// Removes an environment without applications; gives what it was.
    ///
    /// # Errors
    /// 404; 409 on an application that it has.
    pub fn delete_environment(&self, region: &str, id: &str) -> Result<Environment, ApiError> {
        self.change(|model, changes| {
            let environment = model.environment(region, id)?.clone();
            let mut applications = model.applications.values();
            if let Some(held) = applications.find(|found| found.details.environment == id) {
                let message = format!(
                    "the environment {id} has the application {} ({}); delete it first",
                    held.id, held.details.name
                );
                return Err(ApiError::conflict(ResourceType::Application, &held.id, message));
            }
            delete(changes, &environment);
            Ok(environment)
        })
    }
}
