//! Services that fail: the error is right, names the route and not the service's address, and other requests are not
//! affected.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::plane::{Plane, body, default, field, route, status};
use crate::service::{Service, next_request, nobody, ok};

/// The problem names the route and hides the address.
fn assert_names_the_route(answer: &str, url: &str) {
    assert!(body(answer).contains("route rte-default000"), "{answer}");
    assert!(!answer.contains(url.strip_prefix("http://127.0.0.1").unwrap()), "{answer}");
    assert_eq!(field(answer, "content-type"), Some("application/problem+json"));
}

#[tokio::test]
async fn a_dead_service_is_502_then_503_until_it_is_back_and_others_are_unaffected() {
    let dead = nobody();
    let alive = Service::saying("alive").await;
    let plane = Plane::start(vec![default(&dead), route("rte-alive", "/alive", &alive.url)]);
    let mut refused = 0;
    let answer = loop {
        let answer = plane.get("/api/x", "").await;
        assert_names_the_route(&answer, &dead);
        if status(&answer) == 503 {
            break answer;
        }
        assert_eq!(status(&answer), 502);
        refused += 1;
    };
    assert!(refused >= 3, "left alone after {refused} failures");
    assert!(field(&answer, "retry-after").is_some(), "{answer}");
    assert_eq!(status(&plane.get("/api/alive", "").await), 200);
    let listener = TcpListener::bind(dead.strip_prefix("http://").unwrap()).await.unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            next_request(&mut stream, &mut Vec::new()).await;
            let _ = stream.write_all(&ok("back")).await;
        }
    });
    until("the service is asked again", async || status(&plane.get("/api/x", "").await) == 200)
        .await;
    assert_eq!(status(&plane.get("/api/x", "").await), 200);
}

#[tokio::test]
async fn a_connection_that_outlived_its_service_s_failures_ends_them() {
    let address = ("127.0.0.1", harness::free_port());
    let listener = TcpListener::bind(address).await.unwrap();
    let (asked, mut holding) = tokio::sync::mpsc::unbounded_channel();
    let (release, held) = tokio::sync::watch::channel(0);
    let serve = move |mut stream| {
        let (asked, mut held) = (asked.clone(), held.clone());
        async move {
            let (mut read, mut holds) = (Vec::new(), 0);
            while let Some(request) = next_request(&mut stream, &mut read).await {
                if request.line().contains("/hold") {
                    holds += 1;
                    asked.send(()).unwrap();
                    held.wait_for(|released| *released >= holds).await.unwrap();
                }
                stream.write_all(&ok("alive")).await.unwrap();
            }
        }
    };
    let first = serve.clone();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        drop(listener);
        first(stream).await;
    });
    let one_worker = proxy::Settings { workers: 1, ..Default::default() };
    let plane = Plane::with(one_worker, vec![default(&format!("http://127.0.0.1:{}", address.1))]);
    let down = async {
        holding.recv().await.unwrap();
        until("it is left alone", async || status(&plane.get("/api/x", "").await) == 503).await;
        release.send(1).unwrap();
        holding
    };
    let (answer, mut holding) = tokio::join!(plane.get("/api/hold", ""), down);
    assert_eq!(status(&answer), 200);
    until("its connection is used", async || status(&plane.get("/api/x", "").await) == 200).await;
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await;
    });
    let others = async {
        holding.recv().await.unwrap();
        let answer = plane.get("/api/x", "").await;
        release.send(2).unwrap();
        answer
    };
    let (held, other) = tokio::join!(plane.get("/api/hold", ""), others);
    assert_eq!((status(&held), status(&other)), (200, 200));
}

#[tokio::test]
async fn a_service_that_never_answers_is_504() {
    let service = Service::serving(|mut stream| async move {
        // Takes everything and says nothing.
        let mut part = [0; 1024];
        while stream.read(&mut part).await.is_ok_and(|read| read > 0) {}
    })
    .await;
    let plane = Plane::hasty(&service.url);
    let answer = plane.get("/api/x", "").await;
    assert_eq!(status(&answer), 504);
    assert!(body(&answer).contains("within 300 ms"), "{answer}");
    assert_names_the_route(&answer, &service.url);
}

#[tokio::test]
async fn what_is_no_answer_is_502() {
    for garbage in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nab",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 O",
        "",
    ] {
        let service = Service::serving(move |mut stream| async move {
            next_request(&mut stream, &mut Vec::new()).await;
            let _ = stream.write_all(garbage.as_bytes()).await;
        })
        .await;
        let plane = Plane::start(vec![default(&service.url)]);
        let answer = plane.get("/api/x", "").await;
        assert_eq!(status(&answer), 502, "{garbage:?}: {answer}");
        assert_names_the_route(&answer, &service.url);
    }
    let large = Service::answering(|_| {
        format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(70_000)).into_bytes()
    })
    .await;
    let plane = Plane::start(vec![default(&large.url)]);
    assert_eq!(status(&plane.get("/api/x", "").await), 502);
}

