//! `rs-service.yaml`: a service and a route for each collection whose URL is given.

use serde_json::json;

use crate::names;
use crate::refactor_spaces;
use crate::stack::{APPLICATION, ENVIRONMENT, Stack, service_id};
use crate::template::Template;

const IDS: [(&str, &str); 2] = [("EnvironmentId", ENVIRONMENT), ("ApplicationID", APPLICATION)];

/// The collections as the template names them, such as `Posts`, in its order.
fn collections() -> Vec<String> {
    let capital = |name: &str| format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let mut collections: Vec<_> = names::collections().map(capital).collect();
    collections.sort();
    collections
}

fn deploy(given: &[(&str, &str)]) -> Result<Stack, String> {
    Stack::of(&Template::read("rs-service.yaml"), &[&IDS, given].concat())
}

#[test]
fn every_name_leads_somewhere_and_is_used() {
    assert_eq!(Template::read("rs-service.yaml").faults(), [""; 0]);
}

#[test]
fn parameters_and_outputs_have_the_names_of_the_original() {
    let template = Template::read("rs-service.yaml");
    let collections = collections();
    let urls = collections.iter().map(|name| format!("{name}Url"));
    let mut parameters: Vec<_> = IDS.iter().map(|(id, _)| (*id).to_owned()).chain(urls).collect();
    parameters.sort();
    assert_eq!(template.names("Parameters"), parameters);
    let ids: Vec<_> = collections.iter().map(|name| format!("{name}ServiceId")).collect();
    assert_eq!(template.names("Outputs"), ids);
    for (collection, key) in collections.iter().zip(template.names("Outputs")) {
        let description = template.section("Outputs")[key]["Description"].as_str().unwrap();
        assert!(description.contains(&collection.to_lowercase()), "{key}: {description}");
    }
}

#[test]
fn each_combination_of_urls_makes_just_its_services_routes_and_outputs() {
    let collections = collections();
    for combination in 0..1 << collections.len() {
        let given: Vec<_> = collections
            .iter()
            .enumerate()
            .filter(|(bit, _)| combination >> bit & 1 == 1)
            .map(|(_, name)| name.as_str())
            .collect();
        let url = |name: &str| format!("http://{}.example:8080", name.to_lowercase());
        let urls: Vec<_> = given.iter().map(|name| (format!("{name}Url"), url(name))).collect();
        let urls: Vec<_> = urls.iter().map(|(name, url)| (&**name, &**url)).collect();
        let stack = deploy(&urls).unwrap();

        assert_eq!(refactor_spaces::faults(&stack), [""; 0], "{given:?}");
        let named =
            |end| given.iter().map(|name| format!("RefactorSpaces{name}{end}")).collect::<Vec<_>>();
        assert_eq!(stack.of_type("AWS::RefactorSpaces::Service"), named("Service"));
        assert_eq!(stack.of_type("AWS::RefactorSpaces::Route"), named("Route"));
        assert_eq!(stack.resources.len(), 2 * given.len());
        let outputs: Vec<_> = given
            .iter()
            .map(|name| {
                (format!("{name}ServiceId"), service_id(&format!("RefactorSpaces{name}Service")))
            })
            .collect();
        assert_eq!(stack.outputs.clone().into_iter().collect::<Vec<_>>(), outputs);

        for name in given {
            let service = &stack.resources[&format!("RefactorSpaces{name}Service")].properties;
            let expected = json!({
                "Name": name.to_lowercase(),
                "EnvironmentIdentifier": ENVIRONMENT,
                "ApplicationIdentifier": APPLICATION,
                "EndpointType": "URL",
                "UrlEndpoint": { "Url": format!("{}/api", url(name)) },
            });
            assert_eq!(*service, expected);
            let route = &stack.resources[&format!("RefactorSpaces{name}Route")].properties;
            let expected = json!({
                "EnvironmentIdentifier": ENVIRONMENT,
                "ApplicationIdentifier": APPLICATION,
                "ServiceIdentifier": service_id(&format!("RefactorSpaces{name}Service")),
                "RouteType": "URI_PATH",
                "UriPathRoute": {
                    "ActivationState": "ACTIVE",
                    "SourcePath": format!("/{}", name.to_lowercase()),
                    "IncludeChildPaths": true,
                    "AppendSourcePath": true,
                },
            });
            assert_eq!(*route, expected);
        }
    }
}

#[test]
fn a_url_is_a_scheme_and_a_host() {
    for url in ["http://posts.example", "https://posts.example:8443", "http://127.0.0.1:3003", ""] {
        assert!(deploy(&[("PostsUrl", url)]).is_ok(), "{url}");
    }
    for url in [
        "posts.example",
        "http://",
        "http://posts.example/",
        "http://posts.example/api",
        "http://p?q",
        "ftp://p",
    ] {
        let error = deploy(&[("PostsUrl", url)]).err().unwrap_or_else(|| panic!("{url}"));
        assert!(error.contains("with nothing behind it"), "{error}");
    }
}

#[test]
fn what_rs_yaml_gives_out_is_what_rs_service_yaml_takes() {
    let proxy = Template::read("rs.yaml");
    let proxy = Stack::of(&proxy, &[("MonolithUrl", "http://monolith.example/api")]).unwrap();
    let (environment, application) = (&*proxy.outputs["envId"], &*proxy.outputs["appId"]);
    let services = Template::read("rs-service.yaml");
    let ids = [("EnvironmentId", environment), ("ApplicationID", application)];
    assert!(Stack::of(&services, &ids).is_ok());
    for ids in [
        [("EnvironmentId", application), ("ApplicationID", environment)],
        // What Ref and some listings show.
        [("EnvironmentId", environment), ("ApplicationID", "env-0123456789|app-0123456789")],
    ] {
        assert!(Stack::of(&services, &ids).is_err(), "{ids:?}");
    }
}
