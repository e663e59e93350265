//! Reads are divided between the primary and a follower, and every client finds what it has just written.

use harness::until;
use serde_json::json;

use crate::board::{Board, Engine, Plan};
use crate::traffic::Load;

/// Half of the reads go to the service that follows, and, after a switch in the middle of it, half to the monolith that does.
///
/// With 100,000 pairs it is a measurement, on a board that `banyan up` runs, once the route of users is ACTIVE and has the
/// tag `banyan:canary=50`:
/// `banyan load --collection users --read-after-write --writes 100000 --seconds 3600 --clients 32`
async fn half_of_the_reads_go_to_a_copy_and_none_goes_back_in_time(source: Engine, target: Engine) {
    let board = Board::start_as(Plan::users(source, target)).await;
    board.succeeds(&["follow", "users"]).await;
    board.tag("users", json!({ "banyan:canary": "50" })).await;
    board.activate("users", "ACTIVE").await;
    for verb in [None, Some("switch"), Some("reverse")] {
        let load = ["--collection", "users", "--read-after-write", "--writes", "700"];
        let load =
            Load::start(&board, &[&load[..], &["--seconds", "600", "--clients", "8"]].concat());
        if let Some(verb) = verb {
            let force = if verb == "switch" { &["--force"][..] } else { &[] };
            board.succeeds(&[&[verb, "users"][..], force].concat()).await;
            board.activate("users", "ACTIVE").await;
        }
        let report = load.report().await;
        assert_eq!(report["differences"], json!([]), "{verb:?}: {report:#}");
        assert_eq!(
            (&report["failed"], &report["unchecked"]),
            (&json!(0), &json!(null)),
            "{report:#}"
        );
        assert_eq!(report["writes"], 700, "{report:#}");
    }
    let traffic = board.program("users").get("/metrics").await.body;
    let asked =
        traffic.lines().any(|line| line.contains("GET") && line.contains("/api/users/{id}"));
    assert!(asked, "the copy was never asked: {traffic}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_to_sqlite() {
    half_of_the_reads_go_to_a_copy_and_none_goes_back_in_time(Engine::Sqlite, Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn postgresql_to_postgresql() {
    half_of_the_reads_go_to_a_copy_and_none_goes_back_in_time(Engine::Postgres, Engine::Postgres)
        .await;
}

/// Every read is copied to the service that follows, which has the same rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_follows_answers_as_its_source() {
    let board = Board::start_as(Plan::users(Engine::Sqlite, Engine::Sqlite)).await;
    board.succeeds(&["follow", "users"]).await;
    board.tag("users", json!({ "banyan:canary": "0", "banyan:shadow": "100" })).await;
    board.activate("users", "ACTIVE").await;
    let client = runtime::http_client(false).unwrap();
    let answer = client.get(format!("{}/api/users/1", board.proxy)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    until("the read was compared", async || {
        board.control().shadows().await.is_ok_and(|shadows| shadows[0].counts.compared == 1)
    })
    .await;
    let said = board.succeeds(&["shadow", "users"]).await;
    assert!(said.contains("  equal                1  100 %\n"), "{said}");
}
