//! A restart brings everything back.

use std::net::{SocketAddr, TcpListener, TcpStream};

use harness::{Manner, Neighbour, until};
use serde_json::Value;

use crate::client::{application, call, fallback, get, ok, post, service, setup, uri_path};

fn address(application: &Value) -> SocketAddr {
    let url = application["ApiGatewayProxy"]["ProxyUrl"].as_str().unwrap();
    url.strip_prefix("http://").unwrap().split('/').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn everything_is_as_it_was_and_each_application_listens_where_it_did() {
    let upstream = Neighbour::start(Manner::Has(vec![]));
    let program = setup().start().await;
    let mut paths = vec!["/environments".to_owned()];
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let a = application(&program).await;
        let id = service(&program, &a, upstream.url()).await;
        post(&program, &format!("{a}/routes"), &fallback(&id)).await;
        post(&program, &format!("{a}/routes"), &uri_path(&id, "/a", "ACTIVE")).await;
        addresses.push(address(&get(&program, &a).await));
        paths.extend([a.clone(), format!("{a}/services"), format!("{a}/routes")]);
    }
    assert_ne!(addresses[0], addresses[1]);
    let mut before = Vec::new();
    for path in &paths {
        before.push(get(&program, path).await);
    }
    let program = program.restart().await;
    for (path, before) in paths.iter().zip(&before) {
        assert_eq!(&get(&program, path).await, before, "{path}");
    }
    for address in addresses {
        TcpStream::connect(address).unwrap();
    }
}

#[tokio::test]
async fn an_application_whose_port_is_taken_is_failed_until_it_is_free() {
    let mut program = setup().start().await;
    let path = application(&program).await;
    let address = address(&get(&program, &path).await);
    program.kill().await;
    let taken = TcpListener::bind(address).unwrap();
    let program = program.restart().await;
    let shown = get(&program, &path).await;
    assert_eq!(shown["State"], "FAILED");
    let message = shown["Error"]["Message"].as_str().unwrap();
    assert!(
        message.contains(&address.to_string()) && message.contains("free the port"),
        "{message}"
    );
    program.logged(message).await;
    drop(taken);
    let program = program.restart().await;
    let shown = get(&program, &path).await;
    assert_eq!((shown["State"].as_str(), shown.get("Error")), (Some("ACTIVE"), None));
}

#[tokio::test]
async fn a_deleted_application_stops_listening_and_a_stop_is_orderly() {
    let mut program = setup().start().await;
    let path = application(&program).await;
    let address = address(&get(&program, &path).await);
    TcpStream::connect(address).unwrap();
    ok(&call(&program, "DELETE", &path, &Value::Null).await);
    until("no program listens", async || TcpStream::connect(address).is_err()).await;
    application(&program).await;
    program.terminate();
    let status = program.ended().await;
    assert_eq!(status.code(), Some(0), "{}", program.log());
    program.logged("stopped").await;
}

#[tokio::test]
async fn a_program_that_is_told_to_stop_is_not_ready_before_its_ports_close() {
    let mut program = setup().env("DRAIN_DELAY_SECONDS", "3600").start().await;
    let path = application(&program).await;
    let address = address(&get(&program, &path).await);
    until("it is ready", async || program.get("/readyz").await.status == 200).await;
    program.terminate();
    until("it is not ready", async || program.get("/readyz").await.status == 503).await;
    assert_eq!(program.get("/readyz").await.body, "this program is stopping");
    TcpStream::connect(address).unwrap();
    get(&program, &path).await;
    program.terminate();
    let status = program.ended().await;
    assert_eq!(status.code(), Some(1), "a second signal ends it at once: {}", program.log());
}
