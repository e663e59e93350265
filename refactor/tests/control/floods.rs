//! Clients without keys that hold the control port: all others are answered, and the process stays small.

use std::fs;
use std::time::Duration;

use harness::{Program, until};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::client::{Request, call, get, post, setup};

/// More than the control port serves at once.
const CONNECTIONS: usize = 300;

async fn connect_from(program: &Program, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(program.address().parse().unwrap()).await.unwrap()
}

/// The status of the next answer, of which only the head is read.
async fn status(stream: &mut TcpStream) -> u16 {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8_lossy(&read).split(' ').nth(1).unwrap().parse().unwrap()
}

/// `GET` of `/healthz` from an address, on a connection of its own; true if it was answered within a second.
async fn is_alive(program: &Program, from: &str) -> bool {
    let asked = async {
        let mut stream = connect_from(program, from).await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        answer.ends_with("alive").then_some(())
    };
    tokio::time::timeout(Duration::from_secs(1), asked).await.is_ok_and(|answer| answer.is_some())
}

/// The memory of the process that is in use, in KiB.
fn resident_kib(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn connections_that_are_only_held_keep_out_no_request() {
    let program = setup().start().await;
    let mut held = Vec::new();
    for n in 0..CONNECTIONS {
        let mut stream = connect_from(&program, "127.0.0.1").await;
        // Nothing, and half a head.
        if n % 2 == 0 {
            let _ = stream.write_all(b"GET /environments HTTP/1.1\r\nHost: loc").await;
        }
        held.push(stream);
    }
    for from in ["127.0.0.2", "127.0.0.1"] {
        until(from, || is_alive(&program, from)).await;
    }
    assert_eq!(get(&program, "/environments").await, json!({ "EnvironmentSummaryList": [] }));
    post(&program, "/environments", &json!({ "Name": "env", "NetworkFabricType": "NONE" })).await;
}

#[tokio::test]
async fn a_connection_without_a_signature_carries_one_request() {
    let program = setup().start().await;
    for path in ["/healthz", "/readyz", "/metrics", "/environments", "/nowhere"] {
        let mut stream = connect_from(&program, "127.0.0.1").await;
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.to_ascii_lowercase().contains("connection: close"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_an_operators_is_not_read() {
    let program = setup().start().await;
    let before = resident_kib(&program);
    let authorization = |key: &str| {
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260131/local/refactor-spaces/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature=0"
        )
    };
    let mut held = Vec::new();
    let part = vec![b'x'; 64 * 1024];
    for n in 0..250 {
        let mut stream = connect_from(&program, "127.0.0.3").await;
        let authorization = match n % 2 {
            0 => String::new(),
            _ => format!(
                "Authorization: {}\r\nX-Amz-Date: 20260131T120000Z\r\n",
                authorization("AKIAOTHER")
            ),
        };
        let head = format!(
            "POST /environments HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Length: 2097152\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(status(&mut stream).await, 403, "before its body");
        let _ = stream.try_write(&part);
        held.push(stream);
    }
    until("another client is answered", || is_alive(&program, "127.0.0.2")).await;
    let grown = resident_kib(&program).saturating_sub(before);
    assert!(grown < 40_000, "{grown} KiB more");
}

#[tokio::test]
async fn bodies_whose_signature_is_not_checked_yet_share_little_memory() {
    let program = setup().start().await;
    let before = resident_kib(&program);
    // Their form is that of an operator's. All but the last byte of each body is sent.
    let body = "x".repeat(2 * 1024 * 1024);
    let request = Request::new(&program, "POST", "/environments", body);
    let mut head = format!("POST /environments HTTP/1.1\r\nHost: {}\r\n", program.address());
    for (name, value) in request.headers(program.address()) {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", request.body.len());
    let mut streams = Vec::new();
    for _ in 0..100 {
        let mut stream = connect_from(&program, "127.0.0.3").await;
        stream.write_all(head.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    // 16 MiB for all clients together, of which one gets three quarters: six bodies.
    until("all others are told", || {
        streams.retain(|stream| stream.try_read(&mut [0; 4096]).is_err());
        std::future::ready(streams.len() == 6)
    })
    .await;
    for stream in &mut streams {
        stream.write_all(&request.body.as_bytes()[1..]).await.unwrap();
    }
    let grown = resident_kib(&program).saturating_sub(before);
    assert!(grown < 64_000, "{grown} KiB more");
    // Another client's body finds room.
    let environment = json!({ "Name": "env", "NetworkFabricType": "NONE" });
    assert_eq!(call(&program, "POST", "/environments", &environment).await.status, 200);
    assert_ne!(get(&program, "/environments").await, Value::Null);
}
