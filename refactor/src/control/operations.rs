//! The operations of the Refactor Spaces API (2021-10-26), as the contract lists them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use spaces::arn::Arn;
use spaces::resource::{
    NewApplication, NewEnvironment, NewRoute, NewService, ResourceType, read_update,
};
use spaces::{
    ApiError, ApplicationPath, HealthCheck, Members, PageRequest, RequestContext, ResourcePage,
    Spaces, rules,
};

/// An operation.
pub(super) struct ApiOperation {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    /// Segments in braces are parameters; `run` finds them in their order.
    pub(super) path: &'static str,
    pub(super) takes: Takes,
    pub(super) run: fn(&Spaces, &Call) -> Result<Value, ApiError>,
}

/// What an operation takes beside its path. No operation takes both.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// Members of a JSON object.
    Body(&'static [&'static str]),
    /// Parameters of the query.
    Query(&'static [&'static str]),
}

use Takes::{Body, Query};

const NOTHING: Takes = Query(&[]);
const PAGE: Takes = Query(&["maxResults", "nextToken"]);
/// The parameter of the query that is a list: it may come more than once.
pub(super) const LIST: &str = "tagKeys";

/// What an operation is called with.
pub(super) struct Call {
    pub(super) region: String,
    pub(super) parameters: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Map<String, Value>,
}

/// How long the answer to CreateRoute and UpdateRoute waits for the health check.
const SETTLE_TIME: Duration = Duration::from_secs(2);

macro_rules! paths {
    (E $($rest:literal)?) => { concat!("/environments/{EnvironmentIdentifier}", $($rest)?) };
    (A $($rest:literal)?) => {
        concat!("/environments/{EnvironmentIdentifier}/applications/{ApplicationIdentifier}", $($rest)?)
    };
}

#[rustfmt::skip]
pub(super) const OPERATIONS: &[ApiOperation] = &[
    ApiOperation { name: "CreateEnvironment", method: "POST", path: "/environments", takes: Body(&["Name", "NetworkFabricType", "Description", "Tags", "ClientToken"]), run: create_environment },
    ApiOperation { name: "GetEnvironment", method: "GET", path: paths!(E), takes: NOTHING, run: get_environment },
    ApiOperation { name: "ListEnvironments", method: "GET", path: "/environments", takes: PAGE, run: list_environments },
    ApiOperation { name: "DeleteEnvironment", method: "DELETE", path: paths!(E), takes: NOTHING, run: delete_environment },
    ApiOperation { name: "ListEnvironmentVpcs", method: "GET", path: paths!(E "/vpcs"), takes: PAGE, run: list_environment_vpcs },
    ApiOperation { name: "CreateApplication", method: "POST", path: paths!(E "/applications"), takes: Body(&["Name", "ProxyType", "VpcId", "ApiGatewayProxy", "Tags", "ClientToken"]), run: create_application },
    ApiOperation { name: "GetApplication", method: "GET", path: paths!(A), takes: NOTHING, run: get_application },
    ApiOperation { name: "ListApplications", method: "GET", path: paths!(E "/applications"), takes: PAGE, run: list_applications },
    ApiOperation { name: "DeleteApplication", method: "DELETE", path: paths!(A), takes: NOTHING, run: delete_application },
    ApiOperation { name: "CreateService", method: "POST", path: paths!(A "/services"), takes: Body(&["Name", "EndpointType", "UrlEndpoint", "LambdaEndpoint", "VpcId", "Description", "Tags", "ClientToken"]), run: create_service },
    ApiOperation { name: "GetService", method: "GET", path: paths!(A "/services/{ServiceIdentifier}"), takes: NOTHING, run: get_service },
    ApiOperation { name: "ListServices", method: "GET", path: paths!(A "/services"), takes: PAGE, run: list_services },
    ApiOperation { name: "DeleteService", method: "DELETE", path: paths!(A "/services/{ServiceIdentifier}"), takes: NOTHING, run: delete_service },
    ApiOperation { name: "CreateRoute", method: "POST", path: paths!(A "/routes"), takes: Body(&["RouteType", "ServiceIdentifier", "DefaultRoute", "UriPathRoute", "Tags", "ClientToken"]), run: create_route },
    ApiOperation { name: "GetRoute", method: "GET", path: paths!(A "/routes/{RouteIdentifier}"), takes: NOTHING, run: get_route },
    ApiOperation { name: "ListRoutes", method: "GET", path: paths!(A "/routes"), takes: PAGE, run: list_routes },
    ApiOperation { name: "UpdateRoute", method: "PATCH", path: paths!(A "/routes/{RouteIdentifier}"), takes: Body(&["ActivationState"]), run: update_route },
    ApiOperation { name: "DeleteRoute", method: "DELETE", path: paths!(A "/routes/{RouteIdentifier}"), takes: NOTHING, run: delete_route },
    ApiOperation { name: "TagResource", method: "POST", path: "/tags/{ResourceArn}", takes: Body(&["Tags"]), run: tag_resource },
    ApiOperation { name: "UntagResource", method: "DELETE", path: "/tags/{ResourceArn}", takes: Query(&[LIST]), run: untag_resource },
    ApiOperation { name: "ListTagsForResource", method: "GET", path: "/tags/{ResourceArn}", takes: NOTHING, run: list_tags_for_resource },
    ApiOperation { name: "PutResourcePolicy", method: "PUT", path: "/resourcepolicy", takes: Body(&["ResourceArn", "Policy"]), run: put_resource_policy },
    ApiOperation { name: "GetResourcePolicy", method: "GET", path: "/resourcepolicy/{Identifier}", takes: NOTHING, run: get_resource_policy },
    ApiOperation { name: "DeleteResourcePolicy", method: "DELETE", path: "/resourcepolicy/{Identifier}", takes: NOTHING, run: delete_resource_policy },
];