#[tokio::test]
async fn headers_of_20_kb_pass_both_ways() {
    let field = "x".repeat(20_000);
    let answer =
        format!("HTTP/1.1 200 OK\r\nX: {field}\r\nY: {field}\r\nContent-Length: 0\r\n\r\n");
    let service = Service::answering(move |_| answer.clone().into_bytes()).await;
    let plane = Plane::start(vec![default(&service.url)]);
    let answer = plane.get("/api/x", &format!("A: {field}\r\nB: {field}\r\n")).await;
    assert_eq!((status(&answer), answer.matches(&field).count()), (200, 2));
    assert_eq!(service.seen()[0].field("b"), Some(&*field));
}

#[tokio::test]
async fn interim_answers_without_an_answer_are_502() {
    for (interim, expected) in [(16, 200), (17, 502)] {
        let service = Service::answering(move |_| {
            [b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(interim), ok("late")].concat()
        })
        .await;
        let plane = Plane::start(vec![default(&service.url)]);
        assert_eq!(status(&plane.get("/api/x", "").await), expected, "{interim}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_resets_a_client_that_could_not_tell() {
    let service = Service::serving(|mut stream| async move {
        next_request(&mut stream, &mut Vec::new()).await;
        let cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
        let _ = stream.write_all(cut).await;
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    stream.write_all(b"GET /api/x HTTP/1.0\r\nHost: x\r\n\r\n").await.unwrap();
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_client_too() {
    for (sent, broken) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "abc"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "3\r\nabc\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n", "3\r\nabc\r\n"),
    ] {
        let service = Service::serving(move |mut stream| async move {
            next_request(&mut stream, &mut Vec::new()).await;
            let _ = stream.write_all(sent.as_bytes()).await;
        })
        .await;
        let plane = Plane::start(vec![default(&service.url)]);
        let answer = plane.get("/api/x", "").await;
        assert!(broken.starts_with(body(&answer)), "{sent:?}: {answer}");
        assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
    }
}

/// A service that answers the first request of each connection and closes it when the next one comes.
async fn closing(requests: Arc<AtomicUsize>) -> Service {
    Service::serving(move |mut stream| {
        let requests = Arc::clone(&requests);
        async move {
            let mut read = Vec::new();
            next_request(&mut stream, &mut read).await;
            requests.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(&ok("first")).await;
            if next_request(&mut stream, &mut read).await.is_some() {
                requests.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await
}

#[tokio::test]
async fn only_what_changes_nothing_is_sent_again_after_it_was_sent() {
    let requests = Arc::new(AtomicUsize::new(0));
    let service = closing(Arc::clone(&requests)).await;
    let one_worker = proxy::Settings { workers: 1, ..Default::default() };
    let plane = Plane::with(one_worker, vec![default(&service.url)]);
    assert_eq!(status(&plane.get("/api/x", "").await), 200);
    assert_eq!(status(&plane.get("/api/x", "").await), 200, "again on a new connection");
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    let counted = r#"refactor_retries_total{application="app-0123456789",route="rte-default000",service="monolith"}"#;
    assert_eq!(plane.metric(counted), 1.0);
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let before = requests.load(Ordering::SeqCst);
        let head = format!(
            "{method} /api/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1"
        );
        let answer = plane.send(head).await;
        assert_eq!(status(&answer), 502, "{method}: it may have been executed");
        assert_eq!(requests.load(Ordering::SeqCst), before + 1, "{method}");
        assert_eq!(status(&plane.get("/api/x", "").await), 200);
    }
}

#[tokio::test]
async fn a_connection_that_its_service_closed_while_idle_is_not_used() {
    let (ended, mut end) = tokio::sync::mpsc::unbounded_channel();
    let service = Service::serving(move |mut stream| {
        let ended = ended.clone();
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            stream.write_all(&ok("only")).await.unwrap();
            // Half-closed: it would still read, and never answer.
            stream.shutdown().await.unwrap();
            ended.send(()).unwrap();
            let mut part = [0; 1024];
            while stream.read(&mut part).await.is_ok_and(|read| read > 0) {}
        }
    })
    .await;
    let one_worker = proxy::Settings { workers: 1, ..Default::default() };
    let plane = Plane::with(one_worker, vec![default(&service.url)]);
    for _ in 0..10 {
        let head =
            "POST /api/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1";
        assert_eq!(status(&plane.send(head).await), 200);
        end.recv().await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_sends_no_more_gets_its_answer() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    stream.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(body(&answer), "hello");
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_502() {
    let plane = Plane::start(vec![default("http://nowhere.invalid")]);
    let answer = plane.get("/api/x", "").await;
    assert_eq!(status(&answer), 502);
    assert!(!answer.contains("nowhere.invalid"), "{answer}");
}
