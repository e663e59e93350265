//! An application at the root of its URL.

use harness::{Manner, Neighbour, until};
use serde_json::{Value, json};

use crate::client::{call, fallback, get, post, service, setup, uri_path};

/// The targets that an upstream was asked for.
fn asked(upstream: &Neighbour) -> Vec<String> {
    let targets = upstream.heads().into_iter();
    targets.map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stage_default_serves_an_application_at_the_root() {
    let (old, new) =
        (Neighbour::start(Manner::Has(vec![1])), Neighbour::start(Manner::Has(vec![1])));
    let program = setup().start().await;
    let environment = json!({ "Name": "env", "NetworkFabricType": "NONE" });
    let environment = post(&program, "/environments", &environment).await;
    let path =
        format!("/environments/{}/applications", environment["EnvironmentId"].as_str().unwrap());
    let application = json!({ "Name": "app", "ProxyType": "API_GATEWAY", "VpcId": "vpc-01234567",
                              "ApiGatewayProxy": { "StageName": "$default" } });
    let application = post(&program, &path, &application).await;
    assert_eq!(application["ApiGatewayProxy"]["StageName"], "$default");
    let application = format!("{path}/{}", application["ApplicationId"].as_str().unwrap());
    let monolith = service(&program, &application, old.url()).await;
    let orders = service(&program, &application, new.url()).await;
    post(&program, &format!("{application}/routes"), &fallback(&monolith)).await;
    let route = uri_path(&orders, "/orders", "ACTIVE");
    post(&program, &format!("{application}/routes"), &route).await;
    let program = program.restart().await;
    let url = get(&program, &application).await["ApiGatewayProxy"]["ProxyUrl"].clone();
    let url = url.as_str().unwrap();
    assert_eq!(url.matches('/').count(), 2, "{url} has no path");
    let (before_old, before_new) = (asked(&old).len(), asked(&new).len());
    let client = reqwest::Client::new();
    for target in ["/", "/api/users?x=1", "/a/-/b", "/orders"] {
        client.get(format!("{url}{target}")).send().await.unwrap();
    }
    assert_eq!(asked(&old)[before_old..], ["/", "/api/users?x=1", "/a/-/b"]);
    assert_eq!(asked(&new)[before_new..], ["/"], "what the route takes away");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monolith_without_a_path_is_served_at_the_root() {
    let monolith = Neighbour::start(Manner::Has(vec![1]));
    let setup = setup().env("MONOLITH_URL", monolith.url());
    let program = setup.start().await;
    let list = async |path: &str| call(&program, "GET", path, &Value::Null).await.json();
    until("the first stack is made", async || program.get("/readyz").await.status == 200).await;
    let environments = list("/environments").await;
    let id = environments["EnvironmentSummaryList"][0]["EnvironmentId"].as_str().unwrap();
    let applications = list(&format!("/environments/{id}/applications")).await;
    let proxy = &applications["ApplicationSummaryList"][0]["ApiGatewayProxy"];
    let url = proxy["ProxyUrl"].as_str().unwrap();
    assert_eq!(url.matches('/').count(), 2, "{url} has no path");
    let before = asked(&monolith).len();
    for target in ["/", "/login?next=/", "/api/users"] {
        reqwest::get(format!("{url}{target}")).await.unwrap();
    }
    assert_eq!(asked(&monolith)[before..], ["/", "/login?next=/", "/api/users"]);
}
