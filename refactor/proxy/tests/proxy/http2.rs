//! Clients that speak HTTP/2 without TLS.

use std::time::Duration;

use harness::until;
use proxy::{Patience, Settings};
use reqwest::{Client, StatusCode, Version};
use tokio::io::AsyncReadExt;

use crate::plane::{Plane, default};
use crate::service::{Service, next_request, nobody, ok};

fn client() -> Client {
    // The second test to come here finds that it is done.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().http2_prior_knowledge().build().unwrap()
}

#[tokio::test]
async fn requests_and_answers_travel_over_http_2() {
    let service =
        Service::answering(|request| ok(&format!("{} {}", request.line(), request.body.len())))
            .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let client = client();
    let requests = (0..50).map(|n| {
        let request = client.post(plane.url(&format!("/api/{n}?a=1"))).body(vec![b'x'; n * 10_000]);
        async move {
            let answer =
                request.header("cookie", "a=1").header("cookie", "b=2").send().await.unwrap();
            assert_eq!((answer.version(), answer.status()), (Version::HTTP_2, StatusCode::OK));
            assert!(answer.headers().contains_key("x-request-id"));
            let expected = format!("POST /{n}?a=1 HTTP/1.1 {}", n * 10_000);
            assert_eq!(answer.text().await.unwrap(), expected);
        }
    });
    futures_util::future::join_all(requests).await;
    let request = &service.seen()[0];
    assert_eq!(request.all("cookie"), ["a=1; b=2"]);
    assert!(request.field("via").unwrap().starts_with("2 refactor-"));
    assert_eq!(request.field("x-forwarded-host"), Some(&*plane.address.to_string()));
}

#[tokio::test]
async fn large_answers_and_none_travel_over_http_2() {
    let service = Service::answering(|request| match request.line() {
        "DELETE / HTTP/1.1" => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        "HEAD / HTTP/1.1" => b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n".to_vec(),
        _ => ok(&"x".repeat(5_000_000)),
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let (client, url) = (client(), plane.url("/api"));
    assert_eq!(client.get(&url).send().await.unwrap().bytes().await.unwrap().len(), 5_000_000);
    assert_eq!(client.delete(&url).send().await.unwrap().status(), 204);
    let head = client.head(&url).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], "7");
}

#[tokio::test]
async fn problems_travel_over_http_2() {
    let settings = Settings { upload_limit_bytes: 1_000, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&nobody())]);
    let client = client();
    for (path, status) in [("/api", 502), ("/elsewhere", 404), ("/api/a%2f..%2Fb", 400)] {
        let answer = client.get(plane.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    let limit = vec![b'x'; 1_001];
    let answer = client.post(plane.url("/api")).body(limit).send().await.unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn a_client_sees_its_answer_before_the_rest_of_its_upload_is_refused() {
    let plane = Plane::start(vec![]);
    let (requests, connection) = h2::client::handshake(plane.connect().await).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::post("http://board/api/x").body(()).unwrap();
    let (answer, mut stream) =
        requests.ready().await.unwrap().send_request(request, false).unwrap();
    let mut answer = answer.await.unwrap();
    assert_eq!(answer.status(), 404);
    while let Some(part) = answer.body_mut().data().await {
        part.unwrap();
    }
    // More than fits into the first window: some of it was taken in after the answer.
    let mut left = 100_000;
    while left > 0 {
        stream.reserve_capacity(left);
        let room = std::future::poll_fn(|context| stream.poll_capacity(context)).await;
        let part = room.unwrap().unwrap();
        left -= part;
        stream.send_data(vec![b'x'; part].into(), left == 0).unwrap();
    }
}

#[tokio::test]
async fn an_exchange_ends_when_its_client_resets_the_stream() {
    let (told, mut tell) = tokio::sync::mpsc::unbounded_channel();
    let service = Service::serving(move |mut stream| {
        let told = told.clone();
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            told.send("asked").unwrap();
            // Nothing more comes but the end.
            let _ = stream.read(&mut [0]).await;
            told.send("left").unwrap();
        }
    })
    .await;
    let long = Duration::from_secs(900);
    let patience = Patience { first_byte: long, ..Patience::default() };
    let settings = Settings { workers: 1, patience, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let (requests, connection) = h2::client::handshake(plane.connect().await).await.unwrap();
    tokio::spawn(connection);
    for method in ["GET", "POST"] {
        let request = http::Request::builder().method(method).uri("http://board/api/x");
        let mut requests = requests.clone().ready().await.unwrap();
        let (_answer, mut stream) =
            requests.send_request(request.body(()).unwrap(), false).unwrap();
        stream.send_data(bytes::Bytes::from_static(b"all of it"), true).unwrap();
        assert_eq!(tell.recv().await, Some("asked"));
        stream.send_reset(h2::Reason::CANCEL);
        until("the service is left", || std::future::ready(tell.try_recv() == Ok("left"))).await;
    }
}
