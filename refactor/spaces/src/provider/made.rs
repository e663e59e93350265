//! What a template sees of a resource: its physical id and its attributes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ApplicationPath;
use crate::resource::{Application, Environment, Route, Service};
use cloudformation::provider::{CreatedResource, StepFailure};

/// What `Fn::GetAtt` gives.
pub(super) type Attributes = BTreeMap<String, String>;

/// A physical id, taken apart: the last part is the resource's own id.
pub(super) struct PhysicalId {
    pub(super) place: ApplicationPath,
    pub(super) id: String,
}

impl PhysicalId {
    pub(super) fn parse(region: &str, physical_id: &str) -> Result<Self, StepFailure> {
        let parts: Vec<_> = physical_id.split('|').collect();
        let part = |number: usize| parts.get(number).copied().unwrap_or_default().to_owned();
        let Some(id) = parts.last().filter(|id| !id.is_empty()) else {
            return Err(StepFailure { reason: "the physical id is empty".into() });
        };
        let region = region.to_owned();
        let place = ApplicationPath { region, environment: part(0), application: part(1) };
        Ok(Self { place, id: (*id).to_owned() })
    }
}

/// What a template sees of a resource.
pub(super) trait TemplateResource {
    /// The ids that lead to it, its own last.
    fn path(&self) -> Vec<&str>;
    /// What `Fn::GetAtt` gives.
    fn attributes(&self) -> Attributes;
}

pub(super) fn created(made: &impl TemplateResource) -> CreatedResource {
    CreatedResource { physical_id: made.path().join("|"), attributes: made.attributes() }
}

fn attributes(given: &[(&str, &str)]) -> Attributes {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl TemplateResource for Environment {
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

impl TemplateResource for Application {
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

impl TemplateResource for Service {
    fn path(&self) -> Vec<&str> {
        vec![&self.details.environment, &self.details.application, &self.id]
    }

    fn attributes(&self) -> Attributes {
        attributes(&[("ServiceIdentifier", &self.id), ("Arn", &self.arn)])
    }
}

impl TemplateResource for Route {
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
