//! What was answered is live: the next request goes the new way.

use harness::{Manner, Neighbour};
use serde_json::{Value, json};

use crate::client::{application, call, fallback, get, ok, post, service, setup, uri_path};

/// The paths that an upstream was asked for since it was looked at last.
fn asked(upstream: &Neighbour, seen: &mut usize) -> Vec<String> {
    let heads = upstream.heads();
    let new = heads[*seen..].iter().map(|head| head.split(' ').nth(1).unwrap().to_owned());
    let new = new.collect();
    *seen = heads.len();
    new
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_after_a_change_goes_where_the_change_leads() {
    let old = Neighbour::start(Manner::Has(vec![1]));
    let new = Neighbour::start(Manner::Has(vec![1]));
    let program = setup().start().await;
    let application = application(&program).await;
    let url = get(&program, &application).await;
    let url = url["ApiGatewayProxy"]["ProxyUrl"].as_str().unwrap().to_owned();
    let routes = format!("{application}/routes");
    let monolith = service(&program, &application, &format!("{}/api", old.url())).await;
    let users = service(&program, &application, &format!("{}/users", new.url())).await;
    post(&program, &routes, &fallback(&monolith)).await;
    let client = reqwest::Client::new();
    let ask = async || client.get(format!("{url}/users/1")).send().await.unwrap().status().as_u16();
    assert_eq!(ask().await, 200);
    let mut body = uri_path(&users, "/users", "ACTIVE");
    body["UriPathRoute"]["IncludeChildPaths"] = true.into();
    let (mut seen_old, mut seen_new) = (0, 0);
    for _ in 0..20 {
        let route = post(&program, &routes, &body).await;
        let route = format!("{routes}/{}", route["RouteId"].as_str().unwrap());
        for state in ["INACTIVE", "ACTIVE"] {
            asked(&old, &mut seen_old);
            asked(&new, &mut seen_new);
            assert_eq!(ask().await, 200);
            assert_eq!(asked(&new, &mut seen_new), ["/users/1"]);
            assert_eq!(asked(&old, &mut seen_old), Vec::<String>::new());
            ok(&call(&program, "PATCH", &route, &json!({ "ActivationState": "INACTIVE" })).await);
            assert_eq!(ask().await, 200);
            assert_eq!(asked(&old, &mut seen_old), ["/api/users/1"]);
            if state == "INACTIVE" {
                ok(&call(&program, "PATCH", &route, &json!({ "ActivationState": "ACTIVE" })).await);
            }
        }
        ok(&call(&program, "DELETE", &route, &Value::Null).await);
    }
}
