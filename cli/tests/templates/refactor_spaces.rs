//! The schemas of the `AWS::RefactorSpaces` types, and what of them only the service itself would say.

use serde_json::Value;

use crate::rules::Rule;
use crate::stack::{Resource, Stack};

/// What a property takes.
enum Shape {
    One(Rule),
    Map(&'static [Property]),
}

/// A property: its name, whether it may not be left out, and what it takes. `Tags` and the lists of methods are not
/// used by our templates and therefore unknown here.
type Property = (&'static str, bool, Shape);

const REQUIRED: bool = true;
const OPTIONAL: bool = false;
const STATE: Shape = Shape::One(Rule::OneOf(&["ACTIVE", "INACTIVE"]));
const ENVIRONMENT: Shape = Shape::One(Rule::Id("env-"));
const APPLICATION: Shape = Shape::One(Rule::Id("app-"));

/// The API needs a name and a fabric; the schema does not say so.
const ENVIRONMENTS: &[Property] = &[
    ("Name", REQUIRED, Shape::One(Rule::Name("env-"))),
    ("NetworkFabricType", REQUIRED, Shape::One(Rule::OneOf(&["NONE", "TRANSIT_GATEWAY"]))),
    ("Description", OPTIONAL, Shape::One(Rule::Description)),
];
const APPLICATIONS: &[Property] = &[
    ("Name", REQUIRED, Shape::One(Rule::Name("app-"))),
    ("EnvironmentIdentifier", REQUIRED, ENVIRONMENT),
    ("VpcId", REQUIRED, Shape::One(Rule::Vpc)),
    ("ProxyType", REQUIRED, Shape::One(Rule::OneOf(&["API_GATEWAY"]))),
    (
        "ApiGatewayProxy",
        OPTIONAL,
        Shape::Map(&[
            ("EndpointType", OPTIONAL, Shape::One(Rule::OneOf(&["REGIONAL", "PRIVATE"]))),
            ("StageName", OPTIONAL, Shape::One(Rule::Stage)),
        ]),
    ),
];
const SERVICES: &[Property] = &[
    ("Name", REQUIRED, Shape::One(Rule::Name("svc-"))),
    ("EnvironmentIdentifier", REQUIRED, ENVIRONMENT),
    ("ApplicationIdentifier", REQUIRED, APPLICATION),
    ("EndpointType", REQUIRED, Shape::One(Rule::OneOf(&["URL"]))),
    ("VpcId", OPTIONAL, Shape::One(Rule::Vpc)),
    ("Description", OPTIONAL, Shape::One(Rule::Description)),
    (
        "UrlEndpoint",
        REQUIRED,
        Shape::Map(&[
            ("Url", REQUIRED, Shape::One(Rule::Url)),
            ("HealthUrl", OPTIONAL, Shape::One(Rule::Url)),
        ]),
    ),
];
const ROUTES: &[Property] = &[
    ("EnvironmentIdentifier", REQUIRED, ENVIRONMENT),
    ("ApplicationIdentifier", REQUIRED, APPLICATION),
    ("ServiceIdentifier", REQUIRED, Shape::One(Rule::Id("svc-"))),
    ("RouteType", REQUIRED, Shape::One(Rule::OneOf(&["DEFAULT", "URI_PATH"]))),
    ("DefaultRoute", OPTIONAL, Shape::Map(&[("ActivationState", REQUIRED, STATE)])),
    (
        "UriPathRoute",
        OPTIONAL,
        Shape::Map(&[
            ("ActivationState", REQUIRED, STATE),
            ("SourcePath", REQUIRED, Shape::One(Rule::SourcePath)),
            ("IncludeChildPaths", OPTIONAL, Shape::One(Rule::Flag)),
            ("AppendSourcePath", OPTIONAL, Shape::One(Rule::Flag)),
        ]),
    ),
];

/// Everything about the Refactor Spaces resources of a stack that would be refused, a line each.
pub(crate) fn faults(stack: &Stack) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, resource) in &stack.resources {
        let Some(kind) = resource.kind.strip_prefix("AWS::RefactorSpaces::") else { continue };
        let properties = match kind {
            "Environment" => ENVIRONMENTS,
            "Application" => APPLICATIONS,
            "Service" => SERVICES,
            "Route" => ROUTES,
            _ => panic!("{id}: there is no type {}", resource.kind),
        };
        check(properties, &resource.properties, id, &mut faults);
        if kind == "Route" {
            route(id, resource, &mut faults);
        }
    }
    faults
}

fn check(schema: &[Property], values: &Value, path: &str, faults: &mut Vec<String>) {
    let values = values.as_object().expect("a map");
    for (name, value) in values {
        let path = format!("{path}.{name}");
        match schema.iter().find(|(known, ..)| known == name) {
            None => faults.push(format!("{path} is unknown")),
            Some((_, _, Shape::Map(members))) => check(members, value, &path, faults),
            Some((_, _, Shape::One(rule))) if !rule.allows(value) => {
                faults.push(format!("{path} = {value} breaks {rule:?}"));
            }
            Some(_) => {}
        }
    }
    let missing =
        schema.iter().filter(|(name, required, _)| *required && !values.contains_key(*name));
    faults.extend(missing.map(|(name, ..)| format!("{path}.{name} is missing")));
}

/// The member for the type of the route, and no other.
fn route(id: &str, resource: &Resource, faults: &mut Vec<String>) {
    let has = |name| resource.properties.get(name).is_some();
    let by_path = resource.properties["RouteType"] == "URI_PATH";
    if by_path != has("UriPathRoute") || (by_path && has("DefaultRoute")) {
        faults.push(format!("{id}: RouteType and the members of the route differ"));
    }
}
