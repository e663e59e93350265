//! How `banyan up` ends, and what stays.

use std::io::ErrorKind;
use std::net::TcpStream;

use serde_json::json;

use crate::banyan::signal;
use crate::folder::{Folder, alone};

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
    // Nobody else is given the ports before they are looked at.
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
    for (program, _) in board.addresses {
        assert!(data.join(format!("{program}.db")).is_file(), "{program}");
    }
}

#[tokio::test]
async fn what_was_stored_is_there_when_up_is_started_again() {
    let folder = Folder::new();
    let board = folder.up().await;
    let bmo = json!({"username": "bmo", "name": "BMO"});
    let mut paths = Vec::new();
    for program in ["monolith", "users"] {
        let id = board.post(program, "/api/users", &bmo).await.created();
        let path = format!("/api/users/{id}");
        let stored = board.get(program, &path).await;
        assert_eq!((stored.status, &stored.json()["username"]), (200, &json!("bmo")));
        paths.push((program, path, stored.body));
    }
    signal("TERM", board.banyan.pid());
    assert_eq!(board.banyan.ended().await.code, Some(0));

    let board = folder.up().await;
    for (program, path, body) in paths {
        assert_eq!(board.get(program, &path).await.body, body, "{program}");
        // The demo data is there once, with the user behind it.
        let all = board.get(program, "/api/users").await.json();
        assert_eq!(all.as_array().map(Vec::len), Some(5), "{program}");
    }
}
