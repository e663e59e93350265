//! Clients of the proxy while the primary changes: each gets one answer to each request, and reads what it wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use harness::until;
use serde_json::{Value, json};

use crate::board::{Board, LAG_MS};
use crate::on_both_engines;

on_both_engines!(clients_of_the_proxy_only_wait_while_the_primary_changes);

/// How many write at the same time.
const CLIENTS: usize = 4;

async fn clients_of_the_proxy_only_wait_while_the_primary_changes(board: Board) {
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (url, stop) = (format!("{}/api/users", board.proxy), Arc::clone(&stop));
            tokio::spawn(write(number, url, stop))
        })
        .collect();
    for verb in ["switch", "reverse", "switch", "reverse", "switch"] {
        board.settled("users").await;
        let done = board.tell("users", verb, json!({ "force": true, "maxLagMs": LAG_MS })).await;
        done.unwrap_or_else(|error| panic!("{verb}: {error}"));
    }
    stop.store(true, Ordering::Relaxed);
    let mut written = 4;
    for client in clients {
        let count = client.await.expect("it got every answer that it asked for");
        assert!(count > 0, "it wrote nothing");
        written += count;
    }
    for program in ["users", "monolith"] {
        until("both have everything that was answered", async || {
            count(&board, program).await == written
        })
        .await;
    }
    assert_eq!(board.compare("users").await.diff.state, "verified");
}

/// Writes users and reads each of them, until told to stop; gives how many there are.
async fn write(client: usize, url: String, stop: Arc<AtomicBool>) -> usize {
    // Connections and headers of its own: to the proxy it is a client of its own.
    let http = runtime::http_client(false).expect("a client");
    let agent = format!("client-{client}");
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let name = format!("client-{client}-{count}");
        let body = json!({ "username": name, "name": name }).to_string();
        let request = http.post(&url).header("user-agent", &agent);
        let request = request.header("content-type", "application/json").body(body);
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert_eq!(status, 201, "{name}: {text}");
        count += 1;
        let made: Value = serde_json::from_str(&text).expect("JSON");
        let read = http.get(format!("{url}/{}", made["id"])).header("user-agent", &agent);
        let status = read.send().await.expect("an answer").status();
        assert_eq!(status, 200, "{name} reads what it wrote");
    }
    count
}

/// How many users a program has.
async fn count(board: &Board, program: &str) -> usize {
    let (mut count, mut after) = (0, 0);
    loop {
        let path = format!("/api/users?limit=1000&after={after}");
        let page = board.send(program, "GET", &path, &Value::Null).await.json();
        let page = page.as_array().expect("a list");
        let Some(last) = page.last() else { return count };
        count += page.len();
        after = last["id"].as_u64().expect("an id");
    }
}
