//! Services: where requests go.

use std::sync::OnceLock;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::{Details, MemberView, Resource, ResourceType, Tags};
use crate::error::ApiError;
use crate::members::Members;
use crate::rules::{self, BrokenRule};
use proxy::TagPlace;

/// A service.
pub type Service = Resource<ServiceDetails>;

/// What only a service has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDetails {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) environment: String,
    pub(crate) application: String,
    pub(crate) vpc_id: Option<String>,
    /// The URL that requests go to.
    pub url: String,
    pub(crate) health_url: Option<String>,
    /// `url`, read when it is first asked for: each change of a route asks for it.
    #[serde(skip)]
    pub(crate) upstream: OnceLock<Option<Url>>,
}

impl ServiceDetails {
    /// The URL that requests go to; `None` only if the state was edited by hand.
    pub(crate) fn upstream(&self) -> Option<&Url> {
        self.upstream.get_or_init(|| Url::parse(&self.url).ok()).as_ref()
    }
}

/// What a service is to be.
#[derive(Clone, Debug, Serialize)]
pub struct NewService {
    /// The name.
    pub name: String,
    /// A text for people.
    pub description: Option<String>,
    /// The id of a VPC; nothing is made of it.
    pub vpc_id: Option<String>,
    /// The URL that requests go to.
    pub url: String,
    /// What a health check asks; none: `url`.
    pub health_url: Option<String>,
    /// The tags.
    pub tags: Tags,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ServiceEndpoint {
    Url,
    Lambda,
}

impl NewService {
    /// Reads the body of CreateService.
    ///
    /// # Errors
    /// 400 with each member that breaks its rule.
    pub fn read(mut members: Members<'_>) -> Result<Self, ApiError> {
        let name = members.text("Name", |text| rules::name(ResourceType::Service, text));
        let name = members.required("Name", name);
        let description = members.text("Description", rules::description);
        let vpc_id = members.text("VpcId", rules::vpc_id);
        let choices = [("URL", ServiceEndpoint::Url), ("LAMBDA", ServiceEndpoint::Lambda)];
        let endpoint = members.one_of("EndpointType", &choices);
        let endpoint = members.required("EndpointType", endpoint);
        if endpoint == Some(ServiceEndpoint::Lambda) {
            members.wrong("EndpointType", "is LAMBDA: LAMBDA endpoints are not supported here");
        }
        if endpoint == Some(ServiceEndpoint::Url) && members.has("LambdaEndpoint") {
            members.wrong("LambdaEndpoint", "must be left out where EndpointType is URL");
        }
        let urls = members.object("UrlEndpoint", "UrlEndpoint.", |urls| {
            let url = urls.text("Url", forwarded_url);
            let url = urls.required("Url", url);
            Some((url, urls.text("HealthUrl", parsed_url)))
        });
        if endpoint == Some(ServiceEndpoint::Url) && !members.has("UrlEndpoint") {
            members.wrong("UrlEndpoint", "is required where EndpointType is URL");
        }
        let (url, health_url) = urls.unwrap_or_default();
        let tags = members.tags_of(TagPlace::Service);
        members.finish(|| {
            endpoint?;
            Some(Self { name: name?, description, vpc_id, url: url?, health_url, tags })
        })
    }
}

/// The pattern leaves room for what is no URL, such as `http://:/`.
fn parsed_url(text: &str) -> Result<(), BrokenRule> {
    rules::url(text)?;
    Url::parse(text).map(drop).map_err(|error| format!("is no URL: {error}"))
}

/// A URL below which clients' requests go. Behind a collection, the segment `-` leads to its operators' paths.
fn forwarded_url(text: &str) -> Result<(), BrokenRule> {
    parsed_url(text)?;
    let parsed = Url::parse(text).map_err(|error| format!("is no URL: {error}"))?;
    let mut segments = parsed.path_segments().into_iter().flatten();
    let hidden = segments.any(|segment| {
        let segment = percent_decode_str(segment).decode_utf8_lossy();
        segment.split(['/', '\\']).any(|part| part == "-")
    });
    let why =
        "has the segment -, below which services have the paths of their operators; leave it out";
    if hidden { Err(why.to_owned()) } else { Ok(()) }
}

impl Details for ServiceDetails {
    const KIND: ResourceType = ResourceType::Service;

    fn parents(&self) -> Vec<&str> {
        vec![&self.environment, &self.application]
    }

    fn view(&self, view: &mut MemberView<'_>) {
        view.set("Name", self.name.clone());
        view.set_some("Description", self.description.clone());
        view.set("EnvironmentId", self.environment.clone());
        view.set("ApplicationId", self.application.clone());
        view.set_some("VpcId", self.vpc_id.clone());
        view.set("EndpointType", "URL");
        let mut endpoint = json!({ "Url": self.url });
        if let Some(health_url) = &self.health_url {
            endpoint["HealthUrl"] = health_url.clone().into();
        }
        view.set("UrlEndpoint", endpoint);
    }
}
