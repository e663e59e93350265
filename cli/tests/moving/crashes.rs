//! The control plane is killed at each of its places in a switch or reverse, and started again: one primary is left, and
//! nothing that was answered is lost.

use serde_json::{Value, json};

use crate::board::{Board, CONTROL, LAG_MS};
use crate::on_both_engines;

on_both_engines!(a_control_plane_that_dies_anywhere_leaves_one_primary);

/// The places of the control plane, and whether the switch goes on from there.
const PLACES: [(&str, bool); 7] = [
    ("moves.intent", false),
    ("moves.fenced", false),
    ("moves.caught-up", false),
    ("moves.handed-over", true),
    ("moves.promoted", true),
    ("moves.flipped", true),
    ("moves.followed-back", true),
];

async fn a_control_plane_that_dies_anywhere_leaves_one_primary(mut board: Board) {
    let mut count = 4;
    for (place, goes_on) in PLACES {
        for (verb, from, to) in [("switch", "monolith", "users"), ("reverse", "users", "monolith")]
        {
            let write = async |board: &Board, program: &str, number: usize| {
                let user = json!({ "username": format!("u{number}"), "name": "N" });
                let answer = board.send(program, "POST", "/api/users", &user).await;
                assert_eq!(answer.status, 201, "{place}, {verb}: {}", answer.body);
            };
            count += 1;
            write(&board, from, count).await;
            board.settled("users").await;
            board.arm(CONTROL, place);
            let told =
                board.tell("users", verb, json!({ "force": true, "maxLagMs": LAG_MS })).await;
            assert!(told.is_err() && !board.is_armed(CONTROL, place), "{place}: {told:?}");
            board.revive(CONTROL).await;
            let found = board.settled("users").await;
            let primary = if goes_on { to } else { from };
            let wanted =
                if primary == "users" { ["follower", "primary"] } else { ["primary", "follower"] };
            assert_eq!(board.roles("users").await, wanted, "{place}, {verb}");
            let state = if primary == "users" { "ACTIVE" } else { "INACTIVE" };
            assert_eq!(found.route.expect("a route").state, state, "{place}, {verb}");
            count += 1;
            write(&board, primary, count).await;
            if !goes_on {
                // Again, and this time to the end.
                board
                    .tell("users", verb, json!({ "force": true, "maxLagMs": LAG_MS }))
                    .await
                    .expect(place);
                board.settled("users").await;
            }
        }
    }
    for program in ["monolith", "users"] {
        harness::until("both have everything", async || {
            let users = board.send(program, "GET", "/api/users?limit=1000", &Value::Null).await;
            users.json().as_array().map(Vec::len) == Some(count)
        })
        .await;
    }
}
