//! A copy whose source is late, silent, elsewhere, held back or stopped.

use std::sync::atomic::{AtomicU32, Ordering};

use harness::{Program, Setup, TestAuthority, golden_reads, until};
use serde_json::Value;

use super::{USERS, create};
use crate::BINARY;

#[tokio::test]
async fn a_new_program_waits_for_the_source_that_it_was_told_to_follow() {
    let source = Setup::new(BINARY).movable().demo().on_its_port().start().await;
    let (setup, url) = (source.setup().clone(), source.collection(USERS));
    drop(source);
    let target = Setup::new(BINARY).movable().demo().env("FOLLOW", &url);
    let target = target.start().await;
    for answer in [
        create(&target, "bmo").await,
        target.get("/api/users").await,
        target.get("/api/users/1").await,
    ] {
        answer.problem(421);
        assert_eq!(answer.header("banyan-primary"), url);
    }
    target.get("/readyz").await.problem(503);
    target
        .ownership_is(USERS, "it says what is wrong", |document| {
            let detail = document["following"]["detail"].as_str().unwrap_or_default();
            document["following"]["state"] == "stalled" && detail.contains("cannot be reached")
        })
        .await;
    let source = setup.start().await;
    target.follows(USERS).await;
    golden_reads(&target, &["users"]).await;
    assert_eq!(target.get("/readyz").await.status, 200);
    // Started again, it goes on where it was.
    let target = target.restart().await;
    assert_eq!(create(&source, "bmo").await.status, 201);
    target.catch_up(USERS, &source).await;
    assert_eq!(target.get("/api/users/5").await.status, 200);
}

#[tokio::test]
async fn a_source_behind_a_private_authority_is_followed_by_a_program_that_has_it() {
    let source = Setup::new(BINARY).movable().demo().start().await;
    let (authority, folder) = (TestAuthority::new(), tempfile::tempdir().unwrap());
    let certificate = authority.certificate("127.0.0.1");
    let port = certificate.in_front_of(source.address().parse().unwrap()).await;
    let url = format!("https://127.0.0.1:{port}/api/users");
    let target = Setup::new(BINARY).movable().env("FOLLOW", &url);
    let stranger = target.clone().start().await;
    stranger
        .ownership_is(USERS, "it trusts another authority", |document| {
            let detail = document["following"]["detail"].as_str().unwrap_or_default();
            detail.contains("certificate")
        })
        .await;
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let target = target.env("CA_FILE", file.to_str().unwrap()).start().await;
    target.follows(USERS).await;
    golden_reads(&target, &["users"]).await;
    assert_eq!(create(&source, "bmo").await.status, 201);
    target.catch_up(USERS, &source).await;
}

#[tokio::test]
async fn a_source_that_moved_is_found_where_the_program_is_told_to_look() {
    let source = Setup::new(BINARY).movable().demo().start().await;
    let target = Setup::new(BINARY).movable().start().await;
    target.follow(USERS, &source).await;
    // Both get other ports.
    let source = source.restart().await;
    let setup = target.setup().clone().env("USERS_URL", &source.url());
    drop(target);
    let target = setup.start().await;
    assert_eq!(create(&source, "bmo").await.status, 201);
    target.catch_up(USERS, &source).await;
    let found = target.ownership(USERS).await["followed"]["source"]["url"].clone();
    assert_eq!(found, source.collection(USERS), "it is written down");
}

#[tokio::test]
async fn a_source_that_stops_answering_is_noticed_and_followed_again() {
    let source = Setup::new(BINARY).movable().demo().start().await;
    let target = Setup::new(BINARY).movable().start().await;
    target.follow(USERS, &source).await;
    harness::signal("STOP", source.pid());
    target
        .ownership_is(USERS, "the silence is noticed", |document| {
            document["following"]["lagMs"] == Value::Null
        })
        .await;
    target
        .ownership_is(USERS, "the cause is named", |document| {
            let detail = document["following"]["detail"].as_str().unwrap_or_default();
            document["following"]["state"] == "stalled" && detail.contains("does not answer")
        })
        .await;
    assert_eq!(target.get("/api/users/1").await.status, 200, "reads go on");
    harness::signal("CONT", source.pid());
    target.follows(USERS).await;
    assert_eq!(create(&source, "bmo").await.status, 201);
    target.catch_up(USERS, &source).await;
    assert_eq!(target.get("/api/users/5").await.status, 200);
}

