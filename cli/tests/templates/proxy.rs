//! `rs.yaml`: the network, the proxy, and the default route to the monolith.

use serde_json::Value;

use crate::refactor_spaces;
use crate::rules::Rule;
use crate::stack::{APPLICATION, ENVIRONMENT, PROXY_URL, Stack, service_id};
use crate::template::Template;

const MONOLITH: (&str, &str) = ("MonolithUrl", "http://monolith.example/api");

fn deploy(given: &[(&str, &str)]) -> Result<Stack, String> {
    Stack::of(&Template::read("rs.yaml"), given)
}

#[test]
fn every_name_leads_somewhere_and_is_used() {
    assert_eq!(Template::read("rs.yaml").faults(), [""; 0]);
}

#[test]
fn parameters_and_outputs_have_the_names_of_the_original() {
    let template = Template::read("rs.yaml");
    let parameters = [
        "ApplicationName",
        "DefaultServiceName",
        "EnvironmentName",
        "MonolithUrl",
        "NetworkFabricType",
        "ProxyEndpointType",
        "PublicSubnet1CIDR",
        "PublicSubnet2CIDR",
        "VpcCIDR",
        "VpcName",
    ];
    assert_eq!(template.names("Parameters"), parameters);
    assert_eq!(template.names("Outputs"), ["VPCId", "appId", "envId", "rsProxyURL", "rsServiceId"]);
    for section in ["Parameters", "Outputs"] {
        for (name, body) in template.section(section) {
            assert!(body["Description"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        }
    }
}

#[test]
fn only_the_url_of_the_monolith_has_to_be_given() {
    assert_eq!(deploy(&[]).err().unwrap(), "MonolithUrl must have a value");
    let stack = deploy(&[MONOLITH]).unwrap();
    assert_eq!(refactor_spaces::faults(&stack), [""; 0]);
    let expected = [
        ("VPCId", "vpc-0123456789abcdef0"),
        ("appId", APPLICATION),
        ("envId", ENVIRONMENT),
        ("rsProxyURL", PROXY_URL),
        ("rsServiceId", &service_id("RefactorSpacesDefaultService")),
    ];
    let outputs: Vec<_> = stack.outputs.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(outputs, expected);
    assert_eq!(
        stack.exports.iter().collect::<Vec<_>>(),
        [(&"VPCId".to_owned(), &"board:VPCId".to_owned())]
    );
}

#[test]
fn the_default_route_leads_everything_to_the_monolith_under_the_stage_api() {
    let stack = deploy(&[MONOLITH]).unwrap();
    let properties = |id: &str| &stack.resources[id].properties;
    assert_eq!(stack.of_type("AWS::RefactorSpaces::Route"), ["RefactorSpacesDefaultRoute"]);
    let route = properties("RefactorSpacesDefaultRoute");
    assert_eq!(route["RouteType"], "DEFAULT");
    assert_eq!(route["ServiceIdentifier"], service_id("RefactorSpacesDefaultService"));
    assert_eq!(properties("RefactorSpacesDefaultService")["UrlEndpoint"]["Url"], MONOLITH.1);
    let proxy = &properties("RefactorSpacesApplication")["ApiGatewayProxy"];
    assert_eq!((&proxy["StageName"], &proxy["EndpointType"]), (&"api".into(), &"REGIONAL".into()));
}

#[test]
fn what_is_given_reaches_the_resource_that_it_is_for() {
    let cases = [
        ("ApplicationName", "my board", "RefactorSpacesApplication", "/Name"),
        ("DefaultServiceName", "old", "RefactorSpacesDefaultService", "/Name"),
        ("EnvironmentName", "dev_1", "RefactorSpacesEnvironment", "/Name"),
        ("NetworkFabricType", "TRANSIT_GATEWAY", "RefactorSpacesEnvironment", "/NetworkFabricType"),
        (
            "ProxyEndpointType",
            "PRIVATE",
            "RefactorSpacesApplication",
            "/ApiGatewayProxy/EndpointType",
        ),
        ("PublicSubnet1CIDR", "10.1.1.0/24", "PublicSubnetOne", "/CidrBlock"),
        ("PublicSubnet2CIDR", "10.1.2.0/24", "PublicSubnetTwo", "/CidrBlock"),
        ("VpcCIDR", "10.1.0.0/16", "VPC", "/CidrBlock"),
        ("VpcName", "proxy", "VPC", "/Tags/0/Value"),
    ];
    for (parameter, value, resource, pointer) in cases {
        let stack = deploy(&[MONOLITH, (parameter, value)]).unwrap();
        let found = stack.resources[resource].properties.pointer(pointer);
        assert_eq!(found, Some(&Value::from(value)), "{parameter}");
        assert_eq!(refactor_spaces::faults(&stack), [""; 0], "{parameter}");
    }
}

#[test]
fn what_aws_would_refuse_late_is_refused_at_once() {
    for url in [
        "",
        "board.example/api",
        "http://board.example",
        "http://board.example/api/",
        "http:///api",
    ] {
        let error = deploy(&[("MonolithUrl", url)]).err().unwrap_or_else(|| panic!("{url}"));
        assert!(error.contains("without a slash at the end"), "{error}");
    }
    for cidr in ["10.0.0.0", "10.0.0.0/8", "10.0.0.0/29", "10.0.0/16"] {
        assert!(deploy(&[MONOLITH, ("VpcCIDR", cidr)]).is_err(), "{cidr}");
    }
    assert!(deploy(&[MONOLITH, ("ProxyEndpointType", "EDGE")]).is_err());
    assert!(deploy(&[MONOLITH, ("NetworkFabricType", "none")]).is_err());
}

#[test]
fn names_are_those_that_the_api_takes() {
    let longest = "x".repeat(63);
    let too_long = "x".repeat(64);
    for (parameter, prefix) in
        [("EnvironmentName", "env-"), ("ApplicationName", "app-"), ("DefaultServiceName", "svc-")]
    {
        let [first, second, third] = [1, 2, 3].map(|length| &prefix[..length]);
        let mut names =
            vec![longest.clone(), too_long.clone(), String::new(), "ab".into(), "a:b".into()];
        names.extend(
            ["board", "-board", "_board", " board", "b-d_1 x", "1st", "Env-1", "APP-1", "b/d"]
                .map(Into::into),
        );
        for start in [first, second, third, prefix] {
            for end in ["", "a", "z", "0", "-", "_", " ", "-x", "vx", "cx", "px", "nx", "s-x", "é"]
            {
                names.push(format!("{start}{end}"));
            }
        }
        for name in names {
            let allowed = Rule::Name(prefix).allows(&name.as_str().into());
            assert_eq!(
                deploy(&[MONOLITH, (parameter, &name)]).is_ok(),
                allowed,
                "{parameter}={name:?}"
            );
        }
    }
}

#[test]
fn nothing_is_made_before_what_it_stands_on() {
    let stack = deploy(&[MONOLITH]).unwrap();
    for (later, earlier) in [
        // Names lead here; these two orders only DependsOn says.
        ("PublicRoute", "GatewayAttachment"),
        ("RefactorSpacesApplication", "PublicSubnetOne"),
        ("RefactorSpacesApplication", "PublicSubnetTwo"),
        ("RefactorSpacesApplication", "VPC"),
        ("RefactorSpacesDefaultRoute", "RefactorSpacesEnvironment"),
        ("PublicSubnetTwoRouteTableAssociation", "PublicRouteTable"),
    ] {
        assert!(stack.is_after(later, earlier), "{later} after {earlier}");
    }
    assert!(
        !stack.is_after("RefactorSpacesEnvironment", "VPC"),
        "the environment waits for nothing"
    );
}

#[test]
fn the_subnets_stand_in_two_zones_and_lead_to_the_internet() {
    let stack = deploy(&[MONOLITH]).unwrap();
    let zone = |id: &str| stack.resources[id].properties["AvailabilityZone"].clone();
    assert_ne!(zone("PublicSubnetOne"), zone("PublicSubnetTwo"));
    for (association, subnet) in [
        ("PublicSubnetOneRouteTableAssociation", "PublicSubnetOne"),
        ("PublicSubnetTwoRouteTableAssociation", "PublicSubnetTwo"),
    ] {
        assert!(stack.is_after(association, subnet), "{association}");
    }
    let route = &stack.resources["PublicRoute"].properties;
    assert_eq!(route["DestinationCidrBlock"], "0.0.0.0/0");
    assert!(stack.is_after("PublicRoute", "InternetGateway"));
}