impl Call {
    /// A path parameter that is an id.
    fn id(&self, number: usize, kind: ResourceType) -> Result<&str, ApiError> {
        let id = self.parameters.get(number).map_or("", String::as_str);
        let member = match kind {
            ResourceType::Environment => "EnvironmentIdentifier",
            ResourceType::Application => "ApplicationIdentifier",
            ResourceType::Service => "ServiceIdentifier",
            ResourceType::Route => "RouteIdentifier",
        };
        let refused = |broken| ApiError::Validation(format!("{member} {broken}"));
        rules::id(kind, id).map(|()| id).map_err(refused)
    }

    fn environment(&self) -> Result<&str, ApiError> {
        self.id(0, ResourceType::Environment)
    }

    fn application(&self) -> Result<&str, ApiError> {
        self.id(1, ResourceType::Application)
    }

    fn place(&self) -> Result<ApplicationPath, ApiError> {
        Ok(ApplicationPath {
            region: self.region.clone(),
            environment: self.environment()?.to_owned(),
            application: self.application()?.to_owned(),
        })
    }

    /// The caller, with its ClientToken.
    fn request(&self) -> Result<RequestContext, ApiError> {
        let mut members = Members::new(&self.body);
        let token = members.text("ClientToken", rules::client_token);
        let region = self.region.clone();
        members.finish(|| Some(RequestContext { region, token, lasting: false }))
    }

    fn page(&self) -> Result<PageRequest, ApiError> {
        PageRequest::read(&self.query)
    }

    /// The path parameter that is an ARN.
    fn arn(&self, member: &str) -> Result<Arn<'_>, ApiError> {
        self.named(member, self.parameters.first().map_or("", String::as_str))
    }

    /// An ARN of the caller's region.
    fn named<'a>(&self, member: &str, text: &'a str) -> Result<Arn<'a>, ApiError> {
        let refused = |broken| ApiError::Validation(format!("{member} {broken}"));
        let arn = rules::resource_arn(text).map_err(refused)?;
        if arn.region == self.region {
            return Ok(arn);
        }
        let message = format!(
            "there is no {} {} in the region {}, for which the request is signed: its ARN is of {}",
            arn.kind.noun(),
            arn.id,
            self.region,
            arn.region
        );
        Err(ApiError::not_found(arn.kind, arn.id, message))
    }
}

/// The answer of a List operation.
fn listed(member: &str, page: ResourcePage) -> Value {
    let mut answer = json!({ member: page.items });
    if let Some(next) = page.next {
        answer["NextToken"] = next.into();
    }
    answer
}

fn create_environment(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let new = NewEnvironment::read(Members::new(&call.body))?;
    Ok(spaces.create_environment(&call.request()?, &new)?.created())
}

fn get_environment(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    Ok(spaces.environment(&call.region, call.environment()?)?.summary())
}

fn list_environments(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    Ok(listed("EnvironmentSummaryList", spaces.environments(&call.region, &call.page()?)?))
}

fn delete_environment(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let deleted = spaces.delete_environment(&call.region, call.environment()?)?;
    Ok(deleted.deleted(&["Arn", "EnvironmentId", "Name"]))
}

