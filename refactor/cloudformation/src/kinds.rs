//! The resource types: what each takes, what it gives, and what a change of each property costs.

mod network;
mod schema;
mod spaces;

pub(crate) use network::Placeholder;
pub(crate) use schema::{Property, Update};

use super::provider::{Properties, ResourceKind};

/// A resource type.
#[derive(Debug)]
pub(crate) struct Type {
    /// `AWS::RefactorSpaces::Route` and the like.
    pub(crate) name: &'static str,
    pub(crate) maker: Maker,
    pub(crate) properties: &'static [Property],
    /// What `Fn::GetAtt` may ask for.
    pub(crate) attributes: &'static [&'static str],
}

/// The maker of the resources of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// The refactor spaces.
    Spaces(ResourceKind),
    /// None: the engine only gives out an id, so that templates with a network of their own run unchanged.
    Nobody(Placeholder),
}

impl Type {
    /// The type of that name.
    ///
    /// # Errors
    /// A sentence that lists what there is.
    pub(crate) fn find(name: &str, logical_id: &str) -> Result<&'static Self, String> {
        Self::of(name).ok_or_else(|| {
            format!(
                "Template format error: Unrecognized resource types: [{name}]: the resource {logical_id} cannot be made here. Supported are {}",
                Self::names().join(", ")
            )
        })
    }

    /// The type of that name, if there is one.
    pub(crate) fn of(name: &str) -> Option<&'static Self> {
        all().find(|kind| kind.name == name)
    }

    /// The names of all types.
    pub(crate) fn names() -> Vec<&'static str> {
        all().map(|kind| kind.name).collect()
    }

    /// Gives each value the type of the schema: templates write `8080` and `"8080"` for the same.
    ///
    /// # Errors
    /// All properties that are unknown, missing or of another type, with their paths below `Properties`.
    pub(crate) fn check(&self, properties: &Properties) -> Result<Properties, String> {
        schema::check(self.properties, properties, "")
    }

    /// The top-level properties that differ, and whether the change needs a new resource.
    pub(crate) fn differences(&self, old: &Properties, new: &Properties) -> Vec<Difference> {
        schema::differences(self.properties, old, new)
    }
}

/// A property that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Name of the top-level property.
    pub(crate) property: &'static str,
    pub(crate) update: Update,
}

fn all() -> impl Iterator<Item = &'static Type> {
    spaces::TYPES.iter().chain(network::TYPES)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(name: &str) -> &'static Type {
        Type::find(name, "X").unwrap()
    }

    fn map(value: serde_json::Value) -> Properties {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_a_change_costs() {
        let route = |path: &str, state: &str, tag: &str| {
            map(json!({ "ServiceIdentifier": "svc-1", "Tags": [{ "Key": "a", "Value": tag }],
                        "UriPathRoute": { "SourcePath": path, "ActivationState": state } }))
        };
        let kind = kind("AWS::RefactorSpaces::Route");
        let cost = |old: Properties, new: Properties| -> Vec<(&str, Update)> {
            kind.differences(&old, &new)
                .into_iter()
                .map(|found| (found.property, found.update))
                .collect()
        };
        let old = || route("/a", "ACTIVE", "1");
        assert_eq!(cost(old(), old()), []);
        assert_eq!(cost(old(), route("/a", "INACTIVE", "1")), [("UriPathRoute", Update::InPlace)]);
        assert_eq!(cost(old(), route("/a", "ACTIVE", "2")), [("Tags", Update::InPlace)]);
        assert_eq!(cost(old(), route("/b", "INACTIVE", "1")), [("UriPathRoute", Update::Replaces)]);
        let default = |properties: serde_json::Value| map(properties);
        let active = json!({ "DefaultRoute": { "ActivationState": "ACTIVE" } });
        assert_eq!(cost(default(json!({})), default(active)), [("DefaultRoute", Update::InPlace)]);
    }

    #[test]
    fn values_get_the_type_of_the_schema() {
        let service = kind("AWS::RefactorSpaces::Service");
        let properties = map(
            json!({ "EnvironmentIdentifier": "env-1", "ApplicationIdentifier": "app-1", "Name": 7,
            "EndpointType": "URL", "UrlEndpoint": { "Url": "http://a" } }),
        );
        assert_eq!(service.check(&properties).unwrap()["Name"], "7");
        let wrong = [
            (
                json!({ "Names": "a" }),
                "Encountered unsupported property Names; supported are EnvironmentIdentifier",
            ),
            (
                json!({ "UrlEndpoint": { "Uri": "a" } }),
                "Encountered unsupported property UrlEndpoint/Uri",
            ),
            (json!({ "UrlEndpoint": {} }), "Property UrlEndpoint/Url cannot be empty"),
            (
                json!({ "UrlEndpoint": "http://a" }),
                "Value of property UrlEndpoint must be an object",
            ),
            (json!({ "Tags": { "a": "b" } }), "Value of property Tags must be of type List of Tag"),
            (json!({ "Tags": [{ "Key": "a" }] }), "Property Tags/0/Value cannot be empty"),
            (
                json!({ "Tags": [{ "Key": "7", "Value": "" }, { "Key": 7, "Value": "" }] }),
                "Value of property Tags must be a list with each Key once; \"7\" is there twice",
            ),
            (json!({ "ApplicationIdentifier": "env-1|app-2" }), "use the part app-2"),
            (json!({ "ApplicationIdentifier": "a|b" }), "must be one id that begins with app-"),
        ];
        for (change, expected) in wrong {
            let mut properties = properties.clone();
            properties.extend(map(change));
            let said = service.check(&properties).unwrap_err();
            assert!(said.contains(expected), "{said}");
        }
        let route = kind("AWS::RefactorSpaces::Route");
        let flag = |value| {
            route.check(&map(json!({ "EnvironmentIdentifier": "e", "ApplicationIdentifier": "a", "ServiceIdentifier": "s",
                "RouteType": "URI_PATH", "UriPathRoute": { "ActivationState": "ACTIVE", "IncludeChildPaths": value } })))
        };
        assert_eq!(flag(json!("true")).unwrap()["UriPathRoute"]["IncludeChildPaths"], true);
        assert!(
            flag(json!("yes"))
                .unwrap_err()
                .contains("UriPathRoute/IncludeChildPaths must be of type Boolean")
        );
    }

    #[test]
    fn a_placeholder_has_an_id_that_stays_and_passes_for_one_of_aws() {
        let vpc = Placeholder::Vpc.make("token", &map(json!({ "CidrBlock": "10.0.0.0/16" })));
        assert_eq!(
            vpc,
            Placeholder::Vpc.make("token", &map(json!({ "CidrBlock": "10.0.0.0/16" })))
        );
        assert_ne!(vpc.physical_id, Placeholder::Vpc.make("other", &Properties::new()).physical_id);
        let digits = vpc.physical_id.strip_prefix("vpc-").unwrap();
        assert!(digits.len() == 17 && digits.chars().all(|c| c.is_ascii_hexdigit()), "{digits}");
        assert_eq!(vpc.attributes["VpcId"], vpc.physical_id);
        let route = Placeholder::Route.make(
            "t",
            &map(json!({ "RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0" })),
        );
        assert_eq!(route.physical_id, "rtb-1|0.0.0.0/0");
        for kind in all() {
            if let Maker::Nobody(placeholder) = kind.maker {
                let made = placeholder.make("t", &Properties::new());
                let given: Vec<&str> = made.attributes.keys().map(String::as_str).collect();
                assert!(
                    kind.attributes.iter().all(|name| given.contains(name)),
                    "{}: {given:?}",
                    kind.name
                );
            }
        }
    }
}
