//! An orderly end: what is in flight is finished, nothing is waited for that nobody is doing.

use std::io::{Read, Write};
use std::net::TcpStream;

use harness::{Setup, until};
use rusqlite::Connection;

const BODY: &str = r#"{"username":"bmo","name":"BMO"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_finished_and_then_the_program_ends() {
    let mut board = Setup::new(crate::BINARY).start().await;
    let mut idle = TcpStream::connect(board.address()).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answered = [0; 12];
    idle.read_exact(&mut answered).unwrap();
    assert_eq!(&answered, b"HTTP/1.1 200");

    let mut busy = TcpStream::connect(board.address()).unwrap();
    let length = BODY.len();
    let head = format!(
        "POST /api/users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    );
    let (first, rest) = BODY.split_at(5);
    busy.write_all(format!("{head}{first}").as_bytes()).unwrap();
    until("the request is being worked on", || async {
        board.get("/metrics").await.body.contains("http_requests_in_flight 2")
    })
    .await;
    board.terminate();
    let address = board.address().to_owned();
    until("nobody new is let in", || async { TcpStream::connect(&address).is_err() }).await;
    busy.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(board.ended().await.success(), "{}", board.log());
    assert!(board.log().contains("told by SIGTERM"), "{}", board.log());
    let file = board.setup().folder().join("test.db");
    let users: u64 = Connection::open(file)
        .unwrap()
        .query_row("SELECT count(*) FROM users", [], |row| row.get(0))
        .unwrap();
    assert_eq!(users, 1);
}
