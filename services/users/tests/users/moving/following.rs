//! A copy has what its source has, and says how far it is.

use harness::{Setup, golden_reads, on_store_pairs};
use serde_json::{Value, json};

use super::{USERS, create, digest, position, source_with};
use crate::BINARY;

on_store_pairs!(
    crate::BINARY;
    a_copy_reads_like_its_source_to_the_byte,
    a_copy_refuses_writes_and_names_the_primary,
    a_copy_that_is_asked_as_the_primary_says_that_it_is_not,
    changes_and_deletions_arrive,
    a_cancelled_copy_leaves_nothing_and_can_begin_afresh,
    who_waits_for_a_position_is_answered_when_the_copy_is_there,
);

async fn a_copy_reads_like_its_source_to_the_byte(source: Setup, target: Setup) {
    let source = source.demo().start().await;
    let target = target.start().await;
    target.follow(USERS, &source).await;
    golden_reads(&target, &["users"]).await;
    for path in ["/api/users?view=full", "/api/users/2?view=full", "/api/users?limit=2"] {
        let (theirs, ours) = (source.get(path).await, target.get(path).await);
        assert_eq!(ours.body, theirs.body, "{path}");
        for header in ["etag", "link", "content-type"] {
            assert_eq!(ours.header(header), theirs.header(header), "{header} of {path}");
        }
    }
    assert_eq!(digest(&target).await, digest(&source).await);
    assert_eq!(target.get("/readyz").await.body, "ready");

    let document = target.ownership(USERS).await;
    assert_eq!(document["role"], "follower");
    assert_eq!(document["followed"]["copied"], true);
    assert_eq!(document["following"]["rows"], 4);
    target
        .ownership_is(USERS, "it knows how far behind it is", |document| {
            let following = &document["following"];
            following["lagMs"].is_u64() && following["detail"].is_null()
        })
        .await;
    let own = target.ownership(USERS).await["store"].clone();
    source
        .ownership_is(USERS, "the source knows its follower", |document| {
            document["followers"][0]["store"] == own
        })
        .await;
    let metrics = target.get("/metrics").await.body;
    for line in [
        r#"banyan_role{collection="users",role="follower"} 1"#,
        r#"banyan_role{collection="users",role="primary"} 0"#,
        r#"banyan_epoch{collection="users"} 1"#,
        r#"banyan_follow_state{collection="users",state="following"} 1"#,
        r#"banyan_follow_rows_total{collection="users"} 4"#,
        r#"banyan_follow_lag_ms{collection="users"}"#,
        r#"banyan_follow_lag_changes{collection="users"}"#,
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}

async fn a_copy_refuses_writes_and_names_the_primary(source: Setup, target: Setup) {
    let source = source.demo().start().await;
    let target = target.start().await;
    target.follow(USERS, &source).await;
    let primary = source.collection(USERS);
    let before = target.get("/api/users?view=full").await.body;
    let bmo = json!({"username": "bmo", "name": "BMO"});
    for refused in [
        create(&target, "bmo").await,
        target.json("PUT", "/api/users/1", &bmo).await,
        target.json("PATCH", "/api/users/1", &json!({"bio": "x"})).await,
        target.send("DELETE", "/api/users/1", &[], "").await,
        // The primary decides what is wrong with a write.
        target.json("POST", "/api/users", &json!({"username": "", "name": ""})).await,
        target.json("PATCH", "/api/users/999", &json!({"bio": "x"})).await,
    ] {
        refused.problem(421);
        assert_eq!(refused.header("banyan-primary"), primary);
        assert!(refused.header("banyan-position").starts_with("1."), "a refusal says so too");
    }
    let read = target.get("/api/users?view=full").await;
    assert_eq!((&read.body, read.header("banyan-primary")), (&before, primary.as_str()));
    assert_eq!(target.get("/api/users/1").await.header("banyan-primary"), primary, "it is a copy");
    assert_eq!(source.get("/api/users/1").await.header("banyan-primary"), "");
    let missing = target.get("/api/users/999").await;
    missing.problem(404);
    assert_eq!(missing.header("banyan-primary"), primary);
    assert_eq!(missing.header("banyan-missing"), "user 999");
    assert_eq!(source.get("/api/users/999").await.header("banyan-primary"), "");
}

async fn a_copy_that_is_asked_as_the_primary_says_that_it_is_not(source: Setup, target: Setup) {
    let source = source.demo().start().await;
    let target = target.start().await;
    target.follow(USERS, &source).await;
    let asked = [("banyan-read", "primary")];
    for path in ["/api/users/1", "/api/users/999", "/api/users"] {
        for method in ["GET", "HEAD"] {
            let answer = target.send(method, path, &asked, "").await;
            assert_eq!(answer.status, 421, "{method} {path}");
            assert_eq!(answer.header("banyan-primary"), source.collection(USERS));
        }
        let answer = source.send("GET", path, &asked, "").await;
        assert_eq!(answer.status, source.get(path).await.status, "{path}");
        assert_eq!(answer.body, source.get(path).await.body, "{path}");
    }
    source.hand_over(USERS, &target).await;
    assert_eq!(target.send("GET", "/api/users/1", &asked, "").await.status, 200);
    assert_eq!(source.send("GET", "/api/users/1", &asked, "").await.status, 421);
    let other = [("banyan-read", "anywhere")];
    assert_eq!(source.send("GET", "/api/users/1", &other, "").await.problem(400), ["Banyan-Read"]);
}

async fn changes_and_deletions_arrive(source: Setup, target: Setup) {
    let source = source.demo().start().await;
    let target = target.start().await;
    target.follow(USERS, &source).await;
    assert_eq!(create(&source, "bmo").await.json()["id"], 5);
    let patch = json!({"bio": "Algebraic"});
    let patched = source.json("PATCH", "/api/users/2", &patch).await;
    assert_eq!(patched.status, 200);
    assert_eq!(source.send("DELETE", "/api/users/1", &[], "").await.status, 204);
    // A name that is free again.
    let renamed = source.json("PATCH", "/api/users/3", &json!({"username": "pb"})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    target.catch_up(USERS, &source).await;
    assert_eq!(digest(&target).await, digest(&source).await);
    target.get("/api/users/1").await.problem(404);
    assert_eq!(target.get("/api/users/2?view=full").await.body, patched.body);
}

async fn a_cancelled_copy_leaves_nothing_and_can_begin_afresh(source: Setup, target: Setup) {
    let source = source.demo().start().await;
    let target = target.start().await;
    let before = target.ownership(USERS).await;
    target.follow(USERS, &source).await;
    let cancelled = target.done(USERS, "cancel", json!({})).await;
    assert_eq!((&cancelled["role"], &cancelled["epoch"]), (&json!("primary"), &json!(1)));
    assert_ne!(cancelled["store"], before["store"]);
    assert_eq!(cancelled["followed"], Value::Null);
    target.ownership_is(USERS, "it rests", |document| document["following"] == Value::Null).await;
    // Others may still ask it, and must not take it for the collection, which it has no longer.
    for answer in [
        target.get("/api/users").await,
        target.get("/api/users/2").await,
        target.send("HEAD", "/api/users/2", &[], "").await,
        create(&target, "bmo").await,
    ] {
        assert_eq!(answer.status, 421, "{}", answer.body);
        assert_eq!(answer.header("banyan-primary"), source.collection(USERS));
        assert_eq!(answer.header("banyan-missing"), "");
    }
    // The source does not wait for it any more.
    assert_eq!(source.ownership(USERS).await["followers"], json!([]));
    target.follow(USERS, &source).await;
    golden_reads(&target, &["users"]).await;
}

async fn who_waits_for_a_position_is_answered_when_the_copy_is_there(source: Setup, target: Setup) {
    let source = source.demo().start().await;
    let target = target.start().await;
    target.follow(USERS, &source).await;
    let (epoch, at) = position(&source.get("/api/users").await);
    let waits = async {
        let path = format!("ownership?covers={epoch}.{}&wait=10000", at + 1);
        target.ask(USERS, &path).await.json()
    };
    let (document, created) = tokio::join!(waits, create(&source, "bmo"));
    assert_eq!(created.status, 201);
    let covered = document["followed"]["covered"].as_str().unwrap();
    let (_, covered) = covered.split_once('.').unwrap();
    assert!(covered.parse::<u64>().unwrap() > at, "{document}");
    // If it does not come, the answer says how far the copy is.
    let document = target.ask(USERS, "ownership?covers=9.0&wait=1").await.json();
    assert_eq!(document["role"], "follower");
    target.ask(USERS, "ownership?covers=soon").await.problem(400);
}

#[tokio::test]
async fn a_cancelled_copy_points_to_its_source_until_it_follows_again() {
    let source = Setup::new(BINARY).movable().demo().start().await;
    let target = Setup::new(BINARY).movable().env("FOLLOW", &source.url()).start().await;
    target.follows(USERS).await;
    target.done(USERS, "cancel", json!({})).await;
    target.get("/api/users/2").await.problem(421);
    assert_eq!(target.get("/readyz").await.status, 200);
    let third = Setup::new(BINARY).movable().start().await;
    let refused = third.step(USERS, "follow", json!({"source": target.collection(USERS)})).await;
    refused.problem(409);
    assert!(refused.body.contains(&source.collection(USERS)), "{}", refused.body);
    // Started again as it was, it does what it is told.
    let setup = target.setup().clone();
    let target = target.restart().await;
    target.follows(USERS).await;
    golden_reads(&target, &["users"]).await;
    target.done(USERS, "cancel", json!({})).await;
    drop(target);
    // Told nothing, it does not take itself for the collection.
    let target = setup.env("FOLLOW", "").start().await;
    let refused = create(&target, "bmo").await;
    refused.problem(421);
    assert_eq!(refused.header("banyan-primary"), source.collection(USERS));
}

#[tokio::test]
async fn every_answer_says_how_far_the_store_was() {
    let users = Setup::new(BINARY).demo().start().await;
    let tag = users.get("/api/users/1").await.header("etag").to_owned();
    let read = position(&users.get("/api/users/1").await);
    for answer in [
        users.get("/api/users").await,
        users.get("/api/users/999").await,
        users.get("/api/users/abc").await,
        users.send("GET", "/api/users/1", &[("if-none-match", &tag)], "").await,
        users.send("HEAD", "/api/users/1", &[], "").await,
        users.json("POST", "/api/users", &json!({})).await,
    ] {
        assert_eq!(position(&answer), read, "{}", answer.status);
    }
    let mut last = read;
    for (method, path, body) in [
        ("POST", "/api/users", json!({"username": "bmo", "name": "BMO"})),
        ("PATCH", "/api/users/5", json!({"bio": "x"})),
        ("DELETE", "/api/users/5", json!({})),
    ] {
        let written = position(&users.json(method, path, &body).await);
        assert!(written > last, "{method}: {written:?} after {last:?}");
        last = written;
        assert_eq!(position(&users.get("/api/users").await), last);
    }
}

#[tokio::test]
async fn a_copy_serves_nothing_before_it_has_everything() {
    let source = source_with(30).await;
    let target = Setup::new(BINARY).movable().start().await;
    let body = json!({"source": source.collection(USERS), "maxRowsPerSecond": 1});
    target.done(USERS, "follow", body).await;
    target
        .ownership_is(USERS, "a part is there", |document| {
            document["following"]["rows"].as_u64() > Some(0)
        })
        .await;
    for answer in [
        target.get("/api/users").await,
        target.get("/api/users/1").await,
        target.get("/api/users/30").await,
        target.send("HEAD", "/api/users/30", &[], "").await,
        create(&target, "bmo").await,
    ] {
        assert_eq!(answer.status, 421, "{}", answer.body);
        assert_eq!(answer.header("banyan-primary"), source.collection(USERS));
    }
    target.get("/readyz").await.problem(503);
    target.done(USERS, "follow", json!({"source": source.collection(USERS)})).await;
    target.follows(USERS).await;
    let list = "/api/users?limit=100";
    assert_eq!(target.get(list).await.body, source.get(list).await.body);
    assert_eq!(target.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_store_with_rows_of_its_own_does_not_follow_what_it_is_told_and_says_so() {
    let source = Setup::new(BINARY).movable().demo().start().await;
    let users = Setup::new(BINARY).movable().start().await;
    assert_eq!(create(&users, "bmo").await.status, 201);
    let setup = users.setup().clone().env("FOLLOW", &source.url());
    drop(users);
    let users = setup.start().await;
    users.logged("this store has been in use").await;
    assert_eq!(create(&users, "lady.r").await.status, 201);
}
