//! The resources of stacks: `AWS::RefactorSpaces::*`, made by the operations of the API.

mod planned;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::operations::{Check, Request};
use super::resource::{
    Application, Environment, NewApplication, NewEnvironment, NewRoute, NewService, ResourceType,
    Route, Service, State, Tags,
};
use super::{ApiError, ApplicationPath, Members, Spaces, rules};
use cloudformation::provider::{
    Created, Failure, Properties, Provider, ProviderCall, ResourceKind,
};
use planned::check_properties;

type Attributes = BTreeMap<String, String>;

impl Provider for Spaces {
    fn check(&self, kind: ResourceKind, properties: &Properties) -> Result<(), Failure> {
        check_properties(kind, properties)
    }

    fn create(
        &self,
        step: &ProviderCall,
        kind: ResourceKind,
        properties: &Properties,
    ) -> Result<Created, Failure> {
        let (request, members) = (request(step), members(properties)?);
        Ok(match kind {
            ResourceKind::Environment => {
                created(&self.create_environment(&request, &NewEnvironment::read(&members)?)?)
            }
            ResourceKind::Application => {
                let environment = parent(&members, ResourceType::Environment)?;
                let new = NewApplication::read(&members)?;
                created(&self.create_application(&request, &environment, &new)?)
            }
            ResourceKind::Service => {
                let place = place(step, &members)?;
                created(&self.create_service(&request, &place, &NewService::read(&members)?)?)
            }
            ResourceKind::Route => {
                let place = place(step, &members)?;
                let new = new_route(&members)?;
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
    ) -> Result<Attributes, Failure> {
        let path = Path::parse(&step.region, physical_id)?;
        let members = members(new)?;
        let mut given = Members::new(&members);
        let tags = given.tags();
        let tags = given.finish(|| Some(tags))?;
        match kind {
            ResourceKind::Environment => {
                let found = self.environment(&step.region, &path.place.environment)?;
                self.set_tags(found.named(), tags)?;
                Ok(found.attributes())
            }
            ResourceKind::Application => {
                let ApplicationPath { region, environment, application } = &path.place;
                let found = self.application(region, environment, application)?;
                self.set_tags(found.named(), tags)?;
                Ok(found.attributes())
            }
            ResourceKind::Service => {
                let found = self.service(&path.place, &path.id)?;
                self.set_tags(found.named(), tags)?;
                Ok(found.attributes())
            }
            ResourceKind::Route => {
                let wanted = new_route(&members)?;
                let found = self.route(&path.place, &path.id)?;
                // The tags last: a route that fails its check keeps those it has.
                if activation(old) != activation(new) {
                    self.update_route(&path.place, &path.id, wanted.active, check(step))?;
                }
                self.set_tags(found.named(), tags)?;
                Ok(found.attributes())
            }
        }
    }

    fn delete(
        &self,
        step: &ProviderCall,
        kind: ResourceKind,
        physical_id: &str,
    ) -> Result<(), Failure> {
        let Path { place, id } = Path::parse(&step.region, physical_id)?;
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

    fn actual(
        &self,
        region: &str,
        kind: ResourceKind,
        physical_id: &str,
        expected: &Properties,
    ) -> Result<Option<Properties>, Failure> {
        let Path { place, id } = Path::parse(region, physical_id)?;
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
                .map(|found| (found.tags, Some(found.state != State::Inactive))),
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
    ) -> Result<Created, Failure> {
        let members = members(properties)?;
        let (place, new) = (place(step, &members)?, new_route(&members)?);
        let old = Path::parse(&step.region, old_physical_id)?;
        Ok(created(&self.replace_route(&request(step), &place, &old.id, &new, check(step))?))
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self { reason: error.message().to_owned() }
    }
}

fn request(step: &ProviderCall) -> Request {
    Request { region: step.region.clone(), token: Some(step.token.clone()), lasting: true }
}

fn check(step: &ProviderCall) -> Check {
    if step.restores { Check::Skipped } else { Check::First }
}

/// The members of the API for the properties of a template: the same, but for the tags.
fn members(properties: &Properties) -> Result<Map<String, Value>, Failure> {
    let mut members = properties.clone();
    if let Some(list) = properties.get("Tags") {
        let tag =
            |tag: &Value| Some((tag.get("Key")?.as_str()?.to_owned(), tag.get("Value")?.clone()));
        let tags: Option<Map<_, _>> =
            list.as_array().and_then(|list| list.iter().map(tag).collect());
        let tags = tags.ok_or_else(|| Failure {
            reason: "Tags must be a list of objects with Key and Value".into(),
        })?;
        members.insert("Tags".into(), tags.into());
    }
    Ok(members)
}

/// Properties with the tags and the activation state that there are, written as they were wherever they are the same.
fn actual(expected: &Properties, tags: &Tags, active: Option<bool>) -> Properties {
    let mut actual = expected.clone();
    let pair = |tag: &Value| {
        Some((tag.get("Key")?.as_str()?.to_owned(), tag.get("Value")?.as_str()?.to_owned()))
    };
    let list = expected.get("Tags").and_then(Value::as_array);
    let known: Tags = list.into_iter().flatten().filter_map(pair).collect();
    if known != *tags {
        let tag = |(key, value): (&String, &String)| json!({ "Key": key, "Value": value });
        actual.insert("Tags".to_owned(), tags.iter().map(tag).collect());
    }
    let word = match active {
        Some(true) => "ACTIVE",
        Some(false) => "INACTIVE",
        None => return actual,
    };
    for name in ["UriPathRoute", "DefaultRoute"] {
        let state = actual.get_mut(name).and_then(|nested| nested.get_mut("ActivationState"));
        if let Some(state) = state {
            *state = word.into();
        }
    }
    actual
}

/// The activation state that the properties of a route ask for, as it is written there.
fn activation(properties: &Properties) -> Option<&Value> {
    let nested = properties.get("UriPathRoute").or_else(|| properties.get("DefaultRoute"))?;
    nested.get("ActivationState")
}

fn new_route(members: &Map<String, Value>) -> Result<NewRoute, Failure> {
    Ok(NewRoute::read(members)?)
}

/// The id of a parent that the properties name.
fn parent(members: &Map<String, Value>, kind: ResourceType) -> Result<String, Failure> {
    let name = match kind {
        ResourceType::Environment => "EnvironmentIdentifier",
        ResourceType::Application => "ApplicationIdentifier",
        ResourceType::Service => "ServiceIdentifier",
        ResourceType::Route => "RouteIdentifier",
    };
    let mut given = Members::new(members);
    let id = given.text(name, |text| rules::id(kind, text));
    let id = given.required(name, id);
    Ok(given.finish(|| id)?)
}

fn place(step: &ProviderCall, members: &Map<String, Value>) -> Result<ApplicationPath, Failure> {
    Ok(ApplicationPath {
        region: step.region.clone(),
        environment: parent(members, ResourceType::Environment)?,
        application: parent(members, ResourceType::Application)?,
    })
}

/// A physical id, taken apart: the last part is the resource's own id.
struct Path {
    place: ApplicationPath,
    id: String,
}

impl Path {
    fn parse(region: &str, physical_id: &str) -> Result<Self, Failure> {
        let parts: Vec<_> = physical_id.split('|').collect();
        let part = |number: usize| parts.get(number).copied().unwrap_or_default().to_owned();
        let Some(id) = parts.last().filter(|id| !id.is_empty()) else {
            return Err(Failure { reason: "the physical id is empty".into() });
        };
        let region = region.to_owned();
        let place = ApplicationPath { region, environment: part(0), application: part(1) };
        Ok(Self { place, id: (*id).to_owned() })
    }
}

/// What a template sees of a resource.
trait Made {
    /// The ids that lead to it, its own last.
    fn path(&self) -> Vec<&str>;
    /// What `Fn::GetAtt` gives.
    fn attributes(&self) -> Attributes;
}

fn created(made: &impl Made) -> Created {
    Created { physical_id: made.path().join("|"), attributes: made.attributes() }
}

fn attributes(given: &[(&str, &str)]) -> Attributes {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Made for Environment {
    fn path(&self) -> Vec<&str> {
        vec![&self.id]
    }

    fn attributes(&self) -> Attributes {
        let mut found = attributes(&[("EnvironmentIdentifier", &self.id), ("Arn", &self.arn)]);
        let gateway = self.details.transit_gateway.iter();
        found.extend(gateway.map(|id| ("TransitGatewayId".to_owned(), id.clone())));
        found
    }
}

impl Made for Application {
    fn path(&self) -> Vec<&str> {
        vec![&self.details.environment, &self.id]
    }

    fn attributes(&self) -> Attributes {
        let details = &self.details;
        attributes(&[
            ("ApplicationIdentifier", &self.id),
            ("Arn", &self.arn),
            ("ProxyUrl", &details.proxy_url()),
            ("StageName", &details.stage),
            ("ApiGatewayId", &details.gateway.api_gateway_id),
            ("VpcLinkId", &details.gateway.vpc_link_id),
            ("NlbArn", &details.gateway.nlb_arn),
            ("NlbName", &details.gateway.nlb_name),
        ])
    }
}

impl Made for Service {
    fn path(&self) -> Vec<&str> {
        vec![&self.details.environment, &self.details.application, &self.id]
    }

    fn attributes(&self) -> Attributes {
        attributes(&[("ServiceIdentifier", &self.id), ("Arn", &self.arn)])
    }
}

impl Made for Route {
    fn path(&self) -> Vec<&str> {
        vec![&self.details.environment, &self.details.application, &self.id]
    }

    fn attributes(&self) -> Attributes {
        let resources = Value::Object(self.details.path_resources(&self.id)).to_string();
        attributes(&[
            ("RouteIdentifier", &self.id),
            ("Arn", &self.arn),
            ("PathResourceToId", &resources),
        ])
    }
}

#[cfg(test)]
mod tests;
