//! A part of the board moves away from the rest of it. A second monolith stands in for the service that
//! gets it: what moves is a collection, whatever else its program serves.

use harness::{Program, Setup, on_store_pairs, until};
use serde_json::{Value, json};

on_store_pairs!(
    crate::BINARY;
    a_thread_by_a_user_made_a_moment_ago_elsewhere_is_accepted,
    a_user_deleted_at_the_target_is_named_by_no_thread_of_the_source,
    a_user_deleted_at_the_source_is_named_by_no_thread_of_the_target,
    a_copy_that_was_kept_after_the_move_is_not_asked,
    a_moved_board_gives_the_golden_reads_to_the_byte,
);

async fn user(program: &Program, name: &str) -> u64 {
    let body = json!({"username": name, "name": name});
    let created = program.json("POST", "/api/users", &body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    created.json()["id"].as_u64().unwrap()
}

fn thread(by: u64) -> Value {
    json!({"title": "t", "createdBy": by})
}

async fn a_thread_by_a_user_made_a_moment_ago_elsewhere_is_accepted(one: Setup, other: Setup) {
    let board = one.demo().start().await;
    let mut moved = other.start().await;
    moved.follow("users", &board).await;
    board.hand_over("users", &moved).await;
    // What the board's copy does not have yet, the primary has.
    for number in 0..20 {
        let id = user(&moved, &format!("u{number}")).await;
        let created = board.json("POST", "/api/threads", &thread(id)).await;
        assert_eq!(created.status, 201, "{}", created.body);
        let post = json!({"thread": created.json()["id"], "text": "t", "user": id});
        assert_eq!(board.json("POST", "/api/posts", &post).await.status, 201);
    }
    let nobody = board.json("POST", "/api/threads", &thread(999)).await;
    assert_eq!(nobody.problem(422), ["#/createdBy"]);
    // The other way round: threads are where users are copied.
    moved.hand_over("users", &board).await;
    moved.follow("threads", &board).await;
    board.hand_over("threads", &moved).await;
    for number in 20..40 {
        let id = user(&board, &format!("u{number}")).await;
        let created = moved.json("POST", "/api/threads", &thread(id)).await;
        assert_eq!(created.status, 201, "{}", created.body);
    }
    let nobody = moved.json("POST", "/api/threads", &thread(999)).await;
    assert_eq!(nobody.problem(422), ["#/createdBy"]);
    assert_eq!(moved.json("PATCH", "/api/threads/1", &thread(999)).await.status, 422);

    // What only the primary can know is not guessed while it is down.
    moved.hand_over("threads", &board).await;
    board.hand_over("users", &moved).await;
    board.done("users", "retire", json!({"keepData": false})).await;
    let id = user(&moved, "last").await;
    assert_eq!(board.json("POST", "/api/threads", &thread(id)).await.status, 201);
    moved.kill().await;
    board.json("POST", "/api/threads", &thread(id)).await.problem(503);
    assert_eq!(board.get("/api/threads/1").await.status, 200);
}

/// The same program at the same address, whose feed its follower can no longer read.
async fn without_its_feed(mut program: Program) -> Program {
    program.kill().await;
    program.setup().clone().env("MOVE_TOKEN", "another-token-of-the-tests").start().await
}

/// Deletes a user there.
async fn delete(at: &Program, id: u64) {
    let deleted = at.send("DELETE", &format!("/api/users/{id}"), &[], "").await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
}

/// Whether no thread may name the user there.
async fn refused(at: &Program, id: u64) {
    let stored = at.json("POST", "/api/threads", &thread(id)).await;
    assert_eq!(stored.problem(422), ["#/createdBy"]);
    let patched = at.json("PATCH", "/api/threads/1", &json!({"createdBy": id})).await;
    assert_eq!(patched.problem(422), ["#/createdBy"]);
}

async fn a_user_deleted_at_the_target_is_named_by_no_thread_of_the_source(
    one: Setup,
    other: Setup,
) {
    let board = one.demo().start().await;
    let moved = other.on_its_port().start().await;
    moved.follow("users", &board).await;
    board.hand_over("users", &moved).await;
    board.catch_up("users", &moved).await;
    let mut moved = without_its_feed(moved).await;
    delete(&moved, 1).await;
    assert_eq!(board.get("/api/users/1").await.status, 200, "the copy does not know it");
    refused(&board, 1).await;
    assert_eq!(board.json("POST", "/api/threads", &thread(2)).await.status, 201);
    // What the copy has is the board's memory of users while their primary is down.
    moved.kill().await;
    assert_eq!(board.json("POST", "/api/threads", &thread(3)).await.status, 201);
    board.json("POST", "/api/threads", &thread(999)).await.problem(503);
}

async fn a_user_deleted_at_the_source_is_named_by_no_thread_of_the_target(
    one: Setup,
    other: Setup,
) {
    let board = one.demo().on_its_port().start().await;
    let moved = other.start().await;
    moved.follow("users", &board).await;
    moved.follow("threads", &board).await;
    board.hand_over("threads", &moved).await;
    let board = without_its_feed(board).await;
    delete(&board, 1).await;
    assert_eq!(moved.get("/api/users/1").await.status, 200, "the copy does not know it");
    refused(&moved, 1).await;
    assert_eq!(moved.json("POST", "/api/threads", &thread(2)).await.status, 201);
}

async fn a_copy_that_was_kept_after_the_move_is_not_asked(one: Setup, other: Setup) {
    let board = one.demo().start().await;
    let moved = other.start().await;
    moved.follow("users", &board).await;
    board.hand_over("users", &moved).await;
    board.done("users", "retire", json!({"keepData": true})).await;
    delete(&moved, 1).await;
    refused(&board, 1).await;
    assert_eq!(board.json("POST", "/api/threads", &thread(2)).await.status, 201);
}

async fn a_moved_board_gives_the_golden_reads_to_the_byte(one: Setup, other: Setup) {
    let all = ["users", "threads", "posts"];
    let board = one.demo().start().await;
    let moved = other.start().await;
    for collection in all {
        moved.follow(collection, &board).await;
    }
    harness::golden_reads(&moved, &all).await;
    for collection in all {
        board.hand_over(collection, &moved).await;
        harness::golden_reads(&moved, &all).await;
        harness::golden_reads(&board, &all).await;
    }
    // Started again, the board asks for its demo data and knows that it has moved.
    let board = board.restart().await;
    until("it is ready", || async { board.get("/readyz").await.status == 200 }).await;
    for collection in all {
        board.answers_reads(collection).await;
    }
    harness::golden_reads(&board, &all).await;
    let body = json!({"username": "bmo", "name": "BMO"});
    board.json("POST", "/api/users", &body).await.problem(421);
}

#[tokio::test]
async fn a_collection_does_not_follow_one_of_another_kind() {
    let board = || Setup::new(crate::BINARY).movable();
    let (source, target) = (board().demo().start().await, board().start().await);
    let body = json!({"source": source.collection("threads")});
    let refused = target.step("users", "follow", body).await;
    refused.problem(409);
    assert!(refused.body.contains("is the collection threads"), "{}", refused.body);
    // Each collection moves by itself.
    target.follow("threads", &source).await;
    assert_eq!(target.ownership("users").await["role"], "primary");
    user(&target, "bmo").await;
}

#[tokio::test]
async fn a_program_with_several_collections_is_not_told_to_follow_one() {
    let setup = Setup::new(crate::BINARY).movable().env("FOLLOW", "http://127.0.0.1:1");
    let (code, log) = setup.run().await;
    assert_eq!(code, Some(64), "{log}");
    assert!(log.contains("FOLLOW: is for a program with one collection"), "{log}");
}
