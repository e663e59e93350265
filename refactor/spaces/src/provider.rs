//! The resources of stacks: `AWS::RefactorSpaces::*`, made by the operations of the API.

mod made;
mod planned;
mod properties;

use super::operations::{HealthCheck, RequestContext};
use super::resource::{
    NewApplication, NewEnvironment, NewRoute, NewService, ResourceState, ResourceType,
};
use super::{ApiError, ApplicationPath, Members, Spaces};
use cloudformation::provider::{
    CreatedResource, Properties, Provider, ProviderCall, ResourceKind, StepFailure,
};
use proxy::TagPlace;
use serde_json::{Map, Value};

use made::{Attributes, PhysicalId, TemplateResource, created};
use planned::check_properties;
use properties::{activation, actual, members, parent, place};

impl Provider for Spaces {
    fn check(&self, kind: ResourceKind, properties: &Properties) -> Result<(), StepFailure> {
        check_properties(kind, properties)
    }

    fn create(
        &self,
        step: &ProviderCall,
        kind: ResourceKind,
        properties: &Properties,
    ) -> Result<CreatedResource, StepFailure> {
        let (request, members) = (request(step), members(properties)?);
        let given = given(step, &members);
        Ok(match kind {
            ResourceKind::Environment => {
                created(&self.create_environment(&request, &NewEnvironment::read(given)?)?)
            }
            ResourceKind::Application => {
                let environment = parent(&members, ResourceType::Environment)?;
                let new = NewApplication::read(given)?;
                created(&self.create_application(&request, &environment, &new)?)
            }
            ResourceKind::Service => {
                let place = place(step, &members)?;
                created(&self.create_service(&request, &place, &NewService::read(given)?)?)
            }
            ResourceKind::Route => {
                let (place, new) = (place(step, &members)?, NewRoute::read(given)?);
                created(&self.create_route(&request, &place, &new, check(step))?)
            }
        })
    }

    fn update(
        &self,
        step: &ProviderCall,
        kind: ResourceKind,
        physical_id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<Attributes, StepFailure> {
        let path = PhysicalId::parse(&step.region, physical_id)?;
        let members = members(new)?;
        let given = given(step, &members);
        let tags_of = |mut given: Members<'_>, place| {
            let tags = given.tags_of(place);
            given.finish(|| Some(tags))
        };
        match kind {
            ResourceKind::Environment => {
                let found = self.environment(&step.region, &path.place.environment)?;
                self.set_tags(found.named(), tags_of(given, TagPlace::Environment)?)?;
                Ok(found.attributes())
            }
            ResourceKind::Application => {
                let ApplicationPath { region, environment, application } = &path.place;
                let found = self.application(region, environment, application)?;
                self.set_tags(found.named(), tags_of(given, TagPlace::Application)?)?;
                Ok(found.attributes())
            }
            ResourceKind::Service => {
                let found = self.service(&path.place, &path.id)?;
                self.set_tags(found.named(), tags_of(given, TagPlace::Service)?)?;
                Ok(found.attributes())
            }
            ResourceKind::Route => {
                let wanted = NewRoute::read(given)?;
                let found = self.route(&path.place, &path.id)?;
                // The tags last: a route that fails its check keeps those it has.
                if activation(old) != activation(new) {
                    self.update_route(&path.place, &path.id, wanted.active, check(step))?;
                }
                self.set_tags(found.named(), wanted.tags)?;
                Ok(found.attributes())
            }
        }
    }

    fn delete(
        &self,
        step: &ProviderCall,
        kind: ResourceKind,
        physical_id: &str,
    ) -> Result<(), StepFailure> {
        let PhysicalId { place, id } = PhysicalId::parse(&step.region, physical_id)?;
        let deleted = match kind {
            ResourceKind::Environment => self.delete_environment(&step.region, &id).map(drop),
            ResourceKind::Application => {
                self.delete_application(&step.region, &place.environment, &id).map(drop)
            }
            ResourceKind::Service => self.delete_service(&place, &id).map(drop),
            ResourceKind::Route => self.delete_route(&place, &id).map(drop),
        };
        match deleted {
            Ok(()) | Err(ApiError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn may_go(
        &self,
        region: &str,
        kind: ResourceKind,
        physical_id: &str,
    ) -> Result<(), StepFailure> {
        let PhysicalId { place, id } = PhysicalId::parse(region, physical_id)?;
        match kind {
            ResourceKind::Route => match self.route(&place, &id) {
                Ok(route) => Ok(self.check_protection(&route)?),
                Err(_gone) => Ok(()),
            },
            ResourceKind::Environment | ResourceKind::Application | ResourceKind::Service => Ok(()),
        }
    }

    fn actual(
        &self,
        region: &str,
        kind: ResourceKind,
        physical_id: &str,
        expected: &Properties,
    ) -> Result<Option<Properties>, StepFailure> {
        let PhysicalId { place, id } = PhysicalId::parse(region, physical_id)?;
        let found = match kind {
            ResourceKind::Environment => {
                self.environment(region, &id).map(|found| (found.tags, None))
            }
            ResourceKind::Application => {
                self.application(region, &place.environment, &id).map(|found| (found.tags, None))
            }
            ResourceKind::Service => self.service(&place, &id).map(|found| (found.tags, None)),
            ResourceKind::Route => self
                .route(&place, &id)
                .map(|found| (found.tags, Some(found.state != ResourceState::Inactive))),
        };
        match found {
            Ok((tags, active)) => Ok(Some(actual(expected, &tags, active))),
            Err(ApiError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn replace_route(
        &self,
        step: &ProviderCall,
        old_physical_id: &str,
        properties: &Properties,
    ) -> Result<CreatedResource, StepFailure> {
        let members = members(properties)?;
        let (place, new) = (place(step, &members)?, NewRoute::read(given(step, &members))?);
        let old = PhysicalId::parse(&step.region, old_physical_id)?;
        Ok(created(&self.replace_route(&request(step), &place, &old.id, &new, check(step))?))
    }
}

impl From<ApiError> for StepFailure {
    fn from(error: ApiError) -> Self {
        Self { reason: error.message().to_owned() }
    }
}

fn request(step: &ProviderCall) -> RequestContext {
    RequestContext { region: step.region.clone(), token: Some(step.token.clone()), lasting: true }
}

fn given<'a>(step: &ProviderCall, members: &'a Map<String, Value>) -> Members<'a> {
    if step.restores { Members::restored(members) } else { Members::new(members) }
}

fn check(step: &ProviderCall) -> HealthCheck {
    if step.restores { HealthCheck::Skipped } else { HealthCheck::First }
}

#[cfg(test)]
mod tests;
