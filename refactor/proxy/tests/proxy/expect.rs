//! Interim answers: a client that waits for 100 is told what its service says (RFC 9110, 10.1.1), and hints travel over
//! HTTP/2 (RFC 8297).

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::until;
use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::plane::{Plane, default, read_answer, status};
use crate::service::{Service, next_request, ok};

const EXPECTS: &str =
    "POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
const GO_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Reads a head, byte by byte: nothing of what follows is taken.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// A service that says 100 once it is told to, and then answers with the body.
async fn asking(told: watch::Receiver<bool>) -> (Service, Arc<AtomicUsize>) {
    let heads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&heads);
    let service = Service::serving(move |mut stream| {
        let (mut told, heads) = (told.clone(), Arc::clone(&counted));
        async move {
            let head = read_head(&mut stream).await;
            assert!(head.to_ascii_lowercase().contains("\r\nexpect: 100-continue\r\n"), "{head}");
            heads.fetch_add(1, Ordering::SeqCst);
            told.wait_for(|told| *told).await.unwrap();
            stream.write_all(GO_ON).await.unwrap();
            let mut body = [0; 3];
            stream.read_exact(&mut body).await.unwrap();
            stream.write_all(&ok(std::str::from_utf8(&body).unwrap())).await.unwrap();
        }
    })
    .await;
    (service, heads)
}

/// A service that refuses what it has not read.
async fn refusing(code: u16) -> (Service, watch::Receiver<usize>) {
    let (after, bytes) = watch::channel(usize::MAX);
    let service = Service::serving(move |mut stream| {
        let after = after.clone();
        async move {
            read_head(&mut stream).await;
            let refused = format!("HTTP/1.1 {code} No\r\nContent-Length: 2\r\n\r\nno");
            stream.write_all(refused.as_bytes()).await.unwrap();
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            let _ = after.send(rest.len());
        }
    })
    .await;
    (service, bytes)
}

#[tokio::test]
async fn a_client_that_waits_gets_the_100_of_its_service() {
    let (tell, told) = watch::channel(false);
    let (service, heads) = asking(told).await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    stream.write_all(EXPECTS.as_bytes()).await.unwrap();
    until("the service has the head", async || heads.load(Ordering::SeqCst) == 1).await;
    tell.send(true).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(interim, *GO_ON);
    stream.write_all(b"abc").await.unwrap();
    assert!(read_answer(&mut stream).await.ends_with("\r\n\r\nabc"), "and no second 100");
}

#[tokio::test]
async fn a_client_that_waits_is_refused_before_it_sends_its_body() {
    for code in [401, 413, 417] {
        let (service, mut bytes) = refusing(code).await;
        let plane = Plane::start(vec![default(&service.url)]);
        let mut answer = plane.send(EXPECTS).await;
        // A service that is not heard within a second, on a machine that does much else, counts as silent.
        for _ in 0..5 {
            if answer.starts_with("HTTP/1.1 100 ") {
                answer = plane.send(EXPECTS).await;
            }
        }
        assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")), "no 100: {answer}");
        assert!(answer.ends_with("\r\n\r\nno"), "{answer}");
        let rest = bytes.wait_for(|bytes| *bytes != usize::MAX).await.unwrap();
        assert_eq!(*rest, 0, "the service gets nothing of the body");
    }
}

#[tokio::test]
async fn a_client_that_waits_is_told_to_go_on_after_a_second_if_its_service_is_silent() {
    let service = Service::answering(|request| ok(&request.body.len().to_string())).await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    let start = Instant::now();
    stream.write_all(EXPECTS.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(interim, *GO_ON);
    stream.write_all(b"abc").await.unwrap();
    assert!(read_answer(&mut stream).await.ends_with("\r\n\r\n3"));
}

#[tokio::test]
async fn a_client_that_does_not_wait_is_served() {
    let service = Service::answering(|request| ok(&request.body.len().to_string())).await;
    let plane = Plane::start(vec![default(&service.url)]);
    for pause in [false, true] {
        let before = service.count();
        let mut stream = plane.connect().await;
        stream.write_all(EXPECTS.as_bytes()).await.unwrap();
        if pause {
            tokio::task::yield_now().await;
        }
        stream.write_all(b"abc").await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert_eq!(status(&answer), 200, "{answer}");
        assert_eq!(service.count(), before + 1);
    }
    // HTTP/1.0 has no interim answers.
    let old = EXPECTS.replace("HTTP/1.1", "HTTP/1.0");
    assert_eq!(status(&plane.send(old + "abc").await), 200);
    assert_eq!(service.seen().last().unwrap().field("expect"), None);
}

#[tokio::test]
async fn a_client_of_http_2_that_waits_gets_the_100_of_its_service() {
    let (tell, told) = watch::channel(false);
    let (service, heads) = asking(told).await;
    let plane = Plane::start(vec![default(&service.url)]);
    let (requests, connection) = h2::client::handshake(plane.connect().await).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post("http://board/api/x")
        .header("expect", "100-continue")
        .header("content-length", "3");
    let mut requests = requests.ready().await.unwrap();
    let (mut answer, mut body) = requests.send_request(request.body(()).unwrap(), false).unwrap();
    until("the service has the head", async || heads.load(Ordering::SeqCst) == 1).await;
    tell.send(true).unwrap();
    let interim = poll_fn(|context| answer.poll_informational(context)).await.unwrap().unwrap();
    assert_eq!(interim.status(), StatusCode::CONTINUE);
    body.send_data("abc".into(), true).unwrap();
    let mut answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.body_mut().data().await.unwrap().unwrap(), "abc");
}

#[tokio::test]
async fn a_client_of_http_2_that_waits_is_refused_before_it_sends_its_body() {
    let (service, mut bytes) = refusing(413).await;
    let plane = Plane::start(vec![default(&service.url)]);
    let (requests, connection) = h2::client::handshake(plane.connect().await).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post("http://board/api/x").header("expect", "100-continue");
    let mut requests = requests.ready().await.unwrap();
    let (answer, _body) = requests.send_request(request.body(()).unwrap(), false).unwrap();
    assert_eq!(answer.await.unwrap().status(), 413);
    let rest = bytes.wait_for(|bytes| *bytes != usize::MAX).await.unwrap();
    assert_eq!(*rest, 0, "the service gets nothing of the body");
}

#[tokio::test]
async fn hints_travel_over_http_2_and_not_over_http_1() {
    let service = Service::serving(|mut stream| async move {
        let mut read = Vec::new();
        while next_request(&mut stream, &mut read).await.is_some() {
            let hint = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
            stream.write_all(&[hint.to_vec(), ok("hello")].concat()).await.unwrap();
        }
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let (requests, connection) = h2::client::handshake(plane.connect().await).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://board/api/x").body(()).unwrap();
    let (mut answer, _body) = requests.ready().await.unwrap().send_request(request, true).unwrap();
    let hint = poll_fn(|context| answer.poll_informational(context)).await.unwrap().unwrap();
    assert_eq!(hint.status(), StatusCode::EARLY_HINTS);
    assert_eq!(hint.headers()["link"], "</api/style.css>; rel=preload", "as the client must ask");
    assert_eq!(answer.await.unwrap().status(), 200);
    let answer = plane.get("/api/x", "").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && !answer.contains("103"), "{answer}");
}
