//! Applications: each has a port of its own, where its routes take traffic.

use std::iter::repeat_with;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ACCOUNT, Details, MemberView, Resource, ResourceType, Tags};
use crate::error::ApiError;
use crate::members::Members;
use crate::rules;
use proxy::TagPlace;

/// An application.
pub type Application = Resource<ApplicationDetails>;

/// The clients that may reach an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EndpointType {
    /// All that reach the address on which the proxy listens.
    Regional,
    /// Those on this machine: it listens on loopback only.
    Private,
}

/// What only an application has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationDetails {
    /// The name.
    pub name: String,
    /// The id of the environment.
    pub environment: String,
    pub(crate) vpc_id: String,
    pub(crate) endpoint_type: EndpointType,
    pub(crate) stage: String,
    /// The address on which it listens, or should. Its port stays the same over restarts.
    pub(crate) address: SocketAddr,
    /// Whether it takes traffic by https.
    #[serde(default)]
    pub(crate) https: bool,
    /// With several processes: how far its port is behind the first one of each process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<u16>,
    pub(crate) gateway: Gateway,
}

/// The names that AWS would give to what it makes for an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    pub(crate) api_gateway_id: String,
    pub(crate) vpc_link_id: String,
    pub(crate) nlb_name: String,
    pub(crate) nlb_arn: String,
}

impl Gateway {
    pub(crate) fn new(region: &str, application: &str) -> Self {
        let id = || repeat_with(|| fastrand::char('a'..='z')).take(10).collect::<String>();
        let nlb_name = format!("refactor-{application}");
        let nlb_arn = format!(
            "arn:aws:elasticloadbalancing:{region}:{ACCOUNT}:loadbalancer/net/{nlb_name}/{:016x}",
            fastrand::u64(..)
        );
        Self { api_gateway_id: id(), vpc_link_id: id(), nlb_name, nlb_arn }
    }
}

/// What an application is to be.
#[derive(Clone, Debug, Serialize)]
pub struct NewApplication {
    pub(crate) name: String,
    pub(crate) vpc_id: String,
    pub(crate) endpoint_type: EndpointType,
    pub(crate) stage: String,
    pub(crate) tags: Tags,
}

impl NewApplication {
    /// The stage as the data plane has it: empty at the root.
    pub(crate) fn live_stage(&self) -> &str {
        live_stage(&self.stage)
    }

    /// Reads the body of CreateApplication.
    ///
    /// # Errors
    /// 400 with each member that breaks its rule.
    pub fn read(mut members: Members<'_>) -> Result<Self, ApiError> {
        let name = members.text("Name", |text| rules::name(ResourceType::Application, text));
        let name = members.required("Name", name);
        let proxy = members.one_of("ProxyType", &[("API_GATEWAY", ())]);
        let proxy = members.required("ProxyType", proxy);
        let vpc_id = members.text("VpcId", rules::vpc_id);
        let vpc_id = members.required("VpcId", vpc_id);
        let choices = [("REGIONAL", EndpointType::Regional), ("PRIVATE", EndpointType::Private)];
        let gateway = members.object("ApiGatewayProxy", "ApiGatewayProxy.", |gateway| {
            let endpoint_type = gateway.one_of("EndpointType", &choices);
            let stage = gateway.text("StageName", rules::stage_name);
            Some((endpoint_type, stage))
        });
        let (endpoint_type, stage) = gateway.unwrap_or_default();
        let tags = members.tags_of(TagPlace::Application);
        members.finish(|| {
            proxy?;
            Some(Self {
                name: name?,
                vpc_id: vpc_id?,
                endpoint_type: endpoint_type.unwrap_or(EndpointType::Regional),
                stage: stage.unwrap_or_else(|| "prod".into()),
                tags,
            })
        })
    }
}

impl Details for ApplicationDetails {
    const KIND: ResourceType = ResourceType::Application;

    fn parents(&self) -> Vec<&str> {
        vec![&self.environment]
    }

    fn view(&self, view: &mut MemberView<'_>) {
        view.set("Name", self.name.clone());
        view.set("EnvironmentId", self.environment.clone());
        view.set("VpcId", self.vpc_id.clone());
        view.set("ProxyType", "API_GATEWAY");
        view.set(
            "ApiGatewayProxy",
            json!({
                "EndpointType": self.endpoint_type,
                "StageName": self.stage,
                "ProxyUrl": self.proxy_url(),
                "ApiGatewayId": self.gateway.api_gateway_id,
                "VpcLinkId": self.gateway.vpc_link_id,
                "NlbName": self.gateway.nlb_name,
                "NlbArn": self.gateway.nlb_arn,
            }),
        );
    }
}

impl ApplicationDetails {
    /// The URL for its clients. If it listens on every address, the URL names loopback.
    pub(crate) fn proxy_url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(runtime::loopback_like(address.ip()));
        }
        let scheme = if self.https { "https" } else { "http" };
        match self.live_stage() {
            "" => format!("{scheme}://{address}"),
            stage => format!("{scheme}://{address}/{stage}"),
        }
    }

    /// The stage as the data plane has it: empty at the root.
    pub(crate) fn live_stage(&self) -> &str {
        live_stage(&self.stage)
    }
}

/// A stage as the data plane has it: empty at the root.
fn live_stage(stage: &str) -> &str {
    if stage == rules::ROOT_STAGE { "" } else { stage }
}

impl Application {
    /// The answer to CreateApplication: what was asked for, without what was made for it.
    pub fn created(&self) -> Value {
        let mut answer = self.summary();
        answer["ApiGatewayProxy"] = json!({
            "EndpointType": self.details.endpoint_type,
            "StageName": self.details.stage,
        });
        answer
    }
}
