//! A primary that was given up by force gives way when it comes back.

use harness::{Program, Setup, free_port, until};
use serde_json::json;

use super::{USERS, create};
use crate::BINARY;

/// The primary of epoch 3, and the one of epoch 2, which was killed and given up.
async fn given_up() -> (Program, Program) {
    let one = Setup::new(BINARY).movable().demo().start().await;
    let mut other = Setup::new(BINARY).movable().start().await;
    other.follow(USERS, &one).await;
    one.hand_over(USERS, &other).await;
    one.catch_up(USERS, &other).await;
    other.kill().await;
    one.done(USERS, "take", json!({})).await;
    (one, other)
}

#[tokio::test]
async fn who_was_given_up_by_force_serves_nothing_when_it_comes_back() {
    let one = Setup::new(BINARY).movable().demo().start().await;
    let other = Setup::new(BINARY).movable().env("FOLLOW", &one.collection(USERS)).start().await;
    other.follows(USERS).await;
    one.hand_over(USERS, &other).await;
    one.catch_up(USERS, &other).await;
    // It gives way to a primary of a later epoch only.
    let mut other = other.restart().await;
    assert_eq!(create(&other, "bmo").await.status, 201);
    other.kill().await;
    let taken = one.done(USERS, "take", json!({})).await;
    assert_eq!(taken["epoch"], 3);
    assert_eq!(create(&one, "lady.r").await.status, 201);

    let other = other.restart().await;
    for refused in [create(&other, "bonnie").await, other.get("/api/users/1").await] {
        refused.problem(421);
        assert_eq!(refused.header("banyan-primary"), one.collection(USERS));
    }
    let document = other.ownership(USERS).await;
    assert_eq!((&document["role"], &document["rows"]), (&json!("retired"), &json!(true)));
    other.logged("by force").await;
    assert!(!one.log().contains("by force"));
    assert_eq!(one.ownership(USERS).await["role"], "primary");
}

#[tokio::test]
async fn who_was_told_whom_to_follow_knows_whom_to_give_way_to() {
    let (one, other) = given_up().await;
    // By then the collection is with a third one.
    let third = Setup::new(BINARY).movable().start().await;
    third.follow(USERS, &one).await;
    one.hand_over(USERS, &third).await;
    one.catch_up(USERS, &third).await;
    let other = other.restart().await;
    let refused = create(&other, "bonnie").await;
    refused.problem(421);
    assert_eq!(refused.header("banyan-primary"), third.collection(USERS));
    assert_eq!(other.ownership(USERS).await["role"], "retired");
}

#[tokio::test]
async fn a_primary_that_could_not_ask_at_its_start_asks_again() {
    let (one, other) = given_up().await;
    harness::signal("STOP", one.pid());
    let other = other.restart().await;
    assert_eq!(create(&other, "bmo").await.status, 201, "no program says otherwise");
    harness::signal("CONT", one.pid());
    until("it gives way", || async { create(&other, "bonnie").await.status == 421 }).await;
    other.logged("looks again").await;
}

#[tokio::test]
async fn a_primary_that_is_given_its_own_url_does_not_wait_for_its_own_answer() {
    let free = free_port().to_string();
    let listening = Setup::new(BINARY).movable().demo().env("HOST", "0.0.0.0").env("PORT", &free);
    let own = format!("http://localhost:{free}");
    let users = listening.env("USERS_URL", &own).start().await;
    assert_eq!(users.get("/api/users/1").await.status, 200);
    assert!(!users.log().contains("looks again"), "{}", users.log());
}
