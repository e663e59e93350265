//! People who are in a hurry, or do not know what they do.

use harness::{Setup, until};
use serde_json::{Value, json};

use crate::board::{Board, CONTROL, Engine, Plan};
use crate::traffic::Stubborn;
use crate::watch::Watch;

#[tokio::test(flavor = "multi_thread")]
async fn two_switches_at_once_are_one() {
    let board = board().await;
    let watch = watch(&board);
    let switch = || board.run(&["switch", "users", "--force"]);
    until("it is switched", async || {
        let (one, other) = tokio::join!(switch(), switch());
        one.is_ok() && other.is_ok()
    })
    .await;
    let users = board.program("users").ownership("users").await;
    assert_eq!((&users["role"], &users["epoch"]), (&json!("primary"), &json!(2)), "{users}");
    watch.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reverse_during_a_switch_comes_after_it_or_is_refused() {
    during(&["reverse", "users"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_during_a_switch_comes_before_it_or_is_refused() {
    during(&["cancel", "users"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complete_during_a_switch_comes_after_it_or_is_refused() {
    during(&["complete", "users", "--keep-data"]).await;
}

/// Another command while a switch stands at each of its steps: there is one primary all the time, nothing is lost, and the
/// board takes writes in the end.
async fn during(other: &[&str]) {
    for (who, place) in [
        (CONTROL, "moves.intent"),
        ("monolith", "store.fence.after-commit"),
        ("monolith", "store.handover.before-commit"),
        ("users", "store.promote.before-commit"),
        ("users", "store.promote.after-commit"),
    ] {
        let board = board().await;
        let (watch, stubborn) = (watch(&board), Stubborn::start(&board));
        board.arm_to_stop(who, place);
        let pid = board.program(who).pid();
        let switch = board.run(&["switch", "users", "--force"]);
        let (switched, then) = tokio::join!(switch, async {
            until("it comes to the place", async || !board.is_armed(who, place)).await;
            let other = board.run(other);
            let go_on = async {
                // Long enough for the other one to arrive, which is all that can be said of it.
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                harness::signal("CONT", pid);
            };
            tokio::join!(other, go_on).0
        });
        let before = written(&board).await;
        until("the board takes writes", async || written(&board).await > before).await;
        let made = stubborn.end().await;
        let primary = if board.program("users").ownership("users").await["role"] == "primary" {
            board.program("users")
        } else {
            board.program("monolith")
        };
        for (id, name) in made {
            let user = primary.get(&format!("/api/users/{id}")).await;
            assert!(user.body.contains(&name), "{place}: {name}: {user:?} {switched:?} {then:?}");
        }
        watch.end();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_switched_cannot_be_completed() {
    let board = board().await;
    let refused = board.run(&["complete", "users"]).await.expect_err("it was not switched");
    assert!(
        refused.contains("is still the primary of users")
            && refused.contains("banyan switch users"),
        "{refused}"
    );
    let refused = board.run(&["reverse", "users"]).await;
    assert!(
        refused.is_ok_and(|said| said.contains("primary already")),
        "there is nothing to reverse"
    );
    assert_eq!(board.roles("users").await, ["primary", "follower"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_other_data_is_not_overwritten() {
    let board = board().await;
    board.succeeds(&["cancel", "users"]).await;
    let other = Setup::new(env!("CARGO_BIN_EXE_banyan")).arg("serve").arg("users");
    let other = other.movable().demo().start().await;
    let before = other.get("/api/users").await.body;
    let refused = board.run(&["follow", "users", "--target", &other.url()]).await;
    let refused = refused.expect_err("it has data");
    assert!(refused.contains("holds data of its own") && refused.contains("empty"), "{refused}");
    assert_eq!(other.get("/api/users").await.body, before);
    assert_eq!(other.ownership("users").await["role"], "primary");
    assert_eq!(board.program("monolith").ownership("users").await["role"], "primary");
}

async fn board() -> Board {
    Board::start_as(Plan::users(Engine::Sqlite, Engine::Sqlite)).await
}

fn watch(board: &Board) -> Watch {
    Watch::start(board, "users", &["monolith", "users"])
}

/// How many users there are, as clients see it.
async fn written(board: &Board) -> usize {
    let url = format!("{}/api/users?limit=1000", board.proxy);
    let Ok(answer) = harness::client().get(url).send().await else { return 0 };
    let body = answer.text().await.unwrap_or_default();
    let users: Value = serde_json::from_str(&body).unwrap_or_default();
    users.as_array().map_or(0, Vec::len)
}
