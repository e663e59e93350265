//! How fast a copy goes: no faster than it was told, and slower if its source's clients wait.

use std::time::Duration;

use futures_util::future::join_all;
use harness::{Setup, until};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::relay::{Relay, Relaying};
use super::{USERS, digest, source_with};
use crate::BINARY;

#[tokio::test]
async fn a_copy_goes_no_faster_than_it_was_told() {
    // So many that the copy is far from through while this test looks.
    let source = source_with(300).await;
    let target = Setup::new(BINARY).movable().start().await;
    let start = std::time::Instant::now();
    let body = json!({"source": source.collection(USERS), "maxRowsPerSecond": 10});
    let document = target.done(USERS, "follow", body.clone()).await;
    assert_eq!(document["role"], "follower");
    target
        .ownership_is(USERS, "it is held back", |document| {
            document["following"]["throttled"] == true
        })
        .await;
    // Again, without a limit: nothing else changes.
    let free = json!({"source": source.collection(USERS)});
    until("ten rows are there", || async {
        target.ownership(USERS).await["following"]["rows"].as_u64() >= Some(10)
    })
    .await;
    assert!(start.elapsed() > Duration::from_millis(500), "{:?}", start.elapsed());
    target.done(USERS, "follow", free).await;
    target.follows(USERS).await;
    assert_eq!(digest(&target).await, digest(&source).await);
}

#[tokio::test]
async fn a_limit_outlives_the_program_and_not_the_copy() {
    let source = source_with(300).await;
    let target = Setup::new(BINARY).movable().start().await;
    let slow = json!({"source": source.collection(USERS), "maxRowsPerSecond": 2});
    target.done(USERS, "follow", slow.clone()).await;
    let held_back = |document: &Value| {
        let following = &document["following"];
        following["throttled"] == true && following["rows"].as_u64() > Some(0)
    };
    target.ownership_is(USERS, "it is held back", held_back).await;
    let target = target.restart().await;
    target.ownership_is(USERS, "it is held back again", held_back).await;
    let document = target.ownership(USERS).await;
    assert_eq!(document["following"]["state"], "copying", "{document}");
    assert_eq!(document["maxRowsPerSecond"], 2, "{document}");
    target.done(USERS, "cancel", json!({})).await;
    assert_eq!(target.ownership(USERS).await["maxRowsPerSecond"], Value::Null);
    // Told so, it goes as fast as it can, after another start too.
    target.done(USERS, "follow", slow).await;
    let free = json!({"source": source.collection(USERS)});
    target.done(USERS, "follow", free).await;
    let target = target.restart().await;
    target.follows(USERS).await;
    assert_eq!(target.ownership(USERS).await["following"]["throttled"], false);
    assert_eq!(digest(&target).await, digest(&source).await);
}

#[tokio::test]
async fn a_copy_spares_a_source_whose_clients_wait() {
    let source = source_with(300).await;
    let relay = Relay::start(source.address());
    // What the source says by itself depends on what else its machine does.
    relay.set(Relaying::Calm);
    let target = Setup::new(BINARY).movable().start().await;
    // So slow that it is far from through when it hears that the source's clients wait.
    let slow = json!({"source": relay.collection(USERS), "maxRowsPerSecond": 2});
    target.done(USERS, "follow", slow).await;
    let says_why = |document: &Value| {
        let following = &document["following"];
        let detail = following["detail"].as_str().unwrap_or_default();
        following["throttled"] == true && detail.contains("wait longer than usual")
    };
    let copies = |document: &Value| {
        let following = &document["following"];
        following["state"] == "copying" && following["rows"].as_u64() > Some(0)
    };
    target.ownership_is(USERS, "it copies", copies).await;
    assert!(!says_why(&target.ownership(USERS).await));
    relay.set(Relaying::Busy);
    target.ownership_is(USERS, "it spares the source and says so", says_why).await;
    // Without the limit it is only the source that holds it back.
    relay.set(Relaying::Held);
    let free = json!({"source": relay.collection(USERS)});
    let document = target.done(USERS, "follow", free).await;
    assert_eq!(document["maxRowsPerSecond"], Value::Null, "{document}");
    assert!(says_why(&document), "{document}");
    relay.set(Relaying::Calm);
    target.follows(USERS).await;
    target.catch_up(USERS, &source).await;
    assert_eq!(digest(&target).await, digest(&source).await);
}

#[tokio::test]
async fn a_source_whose_clients_wait_says_so() {
    let source = source_with(10).await;
    let clients = async {
        let client = async |id: u32| loop {
            source.json("PATCH", &format!("/api/users/{id}"), &json!({"name": "Bonnibel"})).await;
            sleep(Duration::from_millis(20)).await;
        };
        join_all((1..=8).map(client)).await;
    };
    // It stands still again and again, and longer each time, until that is longer than usual on this machine. In between
    // are seconds in which it can say so.
    let stops = async {
        for ms in (1..).map(|stop| stop * 200) {
            sleep(Duration::from_millis(2_200)).await;
            harness::signal("STOP", source.pid());
            sleep(Duration::from_millis(ms)).await;
            harness::signal("CONT", source.pid());
        }
    };
    let says_so = until("it says that its clients wait", async || {
        source.ask(USERS, "changes?limit=1").await.json()["busy"] == true
    });
    tokio::select! {
        () = clients => {}
        () = stops => {}
        () = says_so => {}
    }
    harness::signal("CONT", source.pid());
}
