//! Clients who mean no good, or do not know better.

use std::io::{Read, Write};
use std::net::TcpStream;

use harness::{Program, Setup};

async fn board() -> Program {
    Setup::new(crate::BINARY).demo().start().await
}

/// Sends the bytes and reads until the program closes the connection, on a thread of its own.
async fn exchange(board: &Program, bytes: Vec<u8>) -> String {
    let address = board.address().to_owned();
    let talk = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        // The program may refuse in the middle of it.
        let _ = stream.write_all(&bytes);
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
