//! An orderly end: what is in flight is finished, and nothing else is waited for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use harness::{Setup, until};
use rusqlite::Connection;
use tokio::task::JoinHandle;
use tokio_postgres::NoTls;

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
    until("no new connection is let in", || async { TcpStream::connect(&address).is_err() }).await;
    busy.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(board.ended().await.success(), "{}", board.log());
    board.logged("told by SIGTERM").await;
    let file = board.setup().folder().join("test.db");
    let users: u64 = Connection::open(file)
        .unwrap()
        .query_row("SELECT count(*) FROM users", [], |row| row.get(0))
        .unwrap();
    assert_eq!(users, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_told_that_it_ends_before_it_is_closed() {
    let mut board = Setup::new(crate::BINARY).start().await;
    let get = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut kept = BufReader::new(TcpStream::connect(board.address()).unwrap());
    let mut asked = 0;
    // A client that sends its next request just now gets an answer, and hears when that is the last one.
    loop {
        kept.get_mut().write_all(get).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = kept.read_line(&mut head).unwrap();
            assert!(read > 0, "closed without a word: {head:?}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        kept.read_exact(&mut [0; "alive".len()]).unwrap();
        asked += 1;
        if head.to_lowercase().contains("connection: close") {
            break;
        }
        if asked == 1 {
            board.terminate();
        }
    }
    assert!(asked > 1, "it was not told to stop yet");
    assert_eq!(kept.read(&mut [0]).unwrap(), 0);
    assert!(board.ended().await.success(), "{}", board.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_told_to_stop_is_first_not_ready_while_it_takes_requests() {
    let delay = Setup::new(crate::BINARY).env("DRAIN_DELAY_SECONDS", "3600");
    let mut board = delay.start().await;
    assert_eq!(board.get("/readyz").await.status, 200);
    board.terminate();
    until("it is not ready", || async { board.get("/readyz").await.status == 503 }).await;
    let ready = board.get("/readyz").await;
    assert!(ready.body.contains("this program is stopping"), "{}", ready.body);
    let alive = board.get("/healthz").await;
    assert_eq!((alive.status, alive.header("connection")), (200, ""), "as before");
    let made =
        board.send("POST", "/api/users", &[("content-type", "application/json")], BODY).await;
    assert_eq!(made.status, 201);
    board.terminate();
    let ended = board.ended().await;
    assert_eq!(ended.code(), Some(1), "a second signal ends it at once: {}", board.log());
    board.logged("told again, by SIGTERM").await;
}

#[test]
fn a_program_that_waits_for_its_database_stops_in_order() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://board@{}/board", silent.local_addr().unwrap());
    let mut board = Command::new(crate::BINARY)
        .env_clear()
        .envs([("HOST", "127.0.0.1"), ("PORT", "0"), ("DATABASE_URL", &url)])
        .spawn()
        .unwrap();
    let connection = silent.accept().unwrap();
    harness::signal("TERM", board.id());
    assert_eq!(board.wait().unwrap().code(), Some(0), "no signal ended it");
    drop(connection);
}

/// A worker that has nothing to do ends at once, and must not take along what others wait for.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn writes_that_wait_for_postgresql_are_finished_too() {
    let database = harness::postgres().await;
    let url = database.url().to_owned();
    let setup = Setup::new(crate::BINARY).demo().postgres(database).env("BANYAN_WORKERS", "4");
    let mut board = setup.start().await;
    let connect = async || {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    };
    // A transaction sees one moment of what the server does, so it takes two to look again.
    let (mut client, watcher) = (connect().await, connect().await);
    let holder = client.transaction().await.unwrap();
    holder.execute("SELECT id FROM users WHERE id = 1 FOR UPDATE", &[]).await.unwrap();

    let address = board.address().to_owned();
    let patches: Vec<_> = (0..3).map(|number| patch(address.clone(), number)).collect();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                   AND datname = current_database()";
    until("all three wait for the row", || async {
        watcher.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 3
    })
    .await;
    board.terminate();
    until("no new connection is let in", || async { TcpStream::connect(&address).is_err() }).await;
    holder.rollback().await.unwrap();
    for patch in patches {
        let answer = patch.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert!(board.ended().await.success(), "{}", board.log());
}

/// Changes the bio of user 1 over a connection of its own; gives the whole answer.
fn patch(address: String, number: u64) -> JoinHandle<String> {
    tokio::task::spawn_blocking(move || {
        let body = format!("{{\"bio\":\"{number}\"}}");
        let length = body.len();
        let mut stream = TcpStream::connect(address).unwrap();
        let head = "PATCH /api/users/1 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
        let request = format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
}