fn list_environment_vpcs(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let page = spaces.vpcs(&call.region, call.environment()?, &call.page()?)?;
    Ok(listed("EnvironmentVpcList", page))
}

fn create_application(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let environment = call.environment()?;
    let new = NewApplication::read(Members::new(&call.body))?;
    Ok(spaces.create_application(&call.request()?, environment, &new)?.created())
}

fn get_application(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    Ok(spaces.application(&call.region, call.environment()?, call.application()?)?.summary())
}

fn list_applications(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let page = spaces.applications(&call.region, call.environment()?, &call.page()?)?;
    Ok(listed("ApplicationSummaryList", page))
}

fn delete_application(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let (environment, application) = (call.environment()?, call.application()?);
    let deleted = spaces.delete_application(&call.region, environment, application)?;
    Ok(deleted.deleted(&["ApplicationId", "Arn", "EnvironmentId", "Name"]))
}

fn create_service(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let place = call.place()?;
    let new = NewService::read(Members::new(&call.body))?;
    Ok(spaces.create_service(&call.request()?, &place, &new)?.summary())
}

fn get_service(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    Ok(spaces.service(&call.place()?, call.id(2, ResourceType::Service)?)?.summary())
}

fn list_services(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    Ok(listed("ServiceSummaryList", spaces.services(&call.place()?, &call.page()?)?))
}

fn delete_service(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let deleted = spaces.delete_service(&call.place()?, call.id(2, ResourceType::Service)?)?;
    Ok(deleted.deleted(&["ApplicationId", "Arn", "EnvironmentId", "Name", "ServiceId"]))
}

fn create_route(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let place = call.place()?;
    let new = NewRoute::read(Members::new(&call.body))?;
    let check = HealthCheck::Background(SETTLE_TIME);
    Ok(spaces.create_route(&call.request()?, &place, &new, check)?.created())
}

fn get_route(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    Ok(spaces.route(&call.place()?, call.id(2, ResourceType::Route)?)?.summary())
}

fn list_routes(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    Ok(listed("RouteSummaryList", spaces.routes(&call.place()?, &call.page()?)?))
}

fn update_route(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let (place, id) = (call.place()?, call.id(2, ResourceType::Route)?);
    let active = read_update(&call.body)?;
    let route = spaces.update_route(&place, id, active, HealthCheck::Background(SETTLE_TIME))?;
    let mut answer = route.brief_members();
    answer.insert("ApplicationId".into(), route.details.application.into());
    answer.insert("ServiceId".into(), route.details.service.into());
    Ok(answer.into())
}

fn delete_route(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let deleted = spaces.delete_route(&call.place()?, call.id(2, ResourceType::Route)?)?;
    Ok(deleted.deleted(&["ApplicationId", "Arn", "RouteId", "ServiceId"]))
}

fn tag_resource(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let mut members = Members::new(&call.body);
    let tags = members.tags();
    let tags = members.required("Tags", Some(tags));
    let tags = members.finish(|| tags)?;
    spaces.tag(call.arn("ResourceArn")?, tags)?;
    Ok(json!({}))
}

fn untag_resource(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let keys: Vec<_> = call.query.iter().map(|(_, key)| key.clone()).collect();
    if keys.is_empty() {
        return Err(ApiError::Validation(format!("{LIST} is required")));
    }
    for key in &keys {
        let refused =
            |broken| ApiError::Validation(format!("{LIST} has a key {key:?} that {broken}"));
        rules::tag_key(key).map_err(refused)?;
    }
    spaces.untag(call.arn("ResourceArn")?, &keys)?;
    Ok(json!({}))
}

fn list_tags_for_resource(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    Ok(json!({ "Tags": spaces.tags(call.arn("ResourceArn")?)? }))
}

fn put_resource_policy(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    let mut members = Members::new(&call.body);
    let arn = members.text("ResourceArn", |text| rules::resource_arn(text).map(drop));
    let arn = members.required("ResourceArn", arn);
    let policy = members.text("Policy", |_| Ok(()));
    let policy = members.required("Policy", policy);
    let (arn, policy) = members.finish(|| Some((arn?, policy?)))?;
    spaces.put_policy(call.named("ResourceArn", &arn)?, &policy)?;
    Ok(json!({}))
}

fn get_resource_policy(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    Ok(json!({ "Policy": spaces.policy(call.arn("Identifier")?)? }))
}

fn delete_resource_policy(spaces: &Spaces, call: &Call) -> Result<Value, ApiError> {
    spaces.delete_policy(call.arn("Identifier")?)?;
    Ok(json!({}))
}
