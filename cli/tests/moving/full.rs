//! A monolith whose disk is full: a collection leaves it as ever, by one command, and nothing is lost.
//!
//! Needs a folder on a small file system (4 to 16 MB) in `TEST_SMALL_DISK`.

use std::fs;

use serde_json::json;

use crate::board::{Board, Engine, LAG_MS, Plan};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_SMALL_DISK"]
async fn users_leave_a_full_disk() {
    let plan = Plan { small: true, ..Plan::users(Engine::Sqlite, Engine::Sqlite) };
    let mut board = Board::start_as(plan).await;
    fill(&board).await;
    // A follower that starts now has met no heartbeat of its source, and meets none.
    board.kill("users").await;
    board.start_again("users").await;
    board.ready().await;
    board.settled("users").await;
    // The primary ends there too, and starts on the full disk.
    board.kill("monolith").await;
    board.start_again("monolith").await;
    board.ready().await;
    board.settled("users").await;
    let before = board.digest("monolith").await;

    let compared = board.compare("users").await;
    assert_eq!(compared.diff.state, "verified", "{:?}", compared.diff);
    let moved = board.tell("users", "switch", json!({ "maxLagMs": LAG_MS })).await;
    moved.unwrap_or_else(|error| panic!("switch: {error}"));
    assert_eq!(board.roles("users").await[1], "primary");
    let after = board.digest("users").await;
    assert_eq!((&after["rows"], &after["hash"]), (&before["rows"], &before["hash"]));
    let user = json!({ "username": "after", "name": "After" });
    let made = board.send("users", "POST", "/api/users", &user).await;
    assert_eq!(made.status, 201, "{}", made.body);
    board.send("monolith", "POST", "/api/users", &user).await.problem(421);
}

/// Writes until the monolith has no room for another word.
async fn fill(board: &Board) {
    let mut size = 10_000;
    while size > 10 {
        let post = json!({ "thread": 1, "text": "x".repeat(size), "user": 1 });
        match board.send("monolith", "POST", "/api/posts", &post).await.status {
            201 => {}
            503 | 507 => size /= 10,
            status => panic!("{status}"),
        }
    }
    let others = board.disk.as_ref().expect("a small disk").path().join("others");
    fs::write(others, vec![1; 1 << 23]).expect_err("it is full");
    let user = json!({ "username": "full", "name": "Full" });
    assert_eq!(board.send("monolith", "POST", "/api/users", &user).await.status, 507);
}
