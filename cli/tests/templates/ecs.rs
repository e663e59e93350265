//! `ecs.yaml`, held against the programs that it runs: their variables, ports, paths and health checks.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use harness::{Program, Setup};
use runtime::Variable;
use serde_json::Value;

use crate::names::{collections, programs};
use crate::template::Template;
use crate::yaml;

const REFACTOR: &str = "refactor";
const WEB: &str = "web";

/// The container of each task definition, by its name.
fn containers(template: &Template) -> Vec<(String, Value)> {
    let definitions = template.of_type("AWS::ECS::TaskDefinition").into_iter();
    let containers = definitions.map(|(id, body)| {
        let [container] = body["Properties"]["ContainerDefinitions"].as_array().unwrap().as_slice()
        else {
            panic!("{id} has not one container")
        };
        (container["Name"].as_str().unwrap().to_owned(), container.clone())
    });
    containers.collect()
}

fn variables(program: &str) -> &'static [Variable] {
    match program {
        REFACTOR => refactor::VARIABLES,
        WEB => web::VARIABLES,
        _ => server::VARIABLES,
    }
}

/// The names and values of a list such as `Environment`.
fn entries(container: &Value, list: &str, value: &str) -> Vec<(String, Value)> {
    let entries = container[list].as_array().map(Vec::as_slice).unwrap_or_default();
    let pair = |entry: &Value| (entry["Name"].as_str().unwrap().to_owned(), entry[value].clone());
    entries.iter().map(pair).collect()
}

/// A value with the parameters' defaults, in a stack that is called `board`.
fn text(template: &Template, value: &Value) -> String {
    let default = |name: &str| {
        template.section("Parameters")[name]["Default"].as_str().unwrap_or_default().to_owned()
    };
    let text = match (value.as_str(), value["Ref"].as_str(), value["Fn::Sub"].as_str()) {
        (Some(text), _, _) | (_, _, Some(text)) => text.to_owned(),
        (_, Some(name), _) => default(name),
        _ => panic!("{value} is no text"),
    };
    let text = text.replace("${AWS::StackName}", "board");
    text.replace("${NetworkPrefix}", &default("NetworkPrefix"))
}

/// The program as its task would start it, but for its ports, which must be free here, and its database.
async fn deployed(template: &Template, name: &str, container: &Value) -> Program {
    let setup = Setup::new(env!("CARGO_BIN_EXE_banyan")).arg("serve").arg(name);
    let own = ["HOST", "PORT", "CONTROL_HOST", "CONTROL_PORT", "DATA_DIR"];
    let given = entries(container, "Environment", "Value").into_iter();
    let given = given.filter(|(name, _)| !own.contains(&name.as_str()));
    let setup = given.fold(setup, |setup, (name, value)| setup.env(&name, &text(template, &value)));
    let setup = if name == REFACTOR {
        let secret = &template.section("Resources")["ControlKeys"]["Properties"];
        let secret = &secret["GenerateSecretString"];
        let made = secret["SecretStringTemplate"].as_str().unwrap().to_owned();
        let mut made: Value = serde_json::from_str(&made).unwrap();
        made[secret["GenerateStringKey"].as_str().unwrap()] = "a-secret-of-operators".into();
        setup.env("CONTROL_PORT", "0").env("CONTROL_KEYS", &made.to_string())
    } else {
        setup
    };
    setup.env("MOVE_TOKEN", harness::MOVE_TOKEN).start().await
}

#[test]
fn everything_that_the_template_names_is_there() {
    assert_eq!(Template::read("ecs.yaml").faults(), [""; 0]);
}

#[test]
fn each_program_of_the_board_is_deployed_and_the_proxy_twice() {
    let template = Template::read("ecs.yaml");
    let names: BTreeSet<_> = containers(&template).into_iter().map(|(name, _)| name).collect();
    let all = programs().chain([REFACTOR, WEB]).map(str::to_owned);
    assert_eq!(names, all.collect());
    let services = template.section("Resources");
    for name in &names {
        let title = name[..1].to_uppercase() + &name[1..];
        let count = &services[&format!("{title}Service")]["Properties"]["DesiredCount"];
        assert_eq!(count, if name == REFACTOR { 2 } else { 1 }, "{name}");
    }
}

