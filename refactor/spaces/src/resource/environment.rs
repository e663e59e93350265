//! Environments: what applications belong to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Details, MemberView, Resource, ResourceType, Tags};
use crate::error::ApiError;
use crate::members::Members;
use crate::rules;
use proxy::TagPlace;

/// An environment.
pub type Environment = Resource<EnvironmentDetails>;

/// How the networks of an environment would be joined on AWS. Here no network is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Fabric {
    TransitGateway,
    None,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentDetails {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) fabric: Fabric,
    /// The id of a transit gateway, if the fabric needs one. No gateway is made.
    pub(crate) transit_gateway: Option<String>,
}

/// What an environment is to be.
#[derive(Clone, Debug, Serialize)]
pub struct NewEnvironment {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) fabric: Fabric,
    pub(crate) tags: Tags,
}

impl NewEnvironment {
    /// Reads the body of CreateEnvironment.
    ///
    /// # Errors
    /// 400 with each member that breaks its rule.
    pub fn read(mut members: Members<'_>) -> Result<Self, ApiError> {
        let name = members.text("Name", |text| rules::name(ResourceType::Environment, text));
        let name = members.required("Name", name);
        let choices = [("TRANSIT_GATEWAY", Fabric::TransitGateway), ("NONE", Fabric::None)];
        let fabric = members.one_of("NetworkFabricType", &choices);
        let fabric = members.required("NetworkFabricType", fabric);
        let description = members.text("Description", rules::description);
        let tags = members.tags_of(TagPlace::Environment);
        members.finish(|| Some(Self { name: name?, description, fabric: fabric?, tags }))
    }

    pub(crate) fn details(&self) -> EnvironmentDetails {
        let gateway = || format!("tgw-{:017x}", fastrand::u64(..));
        EnvironmentDetails {
            name: self.name.clone(),
            description: self.description.clone(),
            fabric: self.fabric,
            transit_gateway: (self.fabric == Fabric::TransitGateway).then(gateway),
        }
    }
}

impl Details for EnvironmentDetails {
    const KIND: ResourceType = ResourceType::Environment;

    fn parents(&self) -> Vec<&str> {
        Vec::new()
    }

    fn view(&self, view: &mut MemberView<'_>) {
        view.set("Name", self.name.clone());
        view.set_some("Description", self.description.clone());
        let fabric = match self.fabric {
            Fabric::TransitGateway => "TRANSIT_GATEWAY",
            Fabric::None => "NONE",
        };
        view.set("NetworkFabricType", fabric);
        view.set_some("TransitGatewayId", self.transit_gateway.clone());
    }
}

impl Environment {
    /// The answer to CreateEnvironment.
    pub fn created(&self) -> Value {
        let mut answer = self.summary();
        if let Some(members) = answer.as_object_mut() {
            members.remove("TransitGatewayId");
        }
        answer
    }
}
