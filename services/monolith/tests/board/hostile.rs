//! Clients that mean no good, or do not know better.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use harness::{Program, Setup};

async fn board() -> Program {
    Setup::new(crate::BINARY).demo().start().await
}

/// Sends the bytes and reads until the program closes the connection, on a thread of its own.
async fn exchange(board: &Program, bytes: Vec<u8>) -> String {
    talk(board, bytes, false).await
}

/// The same, and sends no more once the bytes are sent.
async fn half_closed(board: &Program, request: String) -> String {
    talk(board, request.into(), true).await
}

async fn talk(board: &Program, bytes: Vec<u8>, half_close: bool) -> String {
    let address = board.address().to_owned();
    let talk = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        // The program may refuse in the middle of it.
        let _ = stream.write_all(&bytes);
        if half_close {
            stream.shutdown(Shutdown::Write).unwrap();
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::task::spawn_blocking(talk).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_sent_away_and_hold_up_nobody() {
    let board = board().await;
    let head = "POST /api/users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let slow_head = exchange(&board, head.into());
    let slow_body = exchange(&board, format!("{head}content-length: 100\r\n\r\n{{").into());
    let others = async {
        for _ in 0..100 {
            assert_eq!(board.get("/api/users/1").await.status, 200);
        }
    };
    let (slow_head, slow_body, ()) = tokio::join!(slow_head, slow_body, others);
    assert!(slow_head.starts_with("HTTP/1.1 408"), "{slow_head}");
    assert!(slow_body.starts_with("HTTP/1.1 408"), "{slow_body}");
    assert!(slow_body.contains("application/problem+json"), "{slow_body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_over_the_limit_are_refused_without_being_read() {
    let board = board().await;
    let head = "POST /api/users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let announced = format!("{head}content-length: 1000000000000\r\n\r\n");
    let announced = exchange(&board, announced.into()).await;
    assert!(announced.starts_with("HTTP/1.1 413"), "{announced}");
    let sent = format!("{head}content-length: 5000000\r\n\r\n{}", " ".repeat(5_000_000));
    let sent = exchange(&board, sent.into()).await;
    assert!(sent.starts_with("HTTP/1.1 413"), "{sent}");
    let mut chunked = format!("{head}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..64 {
        chunked.extend(format!("4000\r\n{}\r\n", " ".repeat(0x4000)).into_bytes());
    }
    chunked.extend(b"0\r\n\r\n");
    let chunked = exchange(&board, chunked).await;
    assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    assert_eq!(board.get("/api/users/1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_order() {
    let board = board().await;
    let mut requests: String = (0..200)
        .map(|number| format!("GET /api/users/{} HTTP/1.1\r\nhost: x\r\n\r\n", 1 + number % 4))
        .collect();
    requests.push_str("GET /api/users/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answers = exchange(&board, requests.into()).await;
    let ids: Vec<_> = answers.split("{\"id\":").skip(1).map(|rest| &rest[..1]).collect();
    assert_eq!(ids.len(), 201, "{answers}");
    assert!(ids.iter().enumerate().all(|(number, id)| *id == (1 + number % 4).to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_refused() {
    let board = board().await;
    let long = "x".repeat(200_000);
    for request in [
        "nonsense\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned(),
        "POST /api/users HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nhost: x\r\nx-a: b\r\n c\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: x\r\nx-a: {long}\r\n\r\n"),
    ] {
        let answer = exchange(&board, request.clone().into()).await;
        // What is far too long may be refused before it is sent to its end.
        let cut = answer.is_empty() && request.len() > long.len();
        assert!(answer.starts_with("HTTP/1.1 4") || cut, "{request:.80}: {answer}");
    }
    assert_eq!(board.get("/api/users/1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_ignored_whatever_it_asks_for() {
    let board = board().await;
    let body = |name: &str| format!(r#"{{"username":"{name}","name":"Up"}}"#);
    for (number, (protocol, option)) in [
        ("TLS/1.2", "Upgrade"),
        ("TLS/1.2, HTTP/1.1", "keep-alive, upgrade"),
        ("h2c, TLS/1.2", "Upgrade, HTTP2-Settings"),
        ("websocket", "Upgrade"),
        ("websocket", "keep-alive"),
        ("WebSocket, TLS/1.2", "Upgrade"),
        ("", "Upgrade"),
    ]
    .into_iter()
    .enumerate()
    {
        let fields = format!("host: a\r\nconnection: {option}\r\nupgrade: {protocol}\r\n");
        let read = format!("GET /api/users/1 HTTP/1.1\r\n{fields}\r\n");
        let read = exchange(&board, read.into()).await;
        assert!(read.starts_with("HTTP/1.1 200"), "{protocol}: {read}");
        assert!(!read.to_lowercase().contains("upgrade"), "{protocol}: {read}");

        let json =
            format!("POST /api/users HTTP/1.1\r\n{fields}content-type: application/json\r\n");
        let sized = body(&format!("sized{number}"));
        let length = sized.len();
        let sized = format!("{json}content-length: {length}\r\n\r\n{sized}");
        let chunked = body(&format!("chunked{number}"));
        let length = chunked.len();
        let chunked =
            format!("{json}transfer-encoding: chunked\r\n\r\n{length:x}\r\n{chunked}\r\n0\r\n\r\n");
        for (request, status) in [(sized, 201), (chunked, 201), (format!("{json}\r\n"), 400)] {
            let answer = exchange(&board, request.into()).await;
            let expected = format!("HTTP/1.1 {status}");
            assert!(answer.starts_with(&expected), "{protocol}, {option}: {answer}");
        }
    }
    let too_short = "POST /api/users HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n\
                     content-type: application/json\r\ncontent-length: 90\r\n\r\n";
    let too_short = half_closed(&board, format!("{too_short}{}", body("cut"))).await;
    assert!(too_short.starts_with("HTTP/1.1 400"), "{too_short}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_is_looked_at_in_every_form() {
    let board = board().await;
    for (target, host) in [
        ("http://m:s@a/healthz", "a"),
        ("http://a:x/healthz", "a"),
        ("http:///healthz", "a"),
        ("http://:80/healthz", ":80"),
        ("http://a/healthz", "a b"),
        ("/healthz", "a b"),
        ("/healthz", "a:x"),
        ("/healthz", "m:s@a"),
        ("/healthz", ":80"),
    ] {
        let answer = exchange(&board, closing(target, host)).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{target} {host}: {answer}");
    }
    for (target, host) in [
        ("/healthz", "a:80"),
        ("/healthz", ""),
        ("http://a:80/healthz", "a"),
        ("/healthz", "[::1]"),
    ] {
        let answer = exchange(&board, closing(target, host)).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{target} {host}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_is_one_path_however_many_slashes_it_has() {
    let board = board().await;
    let plain = board.get("/api/users/1").await.body;
    for path in ["//api/users/1", "/api//users//1", "/api/users/1//", "/api/%75sers/1"] {
        let answer = exchange(&board, closing(path, "a")).await;
        assert!(answer.ends_with(&plain), "{path}: {answer}");
    }
    // Neither these nor what the proxy makes of them is the path without.
    for path in ["/api/users%2F1", "/api/%2Fusers/1", "/api/users;a=b/1", "/api/Users/1"] {
        let answer = exchange(&board, closing(path, "a")).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
}

fn closing(target: &str, host: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").into()
}
