//! The ownership goes over, and back, and nothing that was answered is lost.

use harness::{Setup, on_store_pairs, until};
use serde_json::{Value, json};

use super::{USERS, create, digest};
use crate::BINARY;

on_store_pairs!(
    crate::BINARY;
    the_ownership_goes_over_and_back,
    a_repeat_after_the_move_gets_the_first_answer,
    a_retired_store_serves_nothing_and_says_who_does,
);

async fn the_ownership_goes_over_and_back(one: Setup, other: Setup) {
    let one = one.demo().start().await;
    let other = other.start().await;
    other.follow(USERS, &one).await;
    assert_eq!(create(&one, "bmo").await.json()["id"], 5);
    let deleted = one.send("DELETE", "/api/users/5", &[], "").await;
    assert_eq!(deleted.status, 204);

    one.hand_over(USERS, &other).await;
    let refused = create(&one, "bonnie").await;
    refused.problem(421);
    assert_eq!(refused.header("banyan-primary"), other.collection(USERS));
    let created = create(&other, "bonnie").await;
    assert_eq!((created.status, &created.json()["id"]), (201, &json!(6)), "no id is given twice");
    assert!(created.header("banyan-position").starts_with("2."));
    one.catch_up(USERS, &other).await;
    assert_eq!(one.get("/api/users/6?view=full").await.body, created.body);
    assert_eq!(digest(&one).await, digest(&other).await);

    other.hand_over(USERS, &one).await;
    create(&other, "lady.r").await.problem(421);
    let created = create(&one, "lady.r").await;
    assert_eq!((created.status, &created.json()["id"]), (201, &json!(7)));
    assert!(created.header("banyan-position").starts_with("3."));
    other.catch_up(USERS, &one).await;
    assert_eq!(digest(&one).await, digest(&other).await);
    // Both are what they were after they were started again.
    let one = one.restart().await;
    assert_eq!(create(&one, "gunter").await.json()["id"], 8);
    assert_eq!(one.ownership(USERS).await["epoch"], 3);
    create(&other.restart().await, "gunther").await.problem(421);
}

async fn a_repeat_after_the_move_gets_the_first_answer(one: Setup, other: Setup) {
    let one = one.start().await;
    let other = other.start().await;
    other.follow(USERS, &one).await;
    let headers = [("content-type", "application/json"), ("idempotency-key", "k-1")];
    let body = json!({"username": "bmo", "name": "BMO"}).to_string();
    let first = one.send("POST", "/api/users", &headers, &body).await;
    assert_eq!(first.status, 201);
    one.json("PATCH", "/api/users/1", &json!({"bio": "changed since"})).await;
    one.hand_over(USERS, &other).await;
    let again = other.send("POST", "/api/users", &headers, &body).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.body, first.body);
    let changed = json!({"username": "bmo2", "name": "BMO"}).to_string();
    let reused = other.send("POST", "/api/users", &headers, &changed).await;
    assert_eq!(reused.problem(422), ["Idempotency-Key"]);
}

async fn a_retired_store_serves_nothing_and_says_who_does(one: Setup, other: Setup) {
    let one = one.demo().start().await;
    let other = other.start().await;
    other.follow(USERS, &one).await;
    one.step(USERS, "retire", json!({"keepData": false})).await.problem(409);
    one.hand_over(USERS, &other).await;
    let retired = one.done(USERS, "retire", json!({"keepData": false})).await;
    assert_eq!(retired["role"], "retired");
    for answer in [
        one.get("/api/users").await,
        one.get("/api/users/1").await,
        create(&one, "bmo").await,
        one.send("DELETE", "/api/users/1", &[], "").await,
    ] {
        answer.problem(421);
        assert_eq!(answer.header("banyan-primary"), other.collection(USERS));
    }
    assert_eq!(other.ownership(USERS).await["followers"], json!([]));
    // The program may have other collections to serve.
    assert_eq!(one.get("/readyz").await.status, 200);
    // With the demo data asked for again there is none.
    one.restart().await.get("/api/users/1").await.problem(421);
}

