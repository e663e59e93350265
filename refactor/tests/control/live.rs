//! What was answered is live: the next request goes the new way.

use harness::{Manner, Neighbour};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

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

/// A service that answers every request with these bytes.
async fn answering(listener: TcpListener, answer: String) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.windows(4).any(|end| end == b"\r\n\r\n") {
            if stream.read_buf(&mut read).await.unwrap() == 0 {
                break;
            }
        }
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_of_a_route_that_takes_no_traffic_gets_what_it_owns() {
    let (old, new) =
        (TcpListener::bind("127.0.0.1:0").await, TcpListener::bind("127.0.0.1:0").await);
    let (old, new) = (old.unwrap(), new.unwrap());
    let url = |listener: &TcpListener| format!("http://{}/api", listener.local_addr().unwrap());
    let (monolith, users) = (url(&old), url(&new));
    let refusal = format!(
        "HTTP/1.1 421 No\r\nBanyan-Primary: {users}/users\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
    tokio::spawn(answering(old, refusal));
    let taken = "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned();
    tokio::spawn(answering(new, taken));
    let program = setup().start().await;
    let application = application(&program).await;
    let shown = get(&program, &application).await;
    let url = shown["ApiGatewayProxy"]["ProxyUrl"].as_str().unwrap().to_owned();
    let routes = format!("{application}/routes");
    let monolith = service(&program, &application, &monolith).await;
    let users = service(&program, &application, &users).await;
    post(&program, &routes, &fallback(&monolith)).await;
    let mut body = uri_path(&users, "/users", "INACTIVE");
    body["UriPathRoute"]["IncludeChildPaths"] = true.into();
    let route = post(&program, &routes, &body).await;
    let client = reqwest::Client::new();
    let write =
        async || client.delete(format!("{url}/users/1")).send().await.unwrap().status().as_u16();
    assert_eq!(write().await, 201);
    ok(&call(
        &program,
        "DELETE",
        &format!("{routes}/{}", route["RouteId"].as_str().unwrap()),
        &Value::Null,
    )
    .await);
    assert_eq!(write().await, 503, "no program is known any more that could be its primary");
}
