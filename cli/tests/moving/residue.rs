//! Nothing is left of what was taken back: the second time is as the first.

use harness::until;
use serde_json::{Value, json};

use crate::board::{Board, Engine, Plan};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cancelled_leaves_nothing_behind() {
    let board = board().await;
    // As it starts: the service follows, and there is no route.
    let resources = shape(board.resources().await);
    board.succeeds(&["cancel", "users"]).await;
    assert_eq!(shape(board.resources().await), resources);
    let never_used = board.program("users").ownership("users").await;
    board.succeeds(&["follow", "users"]).await;
    let first = followed(&board).await;
    board.succeeds(&["cancel", "users"]).await;
    assert_eq!(shape(board.resources().await), resources, "cancel leaves routes behind");
    let cancelled = board.program("users").ownership("users").await;
    for field in ["role", "epoch", "since", "rows", "fence", "handover", "followed", "successor"] {
        assert_eq!(cancelled[field], never_used[field], "{field}: {cancelled}");
    }
    assert_ne!(cancelled["store"], never_used["store"], "a follower would not notice");
    let empty = board.program("users").get("/api/users").await;
    assert_eq!(
        empty.status, 421,
        "neighbours may ask it still, and it has nothing: {}",
        empty.body
    );
    board.succeeds(&["follow", "users"]).await;
    assert_eq!(followed(&board).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_and_there_again_ends_as_a_straight_one() {
    let (straight, winding) = (board().await, board().await);
    for verb in ["follow", "diff", "switch", "complete"] {
        done(&straight, verb).await;
    }
    for verb in ["follow", "diff", "switch", "reverse", "follow", "diff", "switch", "complete"] {
        done(&winding, verb).await;
    }
    assert_eq!(shape(winding.resources().await), shape(straight.resources().await));
    let ends = async |board: &Board| {
        let digest = board.digest("users").await;
        let users = board.program("users").ownership("users").await;
        let monolith = board.program("monolith").ownership("users").await;
        let roles = [users["role"].clone(), monolith["role"].clone()];
        let left = board.program("monolith").get("/api/users/1").await.status;
        (roles, digest["rows"].clone(), left, board.look("users").await.phase)
    };
    let (one, other) = (ends(&straight).await, ends(&winding).await);
    assert_eq!(one, other);
    assert_eq!((one.0, one.2), ([json!("primary"), json!("retired")], 421));
}

async fn board() -> Board {
    Board::start_as(Plan::users(Engine::Sqlite, Engine::Sqlite)).await
}

async fn done(board: &Board, verb: &str) {
    until("it succeeds", async || board.run(&[verb, "users"]).await.is_ok()).await;
}

/// What a follower has that has everything: its rows, and what it says of itself but for ids that are made anew.
async fn followed(board: &Board) -> Value {
    let source = board.digest("monolith").await;
    until("both are the same", async || board.digest("users").await["hash"] == source["hash"])
        .await;
    let ownership = board.program("users").ownership("users").await;
    let resources = shape(board.resources().await);
    let source = &ownership["followed"]["source"];
    json!([ownership["role"], ownership["epoch"], ownership["lineage"], source, resources])
}

/// Resources without what is another one each time.
fn shape(mut resources: Value) -> Value {
    match &mut resources {
        Value::Object(fields) => {
            fields.retain(|name, _| {
                !name.ends_with("Id") && !name.ends_with("Time") && name != "Arn"
            });
            fields.values_mut().for_each(|value| *value = shape(value.take()));
        }
        // Each board has ports of its own.
        Value::String(text) => text.retain(|letter| !letter.is_ascii_digit()),
        Value::Array(items) => items.iter_mut().for_each(|item| *item = shape(item.take())),
        _ => {}
    }
    resources
}
