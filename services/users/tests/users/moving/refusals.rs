//! What cannot be is refused, with the cause and what helps.

use harness::{Program, Setup};
use serde_json::{Value, json};

use super::canned::Canned;
use super::{USERS, create};
use crate::BINARY;

async fn pair() -> (Program, Program) {
    let setup = || Setup::new(BINARY).movable();
    (setup().demo().start().await, setup().start().await)
}

/// Follows the collection at the URL, which must be refused: why.
async fn refused(target: &Program, url: &str, status: u16, code: &str) -> String {
    let answer = target.step(USERS, "follow", json!({ "source": url })).await;
    answer.problem(status);
    assert_eq!(answer.json()["code"], code, "{}", answer.body);
    let document = target.ownership(USERS).await;
    assert_eq!(document["followed"], Value::Null, "nothing was begun");
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_source_that_cannot_be_followed_is_refused() {
    let (source, target) = pair().await;
    let detail = refused(&target, &target.collection(USERS), 409, "same_store").await;
    assert!(detail.contains("itself"), "{detail}");
    let detail = refused(&target, "http://127.0.0.1:1/api/users", 503, "peer_unavailable").await;
    assert!(detail.contains("cannot be reached"), "{detail}");
    let detail = refused(&target, &source.collection("threads"), 409, "peer_refuses").await;
    assert!(detail.contains("MOVE_TOKEN") && detail.contains("no such collection"), "{detail}");

    let stranger = Setup::new(BINARY).env("MOVE_TOKEN", "another-token-of-16").start().await;
    let detail = refused(&target, &stranger.collection(USERS), 409, "peer_refuses").await;
    assert!(detail.contains("MOVE_TOKEN"), "{detail}");

    let mut document = source.ownership(USERS).await;
    document["protocol"] = 3.into();
    let canned = Canned::start(200, &document.to_string());
    let url = format!("{}/api/users", canned.url());
    let detail = refused(&target, &url, 409, "peer_refuses").await;
    assert!(detail.contains("protocol 3") && detail.contains("same version"), "{detail}");
    document["protocol"] = 2.into();
    document["collection"] = "threads".into();
    canned.say(200, &document.to_string());
    let detail = refused(&target, &url, 409, "other_collection").await;
    assert!(detail.contains("the collection threads"), "{detail}");
    for (status, body) in [(200, "<html>"), (200, "{}"), (500, ""), (200, "")] {
        canned.say(status, body);
        refused(&target, &url, 503, "peer_unavailable").await;
    }
}

#[tokio::test]
async fn neither_a_circle_nor_a_store_with_data_follows() {
    let (source, target) = pair().await;
    target.follow(USERS, &source).await;
    let circle = source.step(USERS, "follow", json!({"source": target.collection(USERS)})).await;
    circle.problem(409);
    assert_eq!(circle.json()["code"], "source_not_primary");
    let detail = circle.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(&source.collection(USERS)), "it names the primary: {detail}");

    let third = Setup::new(BINARY).movable().demo().start().await;
    let used = third.step(USERS, "follow", json!({"source": source.collection(USERS)})).await;
    used.problem(409);
    assert_eq!(used.json()["code"], "in_use", "{}", used.body);
    assert!(used.body.contains("in use"), "{}", used.body);
    let other = target.step(USERS, "follow", json!({"source": third.collection(USERS)})).await;
    other.problem(409);
    assert_eq!(other.json()["code"], "follows_another", "{}", other.body);
    assert!(other.body.contains("cancel that first"), "{}", other.body);
    // The same source again is no contradiction.
    target.done(USERS, "follow", json!({"source": source.collection(USERS)})).await;
}

#[tokio::test]
async fn a_step_for_another_epoch_or_role_is_refused() {
    let (source, target) = pair().await;
    target.follow(USERS, &source).await;
    let peer =
        json!({"store": target.ownership(USERS).await["store"], "url": target.collection(USERS)});
    for (program, step, body, code) in [
        (&source, "fence", json!({"id": "a", "epoch": 2, "ms": 100}), "other_epoch"),
        (&source, "fence", json!({"id": "a", "epoch": 1, "ms": 10_000_000}), "fence_too_long"),
        (&source, "handover", json!({"id": "a", "epoch": 1, "to": peer}), "not_fenced"),
        (&source, "cancel", json!({}), "not_follower"),
        (&source, "retire", json!({"keepData": true}), "not_follower"),
        (&target, "fence", json!({"id": "a", "epoch": 1, "ms": 100}), "not_primary"),
        (&target, "take", json!({}), "never_handed_over"),
    ] {
        let answer = program.step(USERS, step, body.clone()).await;
        answer.problem(409);
        assert_eq!(answer.json()["code"], code, "{}", answer.body);
    }
    for (path, body) in [("fence", json!({"id": 1})), ("hashes", json!([]))] {
        let answer = source.step(USERS, path, body).await;
        answer.problem(400);
        assert_eq!(answer.json()["code"], "unreadable", "{}", answer.body);
    }
    let answer = source.ask(USERS, "changes?after=x").await;
    answer.problem(400);
    assert_eq!(answer.json()["code"], "unreadable", "{}", answer.body);
    assert_eq!(create(&source, "bmo").await.status, 201);
    let own =
        json!({"store": source.ownership(USERS).await["store"], "url": source.collection(USERS)});
    source.done(USERS, "fence", json!({"id": "a", "epoch": 1, "ms": 30_000})).await;
    source.step(USERS, "handover", json!({"id": "a", "epoch": 1, "to": own})).await.problem(409);
}

#[tokio::test]
async fn a_probe_says_whether_the_way_back_is_open() {
    let (source, target) = pair().await;
    let probed = source.done(USERS, "probe", json!({"peer": target.collection(USERS)})).await;
    assert_eq!(probed["store"], target.ownership(USERS).await["store"]);
    assert_eq!((&probed["role"], &probed["epoch"]), (&json!("primary"), &json!(1)));
    let stranger = Setup::new(BINARY).env("MOVE_TOKEN", "another-token-of-16").start().await;
    for peer in [stranger.collection(USERS), "http://127.0.0.1:1/api/users".into()] {
        let answer = source.step(USERS, "probe", json!({ "peer": peer })).await;
        answer.problem(409);
        assert_eq!(answer.json()["code"], "probe_failed", "{}", answer.body);
    }
}

#[tokio::test]
async fn a_source_that_changes_its_nature_breaks_the_copy_loudly() {
    let source = Setup::new(BINARY).movable().demo().on_its_port().start().await;
    let target = Setup::new(BINARY).movable().start().await;
    target.follow(USERS, &source).await;
    // Another store at the same address.
    let (_, port) = source.address().rsplit_once(':').unwrap();
    let setup = Setup::new(BINARY).movable().demo().env("PORT", port);
    drop(source);
    let source = setup.start().await;
    target
        .ownership_is(USERS, "it names the stranger", |document| {
            let detail = document["following"]["detail"].as_str().unwrap_or_default();
            detail.contains("another store")
        })
        .await;
    // The token was changed there.
    let setup = source.setup().clone().env("MOVE_TOKEN", "another-token-of-16");
    drop(source);
    let _source = setup.start().await;
    target
        .ownership_is(USERS, "it names the token", |document| {
            let detail = document["following"]["detail"].as_str().unwrap_or_default();
            let following = &document["following"];
            following["state"] == "broken"
                && following["code"] == "peer_refuses"
                && detail.contains("MOVE_TOKEN")
        })
        .await;
    target.logged("does not follow").await;
    assert_eq!(target.get("/api/users/1").await.status, 200, "reads go on");
}
