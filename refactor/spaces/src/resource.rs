//! What all resources have in common: id, ARN, state, times, tags.

mod application;
mod canary;
mod environment;
mod protection;
mod route;
mod service;

pub use application::{Application, ApplicationDetails, EndpointType, Gateway, NewApplication};
pub use canary::{CanaryProgress, RolledBack};
pub use environment::{Environment, NewEnvironment};
pub use protection::Protection;
pub use route::{NewRoute, Route, RouteDetails, Source, read_update};
pub use service::{NewService, Service, ServiceDetails};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::arn::Arn;
pub use super::members::Tags;
pub use super::resource_type::{ACCOUNT, ResourceType};

/// The state of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResourceState {
    /// A route that is made ACTIVE, while its health check is under way.
    Creating,
    /// It does what it is for.
    Active,
    /// A route that takes no traffic because it was told so.
    Inactive,
    /// A route that becomes ACTIVE, while its health check is under way.
    Updating,
    /// A route that failed its health check, or an application whose port is taken.
    Failed,
}

impl ResourceState {
    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Updating => "UPDATING",
            Self::Failed => "FAILED",
        }
    }
}

/// Why a resource is FAILED: its `Error` member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResourceFault {
    pub(crate) code: FaultCode,
    pub(crate) message: String,
    /// The resource at fault.
    pub(crate) kind: ResourceType,
    pub(crate) id: String,
}

/// The error codes of the service model that occur here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum FaultCode {
    ResourceCreationFailure,
    ServiceEndpointHealthCheckFailure,
}

impl ResourceFault {
    /// The longest message that clients take, in characters.
    const MESSAGE: usize = 255;

    fn view(&self) -> Value {
        // The model allows printable ASCII only.
        let printable = |character: char| match character {
            ' '..='~' => character,
            _ => '?',
        };
        let message: String = self.message.chars().map(printable).take(Self::MESSAGE).collect();
        json!({
            "Code": self.code,
            "Message": message,
            "ResourceIdentifier": self.id,
            "ResourceType": self.kind.as_str(),
            "AccountId": ACCOUNT,
        })
    }
}

/// A resource: what all have, and what only its kind has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource<D> {
    /// Such as `env-0123456789`; the prefix names the kind.
    pub id: String,
    pub(crate) arn: String,
    /// The region that it was made in.
    pub region: String,
    /// Its state.
    pub state: ResourceState,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) tags: Tags,
    pub(crate) error: Option<ResourceFault>,
    /// What only its kind has.
    pub details: D,
}

/// The description of a service that was made, with its route, so that a collection can be followed.
pub const MADE_BY_FOLLOW: &str = "made by banyan follow";

/// What only one kind of resource has.
pub trait Details: Serialize + for<'a> Deserialize<'a> + Clone {
    /// The kind.
    const KIND: ResourceType;

    /// The ids that stand before the resource's own in its ARN: environment, application.
    fn parents(&self) -> Vec<&str>;
    /// The members of the API that hold what is here.
    fn view(&self, view: &mut MemberView<'_>);
}

impl<D: Details> Resource<D> {
    /// A new resource of that id, made now.
    pub(crate) fn new(
        id: String,
        region: &str,
        state: ResourceState,
        tags: Tags,
        details: D,
    ) -> Self {
        let arn = super::arn::format(region, &details.parents(), D::KIND, &id);
        let now = now_ms();
        Self {
            id,
            arn,
            region: region.to_owned(),
            state,
            created_ms: now,
            updated_ms: now,
            tags,
            error: None,
            details,
        }
    }

    /// Its ARN, taken apart.
    pub(crate) fn named(&self) -> Arn<'_> {
        Arn { text: &self.arn, region: &self.region, kind: D::KIND, id: &self.id }
    }

    /// Notes that it changes now: always later than it changed before, even within a millisecond or after the clock
    /// was set back.
    pub(crate) fn touch(&mut self) {
        self.updated_ms = now_ms().max(self.updated_ms.saturating_add(1));
    }

    /// What Get and List show.
    pub fn summary(&self) -> Value {
        let mut members = self.brief_members();
        members.insert("CreatedTime".into(), seconds(self.created_ms));
        members.insert("OwnerAccountId".into(), ACCOUNT.into());
        if D::KIND != ResourceType::Environment {
            members.insert("CreatedByAccountId".into(), ACCOUNT.into());
        }
        members.insert("Tags".into(), json!(self.tags));
        if let Some(error) = &self.error {
            members.insert("Error".into(), error.view());
        }
        self.details.view(&mut MemberView { members: &mut members, id: &self.id });
        Value::Object(members)
    }

    /// What all answers about a resource show.
    pub fn brief_members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("Arn".into(), self.arn.clone().into());
        members.insert(id_member(D::KIND).into(), self.id.clone().into());
        members.insert("LastUpdatedTime".into(), seconds(self.updated_ms));
        members.insert("State".into(), self.state.as_str().into());
        members
    }

    /// What the answer to a delete shows.
    pub fn deleted(&self, shown: &[&str]) -> Value {
        let Value::Object(summary) = self.summary() else { return Value::Null };
        let mut members: Map<_, _> =
            summary.into_iter().filter(|(name, _)| shown.contains(&name.as_str())).collect();
        members.insert("State".into(), "DELETING".into());
        members.insert("LastUpdatedTime".into(), seconds(now_ms()));
        Value::Object(members)
    }
}

/// The members of an answer while they are put together.
pub struct MemberView<'a> {
    members: &'a mut Map<String, Value>,
    /// The resource's own id.
    pub(crate) id: &'a str,
}

impl MemberView<'_> {
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.into(), value.into());
    }

    pub(crate) fn set_some<V: Into<Value>>(&mut self, name: &str, value: Option<V>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }
}

fn id_member(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::Environment => "EnvironmentId",
        ResourceType::Application => "ApplicationId",
        ResourceType::Service => "ServiceId",
        ResourceType::Route => "RouteId",
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A time as the API says it: a number of seconds with a fraction.
fn seconds(ms: i64) -> Value {
    // Exact up to 2^53 ms: 285,000 years.
    json!(ms as f64 / 1_000.0)
}
