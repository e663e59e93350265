//! The way of a collection from the monolith to its service, there and back again.

use harness::until;
use serde_json::{Value, json};

use crate::board::{Board, LAG_MS};
use crate::on_both_engines;

on_both_engines!(
    a_collection_is_followed_cancelled_and_followed_anew,
    nothing_that_was_answered_is_lost_on_the_way_there_and_back_and_there,
    a_diff_names_what_differs_and_a_switch_refuses_it,
    a_lost_service_is_given_up_only_by_force,
);

/// A user that is in no store.
fn user(name: &str) -> Value {
    json!({ "username": name, "name": name })
}

async fn names(board: &Board, program: &str) -> Vec<String> {
    let users = board.send(program, "GET", "/api/users?limit=1000", &Value::Null).await.json();
    let users = users.as_array().expect("a list").clone();
    users.iter().map(|user| user["username"].as_str().expect("a name").to_owned()).collect()
}

async fn a_collection_is_followed_cancelled_and_followed_anew(board: Board) {
    let created = board.send("monolith", "POST", "/api/users", &user("bmo")).await;
    assert_eq!(created.status, 201, "{}", created.body);
    until("the copy has it", async || names(&board, "users").await.contains(&"bmo".into())).await;
    let refused = board.send("users", "POST", "/api/users", &user("gunter")).await;
    assert_eq!(refused.status, 421, "{}", refused.body);
    board.done("users", "cancel").await;
    let empty = board.send("users", "GET", "/api/users", &Value::Null).await;
    assert_eq!(empty.status, 421, "it has nothing, and names the primary: {}", empty.body);
    assert_eq!(board.look("users").await.phase, "not followed");
    board.done("users", "follow").await;
    board.settled("users").await;
    assert_eq!(names(&board, "users").await, names(&board, "monolith").await);
    assert_eq!(board.compare("users").await.diff.state, "verified");
}

async fn nothing_that_was_answered_is_lost_on_the_way_there_and_back_and_there(mut board: Board) {
    let mut written = names(&board, "monolith").await;
    let mut primary = "monolith";
    for (index, verb) in ["switch", "reverse", "switch"].into_iter().enumerate() {
        let name = format!("before-{index}");
        let answer = board.send(primary, "POST", "/api/users", &user(&name)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        written.push(name);
        assert_eq!(board.compare("users").await.diff.state, "verified");
        let last = board.done("users", verb).await.last.expect("it has ended");
        assert!(last.done && last.pause_ms.is_some(), "{last:?}");
        primary = if verb == "switch" { "users" } else { "monolith" };
        let other = if verb == "switch" { "monolith" } else { "users" };
        let answer = board.send(other, "POST", "/api/users", &user("late")).await;
        assert_eq!(answer.status, 421, "{}", answer.body);
    }
    board.settled("users").await;
    for program in ["users", "monolith"] {
        until("both have it", async || names(&board, program).await == written).await;
    }
    board.done("users", "complete").await;
    let gone = board.send("monolith", "GET", "/api/users/1", &Value::Null).await;
    assert_eq!(gone.status, 421, "{}", gone.body);
    board.kill("monolith").await;
    let answer = board.send("users", "POST", "/api/users", &user("after")).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(board.look("users").await.phase, "completed");
}

async fn a_diff_names_what_differs_and_a_switch_refuses_it(mut board: Board) {
    // A write to the copy's database by hand.
    board.kill("users").await;
    board.spoil("users", "UPDATE users SET name = 'spoilt' WHERE id = 2").await;
    board.start_again("users").await;
    board.settled("users").await;
    let diff = board.compare("users").await.diff;
    assert_eq!((diff.state.as_str(), diff.count), ("differs", 1), "{diff:?}");
    let found = &diff.differences[0];
    assert_eq!((found.id.as_str(), found.what.as_str()), ("2", "differs in name"));
    let refused = board.tell("users", "switch", json!({})).await.expect_err("it differs");
    assert!(refused.contains("differs in 1 rows"), "{refused}");
    assert_eq!(board.roles("users").await, ["primary", "follower"]);
}

async fn a_lost_service_is_given_up_only_by_force(mut board: Board) {
    board
        .tell("users", "switch", json!({ "force": true, "maxLagMs": LAG_MS }))
        .await
        .expect("it switches");
    board.settled("users").await;
    board.kill("users").await;
    let refused = board.tell("users", "reverse", json!({})).await.expect_err("it is lost");
    assert!(refused.contains("--force") && refused.contains("lost"), "{refused}");
    let forced = board.tell("users", "reverse", json!({ "force": true })).await;
    let last = forced.expect("it is given up").last.expect("it has ended");
    assert!(last.outcome.contains("by force in epoch 3"), "{}", last.outcome);
    let answer = board.send("monolith", "POST", "/api/users", &user("bmo")).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}