#[tokio::test]
async fn a_copy_that_does_not_know_how_old_it_is_leaves_reads_to_the_primary() {
    let source = Setup::new(BINARY).movable().demo().start().await;
    let target = Setup::new(BINARY).movable().start().await;
    target.follow(USERS, &source).await;
    let answers = r#"banyan_follow_answers_reads{collection="users"}"#;
    assert!(target.get("/metrics").await.body.contains(&format!("{answers} 1")));
    harness::signal("STOP", source.pid());
    let target = target.restart().await;
    for path in ["/api/users/1", "/api/users"] {
        let answer = target.get(path).await;
        assert_eq!(answer.status, 421, "{}", answer.body);
        assert_eq!(answer.header("banyan-primary"), source.collection(USERS));
        assert!(answer.body.contains("too far behind"), "{}", answer.body);
    }
    target.get("/readyz").await.problem(503);
    assert!(target.get("/metrics").await.body.contains(&format!("{answers} 0")));
    harness::signal("CONT", source.pid());
    until("it knows", async || target.get("/readyz").await.status == 200).await;
    assert_eq!(target.get("/api/users/1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_some_milliseconds_behind_under_load() {
    let source = Setup::new(BINARY).movable().start().await;
    let target = Setup::new(BINARY).movable().start().await;
    target.follow(USERS, &source).await;
    let lag = async |program: &Program| {
        program.ownership(USERS).await["following"]["lagMs"].as_u64().unwrap_or(u64::MAX)
    };
    until("heartbeats arrive", || async { lag(&target).await < u64::MAX }).await;
    let written = AtomicU32::new(0);
    // Other programs may take this machine's processors for a while, so a slow hundred is followed by another one.
    until("the copy is less than 200 ms behind after most of a hundred writes", async || {
        let mut lags = Vec::new();
        for _ in 0..100 {
            let number = written.fetch_add(1, Ordering::Relaxed);
            assert_eq!(create(&source, &format!("u{number}")).await.status, 201);
            lags.push(lag(&target).await);
        }
        lags.sort_unstable();
        lags[50] < 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_long_transaction_that_holds_a_feed_back_is_named() {
    let database = harness::postgres().await;
    let name = database.url().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let source = Setup::new(BINARY).movable().postgres(database).start().await;
    let target = Setup::new(BINARY).movable().start().await;
    target.follow(USERS, &source).await;
    let blocked_by = async {
        // Others that share the server may run long transactions too.
        source
            .ownership_is(USERS, "the source names it", |document| {
                let blocked_by = &document["blockedBy"];
                blocked_by["database"] == name.as_str() && blocked_by["pid"].is_number()
            })
            .await;
        assert_eq!(create(&source, "bmo").await.status, 201, "writes go on");
        target
            .ownership_is(USERS, "the copy names it", |document| {
                let detail = document["following"]["detail"].as_str().unwrap_or_default();
                detail.contains("holds the feed back") && detail.contains(&name)
            })
            .await;
    };
    let database = source.setup().database().unwrap();
    database.in_a_transaction(blocked_by).await;
    target.catch_up(USERS, &source).await;
    assert_eq!(target.get("/api/users/1").await.status, 200);
}

/// That a waiting answer ends at once is tested beside `Waiter` in `shared/server`, with a paused clock.
#[tokio::test]
async fn a_source_stops_though_its_follower_waits_for_news() {
    let mut source = Setup::new(BINARY).movable().demo().start().await;
    let mut target = Setup::new(BINARY).movable().start().await;
    target.follow(USERS, &source).await;
    for program in [&mut source, &mut target] {
        program.terminate();
        assert!(program.ended().await.success(), "{}", program.log());
    }
}
