//! The resource types: what each takes, what it gives, and what a change of each property costs.

mod network;
mod resource_type;
mod schema;
mod spaces;

pub(crate) use resource_type::{Maker, Type};

impl Type {
    /// The type of that name.
    ///
    /// # Errors
    /// A sentence that lists what there is.
    pub(crate) fn find(name: &str, logical_id: &str) -> Result<&'static Self, String> {
        Self::of(name).ok_or_else(|| unrecognized(&[(name, logical_id)]))
    }

    /// The type of that name, if there is one.
    pub(crate) fn of(name: &str) -> Option<&'static Self> {
        all().find(|kind| kind.name == name)
    }
}

/// Says that resources cannot be made here; each has the name of its type and its own.
pub(crate) fn unrecognized(resources: &[(&str, &str)]) -> String {
    let (kinds, names): (Vec<&str>, Vec<&str>) = resources.iter().copied().unzip();
    let supported: Vec<&str> = all().map(|kind| kind.name).collect();
    format!(
        "Template format error: Unrecognized resource types: [{}]: the resource{} {} cannot be made here. Supported are {}",
        kinds.join(", "),
        if names.len() == 1 { "" } else { "s" },
        names.join(", "),
        supported.join(", ")
    )
}

fn all() -> impl Iterator<Item = &'static Type> {
    spaces::TYPES.iter().chain(network::TYPES)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::Properties;

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
        let cost = |old: Properties, new: Properties| -> Vec<(String, bool)> {
            kind.differences(&old, &new)
                .into_iter()
                .map(|found| (found.property, found.replaces))
                .collect()
        };
        let in_place = |property: &str| (property.to_owned(), false);
        let replaces = |property: &str| (property.to_owned(), true);
        let old = || route("/a", "ACTIVE", "1");
        assert_eq!(cost(old(), old()), []);
        assert_eq!(cost(old(), route("/a", "INACTIVE", "1")), [in_place("UriPathRoute")]);
        assert_eq!(cost(old(), route("/a", "ACTIVE", "2")), [in_place("Tags")]);
        assert_eq!(cost(old(), route("/b", "INACTIVE", "1")), [replaces("UriPathRoute")]);
        let default = |properties: serde_json::Value| map(properties);
        let active = json!({ "DefaultRoute": { "ActivationState": "ACTIVE" } });
        assert_eq!(cost(default(json!({})), default(active)), [in_place("DefaultRoute")]);
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
        let make = |name: &str, token: &str, properties: serde_json::Value| {
            let kind = kind(name);
            let Maker::Placeholder(placeholder) = kind.maker else { panic!("{name} is made") };
            placeholder.make(kind, token, &map(properties))
        };
        let block = || json!({ "CidrBlock": "10.0.0.0/16" });
        let vpc = make("AWS::EC2::VPC", "token", block());
        assert_eq!(vpc, make("AWS::EC2::VPC", "token", block()));
        assert_ne!(vpc.physical_id, make("AWS::EC2::VPC", "other", json!({})).physical_id);
        let digits = vpc.physical_id.strip_prefix("vpc-").unwrap();
        assert!(digits.len() == 17 && digits.chars().all(|c| c.is_ascii_hexdigit()), "{digits}");
        assert_eq!(vpc.attributes["VpcId"], vpc.physical_id);
        assert_eq!(vpc.attributes["CidrBlock"], "10.0.0.0/16");
        let subnet = make("AWS::EC2::Subnet", "t", json!({ "VpcId": "vpc-1" }));
        assert_eq!(subnet.attributes["VpcId"], "vpc-1");
        assert_eq!(subnet.attributes["SubnetId"], subnet.physical_id);
        let to = json!({ "RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0" });
        let route = make("AWS::EC2::Route", "t", to);
        assert_eq!(route.physical_id, "rtb-1|0.0.0.0/0");
        assert_eq!(route.attributes["CidrBlock"], "0.0.0.0/0");
        let attachment = make("AWS::EC2::VPCGatewayAttachment", "t", json!({ "VpcId": "vpc-1" }));
        assert_eq!(attachment.physical_id, "IGW|vpc-1");
        assert_eq!(attachment.attributes["AttachmentType"], "IGW");
    }
}
