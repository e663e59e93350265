//! Bodies of every size and framing, both ways, in bounded memory.

use std::time::Duration;

use proxy::{Patience, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::plane::{Plane, body, default, field, status};
use crate::service::{Service, next_request, ok};

const LIMIT: usize = 10 * 1024 * 1024;

#[tokio::test]
async fn an_upload_arrives_whole_and_one_over_the_limit_is_413() {
    let service = Service::answering(|request| ok(&request.body.len().to_string())).await;
    let settings = Settings { upload_limit_bytes: LIMIT as u64, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let any_size = Plane::start(vec![default(&service.url)]);
    let head = "POST /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let sized = |length: usize| {
        let head = format!("{head}Content-Length: {length}\r\n\r\n");
        [head.into_bytes(), vec![b'x'; length]].concat()
    };
    let chunked = |length: usize| {
        let head = format!("{head}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n");
        [head.into_bytes(), vec![b'x'; length], b"\r\n0\r\n\r\n".to_vec()].concat()
    };
    for length in [0, 1, 100_000, LIMIT] {
        assert_eq!(body(&plane.send(sized(length)).await), length.to_string());
        assert_eq!(body(&plane.send(chunked(length)).await), length.to_string());
    }
    for upload in [sized(LIMIT + 1), chunked(LIMIT + 1)] {
        assert_eq!(body(&any_size.send(upload).await), (LIMIT + 1).to_string());
    }
    let before = service.count();
    let answer = plane.send(sized(LIMIT + 1)).await;
    assert_eq!(status(&answer), 413);
    assert!(body(&answer).contains("10485760 bytes (UPLOAD_BYTES"), "{answer}");
    assert_eq!(status(&plane.send(chunked(LIMIT + 1)).await), 413);
    assert_eq!(service.count(), before, "none got to its end");
}

#[tokio::test]
async fn an_answer_arrives_while_it_is_made() {
    let (go_on, wait) = tokio::sync::watch::channel(false);
    let service = Service::serving(move |mut stream| {
        let mut wait = wait.clone();
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nfirst").await.unwrap();
            wait.wait_for(|go_on| *go_on).await.unwrap();
            stream.write_all(b"second").await.unwrap();
        }
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    stream.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("5\r\nfirst\r\n") {
        let mut part = [0; 1000];
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "{answer}");
        answer.push_str(std::str::from_utf8(&part[..read]).unwrap());
    }
    go_on.send(true).unwrap();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("6\r\nsecond\r\n0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn chunks_of_an_old_service_that_pads_them_reach_the_client_clean() {
    let service = Service::answering(|request| {
        let size = if request.line().contains("/tab") { "5\t" } else { "0005  " };
        let size = if request.line().contains("/extended") { "5 ;a=\"b;c\"" } else { size };
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{head}{size}\r\nhello\r\n0  \r\n\r\n").into_bytes()
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    for path in ["/blank", "/tab", "/extended"] {
        let answer = plane.get(&format!("/api{path}"), "").await;
        assert_eq!(body(&answer), "5\r\nhello\r\n0\r\n\r\n", "{path}");
    }
    let upload = "POST /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                  Transfer-Encoding: chunked\r\n\r\n5 ;a=b\r\nhello\r\n0 \r\n\r\n";
    assert_eq!(status(&plane.send(upload).await), 200);
    assert_eq!(service.seen().last().unwrap().body, b"hello");
}

#[tokio::test]
async fn a_body_goes_on_while_its_answer_comes() {
    // An echo: each part is answered before the next is sent.
    let service = Service::serving(|mut stream| async move {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut read).await.unwrap();
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").await.unwrap();
        for _ in 0..3 {
            let byte = stream.read_u8().await.unwrap();
            stream.write_u8(byte).await.unwrap();
        }
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    stream.write_all(b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n").await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert_eq!((status(&head), field(&head, "connection")), (200, Some("close")));
    for byte in b"abc" {
        stream.write_u8(*byte).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), *byte);
    }
}

#[tokio::test]
async fn a_service_that_answers_before_it_has_the_body_is_heard() {
    let service = Service::serving(|mut stream| async move {
        let mut read = Vec::new();
        while !read.windows(4).any(|end| end == b"\r\n\r\n") {
            stream.read_buf(&mut read).await.unwrap();
        }
        let refused = b"HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
        stream.write_all(refused).await.unwrap();
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let head = format!("POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", 1 << 20);
    let mut stream = plane.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("no") {
        let mut part = [0; 1000];
        let read = stream.read(&mut part).await.unwrap();
        answer.push_str(std::str::from_utf8(&part[..read]).unwrap());
    }
    assert_eq!(status(&answer), 401);
}

#[tokio::test]
async fn a_body_over_the_limit_never_becomes_a_request() {
    let service = Service::saying("here").await;
    let settings = Settings { workers: 1, upload_limit_bytes: 100, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let head = "POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n";
    // 1,948 bytes of 2,048. If what was read is read once more, the last 100 bytes of the chunk seem to be its first
    // ones, and what follows looks like the end of the body, and a request.
    let mut content = vec![b'x'; 95];
    content
        .extend(b"\r\n0\r\n\r\nGET /api/hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    content.resize(1_948, b' ');
    let answer = plane.send([head.as_bytes(), &content].concat()).await;
    assert_eq!(status(&answer), 413, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    let seen: Vec<_> = service.seen().iter().map(|request| request.line().to_owned()).collect();
    assert!(!seen.iter().any(|line| line.contains("hidden")), "{seen:?}");
}

#[tokio::test]
async fn a_body_that_passes_the_limit_after_its_answer_began_never_seems_whole() {
    let (seen, mut received) = tokio::sync::watch::channel(None);
    let service = Service::serving(move |mut stream| {
        let seen = seen.clone();
        async move {
            let mut read = Vec::new();
            while !read.ends_with(b"first\r\n") {
                stream.read_buf(&mut read).await.unwrap();
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1").await.unwrap();
            // The answer never ends, so the proxy drops the connection when the service was silent for too long.
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            let _ = seen.send(Some(String::from_utf8(rest).unwrap()));
        }
    })
    .await;
    let patience = Patience { idle: Duration::from_secs(1), ..Patience::default() };
    let settings = Settings { workers: 1, upload_limit_bytes: 20, patience, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    let head = "POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    while stream.read_u8().await.unwrap() != b'1' {}
    let large = format!("20\r\n{}\r\n", "x".repeat(32));
    stream.write_all(large.as_bytes()).await.unwrap();
    stream.write_all(b"5\r\nthird\r\n0\r\n\r\n").await.unwrap();
    let rest = received.wait_for(Option::is_some).await.unwrap().clone();
    assert_eq!(rest.as_deref(), Some(""), "nothing follows what was left out");
}
