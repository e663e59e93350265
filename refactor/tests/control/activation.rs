//! A route takes traffic once its service is healthy.

use std::net::{SocketAddr, TcpListener};

use harness::{Manner, Neighbour, Program, free_port, until};
use serde_json::{Value, json};

use crate::client::{
    application, call, fallback, get, ok, post, refused, service, setup, uri_path,
};

async fn activate(program: &Program, route: &str, state: &str) -> Value {
    ok(&call(program, "PATCH", route, &json!({ "ActivationState": state })).await)
}

#[tokio::test]
async fn an_unhealthy_service_fails_its_route_until_it_is_tried_again() {
    let program = setup().start().await;
    let application = application(&program).await;
    let routes = format!("{application}/routes");
    let free = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let dead = service(&program, &application, &format!("http://{free}/api")).await;
    let made = post(&program, &routes, &fallback(&dead)).await;
    assert_eq!(made["State"], "FAILED");
    let route = format!("{routes}/{}", made["RouteId"].as_str().unwrap());
    let error = get(&program, &route).await["Error"].clone();
    assert_eq!(error["Code"], "SERVICE_ENDPOINT_HEALTH_CHECK_FAILURE");
    assert_eq!(
        (&error["ResourceType"], &error["ResourceIdentifier"]),
        (&json!("SERVICE"), &json!(dead))
    );
    assert_eq!(error["AccountId"], "000000000000");
    assert!(error["Message"].as_str().unwrap().contains(&free.to_string()), "{error}");
    let answer = call(&program, "POST", &routes, &uri_path(&dead, "/a", "ACTIVE")).await;
    refused(&answer, 409, "ConflictException");

    assert_eq!(activate(&program, &route, "ACTIVE").await["State"], "FAILED");
    let _alive = serve(TcpListener::bind(free).unwrap());
    assert_eq!(activate(&program, &route, "ACTIVE").await["State"], "ACTIVE");
    assert!(get(&program, &route).await.get("Error").is_none());
    assert_eq!(
        activate(&program, &route, "ACTIVE").await["State"],
        "ACTIVE",
        "a repeat changes nothing"
    );
}

/// Answers 500 on every connection.
fn serve(listener: TcpListener) -> std::thread::JoinHandle<()> {
    use std::io::{Read, Write};
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream
                .write_all(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    })
}

#[tokio::test]
async fn a_health_url_must_answer_200_to_399_and_a_url_anything() {
    let upstream = Neighbour::start(Manner::Fails);
    let program = setup().start().await;
    let application = application(&program).await;
    let routes = format!("{application}/routes");
    let id = service(&program, &application, upstream.url()).await;
    let made = post(&program, &routes, &fallback(&id)).await;
    assert_eq!(made["State"], "ACTIVE", "500 is an answer");
    let endpoint =
        json!({ "Url": upstream.url(), "HealthUrl": format!("{}/health/1", upstream.url()) });
    let new = json!({ "Name": "checked", "EndpointType": "URL", "UrlEndpoint": endpoint });
    let checked = post(&program, &format!("{application}/services"), &new).await;
    let checked = checked["ServiceId"].as_str().unwrap();
    for (manner, state) in [
        (Manner::Fails, "FAILED"),
        (Manner::Has(vec![]), "FAILED"),
        (Manner::Has(vec![1]), "ACTIVE"),
    ] {
        upstream.behave(manner);
        let made =
            post(&program, &routes, &uri_path(checked, &format!("/{state}"), "ACTIVE")).await;
        assert_eq!(made["State"], state);
        let path = format!("{routes}/{}", made["RouteId"].as_str().unwrap());
        ok(&call(&program, "DELETE", &path, &Value::Null).await);
    }
}

#[tokio::test]
async fn a_check_that_takes_long_goes_on_after_the_answer_and_after_a_restart() {
    let upstream = Neighbour::start(Manner::Hangs);
    let program = setup().start().await;
    let application = application(&program).await;
    let routes = format!("{application}/routes");
    let id = service(&program, &application, upstream.url()).await;
    let made = post(&program, &routes, &fallback(&id)).await;
    assert_eq!(made["State"], "CREATING");
    let route = format!("{routes}/{}", made["RouteId"].as_str().unwrap());
    assert_eq!(activate(&program, &route, "ACTIVE").await["State"], "CREATING", "it is on its way");
    let rest = json!({ "ActivationState": "INACTIVE" });
    refused(&call(&program, "PATCH", &route, &rest).await, 400, "ValidationException");
    upstream.behave(Manner::Has(vec![]));
    let program = program.restart().await;
    until("the route is settled", async || get(&program, &route).await["State"] != "CREATING")
        .await;
    assert_eq!(get(&program, &route).await["State"], "ACTIVE");

    upstream.behave(Manner::Hangs);
    assert_eq!(activate(&program, &route, "INACTIVE").await["State"], "INACTIVE");
    assert_eq!(activate(&program, &route, "ACTIVE").await["State"], "UPDATING");
    until("the route is settled", async || get(&program, &route).await["State"] != "UPDATING")
        .await;
    assert_eq!(get(&program, &route).await["State"], "FAILED");
}
