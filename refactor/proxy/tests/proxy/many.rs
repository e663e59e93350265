//! Many of everything: routes, idle connections.

use proxy::{Route, RouteChange, Settings};
use tokio::io::AsyncWriteExt;

use crate::plane::{APPLICATION, Plane, body, default, read_answer, route};
use crate::service::Service;

#[tokio::test]
async fn ten_thousand_routes_are_matched_and_changed() {
    let (monolith, moved) = (Service::saying("monolith").await, Service::saying("moved").await);
    let mut routes = vec![default(&monolith.url)];
    routes.extend(
        (0..10_000).map(|n| route(&format!("rte-{n:010}"), &format!("/n{n}/{{id}}"), &moved.url)),
    );
    let plane = Plane::start(routes.clone());
    let mut stream = plane.connect().await;
    for (path, expected) in [("/n9999/1/x", "moved"), ("/n0/1", "moved"), ("/n10000/1", "monolith")]
    {
        stream
            .write_all(format!("GET /api{path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
            .await
            .unwrap();
        assert_eq!(body(&read_answer(&mut stream).await), expected);
    }
    let without = routes[..10_000].to_vec();
    plane.set(without);
    stream.write_all(b"GET /api/n9999/1 HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(body(&read_answer(&mut stream).await), "monolith");
}

#[tokio::test]
async fn one_of_ten_thousand_routes_changes_at_once_and_the_others_notice_nothing() {
    let (monolith, moved) = (Service::saying("monolith").await, Service::saying("moved").await);
    let n = |n: usize| route(&format!("rte-{n:010}"), &format!("/n{n}"), &moved.url);
    let routes = std::iter::once(default(&monolith.url)).chain((0..10_000).map(n)).collect();
    let plane = Plane::with(Settings { workers: 1, ..Settings::default() }, routes);
    let mut stream = plane.connect().await;
    let mut ask = async |path: &str| {
        let head = format!("GET /api{path} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        body(&read_answer(&mut stream).await).to_owned()
    };
    assert_eq!((ask("/n7").await.as_str(), ask("/n8").await.as_str()), ("moved", "moved"));
    for step in 0..200 {
        let (change, expected) = match step % 4 {
            0 => (RouteChange::Put(Route { active: false, ..n(7) }), "monolith"),
            2 => (RouteChange::Remove(n(7).id), "monolith"),
            _ => (RouteChange::Put(n(7)), "moved"),
        };
        plane.plane.change_routes(APPLICATION, vec![change]);
        assert_eq!(ask("/n7").await, expected, "step {step}");
    }
    assert_eq!(ask("/n8").await, "moved");
    let connects = r#"refactor_upstream_connects_total{application="app-0123456789",route="rte-0000000008",service="rte-0000000008"}"#;
    assert_eq!(plane.metric(connects), 0.0, "it used the connection of the one before");
}

#[tokio::test]
async fn idle_connections_cost_little_and_are_served_when_they_wake() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&service.url)]);
    // Two files each, in one process, within the usual limit of 1024.
    let mut idle = Vec::new();
    for _ in 0..400 {
        let mut stream = plane.connect().await;
        stream.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(body(&read_answer(&mut stream).await), "hello");
        idle.push(stream);
    }
    harness::until("all are open", async || plane.metric("refactor_connections") == 400.0).await;
    for stream in idle.iter_mut().step_by(7) {
        stream.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(body(&read_answer(stream).await), "hello");
    }
    drop(idle);
    harness::until("all are gone", async || plane.metric("refactor_connections") == 0.0).await;
}