#[test]
fn every_variable_is_one_that_the_program_reads_and_what_each_move_needs_is_there() {
    let template = Template::read("ecs.yaml");
    let urls: Vec<_> = collections().map(|name| format!("{}_URL", name.to_uppercase())).collect();
    for (program, container) in containers(&template) {
        let plain = entries(&container, "Environment", "Value");
        let secrets = entries(&container, "Secrets", "ValueFrom");
        let names: Vec<_> = plain.iter().chain(&secrets).map(|(name, _)| name.as_str()).collect();
        let read = variables(&program);
        for name in &names {
            let url =
                programs().any(|known| known == program) && urls.iter().any(|url| url == name);
            let known = read.iter().any(|variable| variable.name == *name);
            assert!(known || url, "ecs.yaml: {program}: {name} is not read by it");
        }
        let needed: &[&str] = match program.as_str() {
            REFACTOR => &[
                "MOVE_TOKEN",
                "MOVE_TARGETS",
                "MONOLITH_URL",
                "CONTROL_DATABASE_SECRET",
                "CONTROL_KEYS",
                "TRUSTED_PROXIES",
            ],
            WEB => &["API_URL"],
            "monolith" => &["MOVE_TOKEN", "DATABASE_SECRET", "USERS_URL"],
            _ => &["MOVE_TOKEN", "DATABASE_SECRET", "FOLLOW"],
        };
        for name in needed {
            assert!(names.contains(name), "ecs.yaml: {program} lacks {name}");
        }
        let hidden =
            |name: &str| name.contains("SECRET") || name.contains("TOKEN") || name.contains("KEYS");
        assert!(
            plain.iter().all(|(name, _)| !hidden(name)),
            "ecs.yaml: {program}: a secret is shown"
        );
        for (name, from) in &secrets {
            let resource = from["Ref"].as_str().unwrap_or_else(|| panic!("{name} is no Ref"));
            let kind = &template.section("Resources")[resource]["Type"];
            assert_eq!(kind, "AWS::SecretsManager::Secret", "{program}: {name}");
        }
    }
}

#[tokio::test]
async fn each_program_starts_with_its_variables_and_passes_its_health_checks() {
    let template = Template::read("ecs.yaml");
    for (name, container) in containers(&template) {
        let command = &container["HealthCheck"]["Command"];
        assert_eq!(*command, serde_json::json!(["CMD", format!("/{name}"), "--check-health"]));
        let program = deployed(&template, &name, &container).await;
        assert_eq!(program.get("/healthz").await.status, 200, "{name}");
        if programs().any(|known| known == name) {
            let collection = if name == "monolith" { "users" } else { &name };
            let body = serde_json::json!({"username": "bmo", "name": "BMO"});
            let write = program.json("POST", &format!("/api/{collection}"), &body).await;
            assert_eq!(write.status, 403, "every client could write: {}", write.body);
        }
    }
}

#[tokio::test]
async fn the_load_balancer_asks_the_ports_and_paths_that_the_programs_have() {
    let template = Template::read("ecs.yaml");
    let exposed = yaml::text("docker/Dockerfile");
    let all = containers(&template);
    let resources = template.section("Resources");
    for (name, container) in &all {
        let title = name[..1].to_uppercase() + &name[1..];
        let service = &resources[&format!("{title}Service")]["Properties"];
        let balancers = service["LoadBalancers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ports = container["PortMappings"].as_array().unwrap().iter();
        let ports: Vec<_> = ports.map(|port| port["ContainerPort"].as_u64().unwrap()).collect();
        for port in &ports {
            assert!(exposed.lines().any(|line| line == format!("EXPOSE {port}")), "{name}: {port}");
        }
        let program = deployed(&template, name, container).await;
        for balancer in balancers {
            assert_eq!(balancer["ContainerName"], **name);
            let port = balancer["ContainerPort"].as_u64().unwrap();
            assert!(ports.contains(&port), "{name}: {port}");
            let target = balancer["TargetGroupArn"]["Ref"].as_str().unwrap();
            let target = &resources[target]["Properties"];
            assert_eq!(target["Port"], port, "{name}");
            // `program` listens on the port that the check asks: the control port of the proxy.
            let asked = if *name == REFACTOR { "9080" } else { "3000" };
            assert_eq!(target["HealthCheckPort"], asked, "{name}");
            let path = target["HealthCheckPath"].as_str().unwrap();
            assert_ne!(program.get(path).await.status, 404, "{name}: {path}");
        }
    }
}
