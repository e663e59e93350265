//! How `banyan up` ends, and what stays.

use std::future::ready;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use harness::until;
use serde_json::json;

use crate::banyan::signal;
use crate::folder::{Folder, alone};
use crate::names::programs;

#[tokio::test]
async fn sigint_stops_everything_and_the_data_stays() {
    everything_stops_at("INT").await;
}

#[tokio::test]
async fn sigterm_stops_everything_and_the_data_stays() {
    everything_stops_at("TERM").await;
}

async fn everything_stops_at(name: &str) {
    let folder = Folder::new();
    let board = folder.up().await;
    // No other test gets the ports before this one looks at them.
    let _alone = alone().await;
    signal(name, board.banyan.pid());
    let ended = board.banyan.ended().await;
    // Not a little later: when `up` is gone, so is everything it started.
    assert_eq!(folder.programs(), [].into());
    for (program, address) in &board.addresses {
        let refused = TcpStream::connect(address).expect_err(program);
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{program}");
    }
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    let data = folder.data();
    let farewell = format!("stopped; the data stays in {}\n", data.display());
    assert!(ended.stdout.ends_with(&farewell), "{}", ended.stdout);
    for program in programs() {
        assert!(data.join(format!("{program}.db")).is_file(), "{program}");
    }
}

#[tokio::test]
async fn a_restart_of_the_proxy_fails_no_request() {
    let folder = Folder::new();
    let board = folder.up().await;
    let traffic = board.control(&folder.data()).traffic().await.expect("it answers");
    let proxy = traffic[0].from.clone();
    let stop = Arc::new(AtomicBool::new(false));
    let (told, url) = (Arc::clone(&stop), format!("{proxy}/users/1"));
    let client = tokio::spawn(async move {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        while !told.load(Ordering::Relaxed) {
            let answer = client.get(&url).send().await.expect("each request is answered");
            assert_eq!(answer.status(), 200);
        }
    });
    for _ in 0..2 {
        let before = folder.programs()["refactor"];
        folder.run(&["restart", "refactor"]).await;
        assert_ne!(folder.programs()["refactor"], before, "it is another process");
    }
    // A new one that cannot use the keys leaves the old one as it is.
    let keys = folder.data().join("refactor/credentials.json");
    let kept = std::fs::read(&keys).expect("there are keys");
    std::fs::write(&keys, "{").expect("they can be written");
    let before = folder.programs()["refactor"];
    let failed = folder.run(&["restart", "refactor"]).await;
    std::fs::write(&keys, kept).expect("they can be written");
    assert_eq!(failed.code, Some(1), "{}", failed.stdout);
    assert!(failed.stderr.contains("refactor goes on as it was: "), "{}", failed.stderr);
    assert!(failed.stderr.contains("credentials.json"), "{}", failed.stderr);
    assert_eq!(folder.programs()["refactor"], before);
    stop.store(true, Ordering::Relaxed);
    client.await.expect("no request failed");
    let before = folder.programs()["users"];
    folder.run(&["restart", "users"]).await;
    assert_ne!(folder.programs()["users"], before);
    assert_eq!(board.get("users", "/api/users/1").await.status, 200);
}

#[tokio::test]
async fn up_that_is_told_twice_to_stop_does_not_wait_for_what_is_in_flight() {
    let folder = Folder::new();
    let mut board = folder.up().await;
    let mut client = TcpStream::connect(board.address("monolith")).expect("it listens");
    let head = "POST /api/users HTTP/1.1\r\nhost: b\r\ncontent-type: application/json\r\n\
                content-length: 40\r\nexpect: 100-continue\r\n\r\n";
    client.write_all(head.as_bytes()).expect("it takes a request");
    let mut line = String::new();
    BufReader::new(&client).read_line(&mut line).expect("it answers");
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n", "it waits for the body");

    signal("INT", board.banyan.pid());
    board.banyan.says("\nstopping\n").await;
    until("only one is left", || ready(folder.programs().keys().eq(["monolith"]))).await;
    signal("INT", board.banyan.pid());
    let ended = board.banyan.ended().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert_eq!(ended.stderr, "banyan: told twice to stop, so it did not wait\n");
    assert!(!ended.stdout.contains("stopped"), "{}", ended.stdout);
    assert!(folder.programs().contains_key("monolith"), "it still waits for the body");
    drop(client);
    until("it has ended", || ready(folder.programs().is_empty())).await;
}

#[tokio::test]
async fn what_was_stored_is_there_when_up_is_started_again() {
    let folder = Folder::new();
    let board = folder.up().await;
    let bmo = json!({"username": "bmo", "name": "BMO"});
    let bmo = board.post("monolith", "/api/users", &bmo).await.created();
    folder.switch(&["users"]).await;
    let ice_king = json!({"username": "ice-king", "name": "Simon Petrikov"});
    let ice_king = board.post("users", "/api/users", &ice_king).await.created();
    let mut paths = Vec::new();
    for id in [bmo, ice_king] {
        let path = format!("/api/users/{id}");
        let stored = board.get("users", &path).await;
        assert_eq!(stored.status, 200, "{}", stored.body);
        paths.push((path, stored.body));
    }
    signal("TERM", board.banyan.pid());
    assert_eq!(board.banyan.ended().await.code, Some(0));

    let board = folder.up().await;
    for (path, body) in paths {
        assert_eq!(board.get("users", &path).await.body, body);
        // At other addresses than before, the monolith finds the program that it follows.
        until("the monolith follows", async || board.get("monolith", &path).await.body == body)
            .await;
    }
    // The demo data is there once, with the users behind it.
    let all = board.get("users", "/api/users").await.json();
    assert_eq!(all.as_array().map(Vec::len), Some(6));
}
