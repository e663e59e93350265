//! An application that the proxy serves at the root: its collections are below `/api`.

use serde_json::json;

use crate::board::{Board, Plan};
use crate::traffic::Load;
use crate::whole::patiently;

/// The whole way of a collection, while clients write, read what they have just written, and read from a copy too.
#[tokio::test(flavor = "multi_thread")]
async fn a_collection_below_the_first_segment_moves_and_comes_back() {
    let board = Board::start_as(Plan::at_root()).await;
    board.succeeds(&["follow", "/api/users"]).await;
    board.tag("api/users", json!({ "banyan:canary": "50" })).await;
    board.activate("api/users", "ACTIVE").await;
    for verbs in [&["diff", "switch"][..], &["reverse", "diff"], &["switch"]] {
        let load = ["--collection", "users", "--read-after-write", "--writes", "400"];
        let load =
            Load::start(&board, &[&load[..], &["--seconds", "600", "--clients", "8"]].concat());
        for verb in verbs {
            patiently(&board, &[verb, "api/users"]).await;
            // A reverse takes the route out of use.
            board.activate("api/users", "ACTIVE").await;
        }
        let report = load.report().await;
        assert_eq!(report["differences"], json!([]), "{verbs:?}: {report:#}");
        assert_eq!(
            (&report["failed"], &report["unchecked"]),
            (&json!(0), &json!(null)),
            "{report:#}"
        );
    }
    assert_eq!(board.roles("api/users").await, ["follower", "primary"]);
    let client = runtime::http_client(false).unwrap();
    let get = async |path: &str| {
        client.get(format!("{}{path}", board.proxy)).send().await.unwrap().status().as_u16()
    };
    // What is for operators stays for operators, and all else is the monolith's.
    assert_eq!(get("/api/users/-/ownership").await, 404);
    assert_eq!((get("/api/users/1").await, get("/api/threads/1").await), (200, 200));
    patiently(&board, &["complete", "api/users"]).await;
    assert_eq!(get("/api/users/1").await, 200);
    assert_eq!(board.look("api/users").await.phase, "completed");
}