#[tokio::test]
async fn a_fenced_store_refuses_writes_until_it_is_released_or_the_time_has_passed() {
    let users = Setup::new(BINARY).movable().demo().start().await;
    let fence = |ms: u64| json!({"id": "a", "epoch": 1, "ms": ms});
    let document = users.done(USERS, "fence", fence(30_000)).await;
    assert_eq!(document["fence"]["id"], "a");
    for refused in [
        create(&users, "bmo").await,
        users.json("PATCH", "/api/users/1", &json!({"bio": "x"})).await,
        users.send("DELETE", "/api/users/1", &[], "").await,
    ] {
        refused.problem(421);
        assert_eq!(refused.header("banyan-primary"), "", "no other store owns it");
    }
    harness::golden_reads(&users, &["users"]).await;
    let other = json!({"id": "b", "epoch": 1, "ms": 100});
    users.step(USERS, "fence", other).await.problem(409);
    users.step(USERS, "release", json!({"id": "b"})).await.problem(409);
    let document = users.done(USERS, "release", json!({"id": "a"})).await;
    assert_eq!(document["fence"], Value::Null);
    assert_eq!(create(&users, "bmo").await.status, 201);

    users.done(USERS, "fence", fence(200)).await;
    create(&users, "lady.r").await.problem(421);
    until("it lets go by itself", || async { create(&users, "lady.r").await.status == 201 }).await;
    let handover =
        json!({"id": "a", "epoch": 1, "to": {"store": "x", "url": "http://127.0.0.1:1/api/users"}});
    users.step(USERS, "handover", handover).await.problem(409);
}

#[tokio::test]
async fn a_store_waits_for_its_successor_and_can_take_back_what_it_never_took() {
    let one = Setup::new(BINARY).movable().demo().start().await;
    let mut other = Setup::new(BINARY).movable().start().await;
    other.follow(USERS, &one).await;
    let peer =
        json!({"store": other.ownership(USERS).await["store"], "url": other.collection(USERS)});
    one.step(USERS, "take", json!({})).await.problem(409);
    other.kill().await;
    one.done(USERS, "fence", json!({"id": "a", "epoch": 1, "ms": 30_000})).await;
    one.done(USERS, "handover", json!({"id": "a", "epoch": 1, "to": peer})).await;
    create(&one, "bmo").await.problem(421);
    one.ownership_is(USERS, "it says what it waits for", |document| {
        let detail = document["following"]["detail"].as_str().unwrap_or_default();
        document["role"] == "follower" && detail.contains("cannot be reached")
    })
    .await;
    assert_eq!(one.get("/readyz").await.status, 200, "it has everything");
    let taken = one.done(USERS, "take", json!({})).await;
    assert_eq!((&taken["role"], &taken["epoch"]), (&json!("primary"), &json!(3)));
    assert_eq!(create(&one, "bmo").await.status, 201);
    // A store that comes back late has lost: it follows, and never takes what was given to it.
    let other = other.restart().await;
    other.catch_up(USERS, &one).await;
    assert_eq!(other.ownership(USERS).await["role"], "follower");
    create(&other, "lady.r").await.problem(421);
    assert_eq!(digest(&other).await, digest(&one).await);
}

#[tokio::test]
async fn reads_go_on_in_both_stores_while_the_ownership_moves() {
    let one = Setup::new(BINARY).movable().demo().start().await;
    let other = Setup::new(BINARY).movable().env("READ_ONLY", "true").start().await;
    other.follow(USERS, &one).await;
    create(&other, "bmo").await.problem(403);
    assert_eq!(create(&one, "bmo").await.status, 201);
    other.catch_up(USERS, &one).await;
    assert_eq!(other.get("/api/users/5").await.status, 200, "read-only is for clients");
    let other_reads = async {
        for _ in 0..50 {
            assert_eq!(one.get("/api/users/5").await.status, 200);
            assert_eq!(other.get("/api/users/5").await.status, 200);
        }
    };
    tokio::join!(one.hand_over(USERS, &other), other_reads);
    create(&other, "lady.r").await.problem(403);
}
