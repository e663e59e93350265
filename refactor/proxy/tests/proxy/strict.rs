//! Requests that two programs could read in two ways: refused, and nothing of them forwarded.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::plane::{Plane, default, field, status};
use crate::service::Service;

#[tokio::test]
async fn ambiguous_requests_are_refused_and_end_the_connection() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let smuggled = "GET /api/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    for (fields, expected) in [
        ("Content-Length: 0\r\nContent-Length: 5\r\n", 400),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", 400),
        ("Content-Length: 5, 6\r\n", 400),
        ("Content-Length: +5\r\n", 400),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400),
        ("Transfer-Encoding: identity\r\n", 501),
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("Transfer-Encoding: \"chunked\"\r\n", 501),
        ("Transfer-Encoding : chunked\r\n", 400),
        ("Transfer-Encoding:\n chunked\r\n", 400),
        ("X: y\r\n Transfer-Encoding: chunked\r\n", 400),
        ("X: y\nTransfer-Encoding: chunked\r\n", 400),
        ("X: y\rTransfer-Encoding: chunked\r\n", 400),
        ("X: y\0\r\n", 400),
        ("Host: y\r\n", 400),
        ("Expect: something\r\n", 417),
    ] {
        let request = format!("POST /api HTTP/1.1\r\nHost: x\r\n{fields}\r\n0\r\n\r\n{smuggled}");
        let answer = plane.send(request).await;
        assert_eq!(status(&answer), expected, "{fields:?}: {answer}");
        assert_eq!(field(&answer, "connection"), Some("close"), "{fields:?}");
        assert_eq!(field(&answer, "content-type"), Some("application/problem+json"));
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{fields:?}: {answer}");
    }
    for (start, expected) in [
        ("GET /api HTTP/1.1\n", 400),
        ("GET /api\n\n", 400),
        ("GET  /api HTTP/1.1\r\n", 400),
        (" GET /api HTTP/1.1\r\n", 400),
        ("GET /api HTTP/3.0\r\n", 505),
        ("GET /api/\u{e9} HTTP/1.1\r\n", 400),
        ("GET api HTTP/1.1\r\n", 400),
        ("\x16\x03\x01\x02", 400),
    ] {
        let answer = plane.send(format!("{start}Host: x\r\n\r\n{smuggled}")).await;
        assert_eq!(status(&answer), expected, "{start:?}");
    }
    assert_eq!(status(&plane.send("GET /api HTTP/1.1\r\n\r\n").await), 400, "no Host");
    assert_eq!(service.count(), 0);
}

#[tokio::test]
async fn an_authority_is_looked_at_in_every_form() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let close = "Connection: close\r\n";
    for (target, host) in [
        ("http://a/api", ""),
        ("http://a/api", "Host: a b\r\n"),
        ("http://a/api", "Host: a\r\nHost: a\r\n"),
        ("http:///api", "Host: a\r\n"),
        ("http://m:s@a/api", "Host: a\r\n"),
        ("http://:8080/api", "Host: :8080\r\n"),
        ("http://a:x/api", "Host: a\r\n"),
        ("/api", "Host: a:x\r\n"),
        ("/api", "Host: a:99999\r\n"),
        ("/api", "Host: m:s@a\r\n"),
        ("/api", "Host: ::1\r\n"),
        ("/api", "Host: [::1\r\n"),
        ("/api", "Host: a%2\r\n"),
    ] {
        let answer = plane.send(format!("GET {target} HTTP/1.1\r\n{host}{close}\r\n")).await;
        assert_eq!(status(&answer), 400, "{target} {host}");
    }
    assert_eq!(service.count(), 0);
    for (target, host) in [
        ("http://a/api", "Host: a\r\n"),
        ("http://a:8080/api", "Host: b\r\n"),
        ("http://[::1]:8080/api", "Host: [::1]:8080\r\n"),
        ("/api", "Host: a_b.example.:8080\r\n"),
        ("/api", "Host: a:\r\n"),
    ] {
        let answer = plane.send(format!("GET {target} HTTP/1.1\r\n{host}{close}\r\n")).await;
        assert_eq!(status(&answer), 200, "{target} {host}");
    }
}

#[tokio::test]
async fn wrong_chunks_end_the_request_half_way() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&service.url)]);
    for chunks in [
        "x\r\n",
        "-1\r\n",
        "0x1\r\na\r\n",
        "1\na\r\n",
        "1\r\nab\r\n",
        " 1\r\na\r\n",
        "1 1\r\na\r\n",
        "fffffffffffffffff\r\n",
    ] {
        let head = "POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = plane.send(format!("{head}{chunks}")).await;
        assert_eq!(status(&answer), 400, "{chunks:?}: {answer}");
    }
    assert_eq!(service.count(), 0, "none got to its end");
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let fits = format!("/api/{}", "x".repeat(10_235));
    assert_eq!(status(&plane.get(&fits, "").await), 200);
    for (path, fields, expected) in [
        (format!("{fits}x"), String::new(), 414),
        (format!("{fits}{fits}"), String::new(), 414),
        ("/api".to_owned(), format!("X: {}\r\n", "x".repeat(65_536)), 431),
        ("/api".to_owned(), "X: y\r\n".repeat(101), 431),
    ] {
        assert_eq!(status(&plane.get(&path, &fields).await), expected);
    }
    assert_eq!(status(&plane.get("/api", &format!("X: {}\r\n", "x".repeat(65_000))).await), 200);
}

#[tokio::test]
async fn http_1_0_gets_an_answer_that_ends_with_the_connection() {
    let service = Service::answering(|_| {
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_vec()
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let answer = plane.send("GET /api HTTP/1.0\r\n\r\n").await;
    assert!(answer.ends_with("\r\n\r\nabc"), "{answer}");
    assert_eq!(field(&answer, "transfer-encoding"), None);
    let old = "POST /api HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(status(&plane.send(old).await), 400);
}

#[tokio::test]
async fn a_head_that_arrives_byte_by_byte_is_a_head() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    stream.set_nodelay(true).unwrap();
    for byte in b"\r\nGET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(status(&answer), 200);
}

#[tokio::test]
async fn a_head_that_does_not_come_to_its_end_is_408() {
    let plane = Plane::start(vec![]);
    let answer = plane.send("GET /api HTTP/1.1\r\nHost: x\r\n").await;
    assert_eq!(status(&answer), 408, "{answer}");
}
