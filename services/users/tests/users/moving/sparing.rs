//! A copy is in no hurry where its source's clients wait.

use std::time::Duration;

use futures_util::future::join_all;
use harness::{Setup, until};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{USERS, digest};
use crate::BINARY;

#[tokio::test]
async fn a_copy_spares_a_source_whose_clients_wait() {
    let source = Setup::new(BINARY).movable().start().await;
    let target = Setup::new(BINARY).movable().start().await;
    // More than a page of the feed holds.
    let bio = "\u{1F3B8}".repeat(1_000);
    for tens in 0..130 {
        let created = (tens * 10..tens * 10 + 10).map(async |number| {
            let user = format!("user{number}");
            let user = json!({"username": user, "name": "Marceline", "bio": bio});
            source.json("POST", "/api/users", &user).await.status
        });
        assert_eq!(join_all(created).await, [201; 10]);
    }
    let clients = async {
        let client = async || loop {
            source.get("/api/users/1").await;
            sleep(Duration::from_millis(20)).await;
        };
        join_all((0..8).map(|_| client())).await;
    };
    // It stands still again and again, and longer each time.
    let stops = async {
        for ms in (50..).step_by(10) {
            harness::signal("STOP", source.pid());
            sleep(Duration::from_millis(ms)).await;
            harness::signal("CONT", source.pid());
            sleep(Duration::from_millis(50)).await;
        }
    };
    let copied = async {
        let busy = async || source.ask(USERS, "changes?limit=1").await.json()["busy"] == true;
        until("its clients wait", busy).await;
        target.done(USERS, "follow", json!({"source": source.collection(USERS)})).await;
        target
            .owns_so(USERS, "it copies more slowly, and says why", |document| {
                let Value::Object(following) = &document["following"] else { return false };
                let detail = following["detail"].as_str().unwrap_or_default();
                following["state"] == "copying"
                    && following["throttled"] == true
                    && detail.contains("wait longer than usual")
            })
            .await;
    };
    tokio::select! {
        () = clients => {}
        () = stops => {}
        () = copied => {}
    }
    harness::signal("CONT", source.pid());
    target.follows(USERS).await;
    assert_eq!(digest(&target).await, digest(&source).await);
}
