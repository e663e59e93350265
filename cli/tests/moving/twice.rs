//! A service is two programs on one database behind a load balancer, and so is the monolith: whichever of them is asked,
//! and though one of them is killed, a collection moves as if it were one.

use harness::until;
use serde_json::Value;

use crate::board::{Board, CONTROL, Plan};
use crate::traffic::Load;
use crate::watch::Watch;
use crate::whole::patiently;

const PROGRAMS: [&str; 4] = ["monolith", "monolith-2", "users", "users-2"];
/// How many clients there are, each with one request at a time.
const CLIENTS: &str = "6";
const LOAD: [&str; 7] =
    ["--clients", CLIENTS, "--seconds", "600", "--rate", "100", "--read-after-write"];
/// What the proxy says of a request that a service may have executed before it ended.
const BROKEN: &str = "closed the connection without an answer";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn postgresql_to_postgresql() {
    let mut board = Board::start_as(Plan::twice()).await;
    let watch = Watch::start(&board, "users", &PROGRAMS);
    let load = Load::start(&board, &LOAD);
    for verb in ["follow", "diff", "switch"] {
        change(&board, verb).await;
    }
    let before = again(&board).await;
    more(&board, "users", 60).await;
    assert_eq!(
        again(&board).await,
        before,
        "whichever program is asked has what the other one wrote"
    );
    for program in ["users", "users-2"] {
        board.kill(program).await;
        let other = if program == "users" { "users-2" } else { "users" };
        more(&board, other, 5).await;
        board.start_again(program).await;
        board.ready().await;
    }
    for verb in ["reverse", "switch", "complete"] {
        change(&board, verb).await;
    }
    for (program, role) in PROGRAMS.into_iter().zip(["retired", "retired", "primary", "primary"]) {
        assert_eq!(board.program(program).ownership("users").await["role"], role, "{program}");
    }
    watch.end();
    let report = load.end().await;
    assert_eq!(
        (&report["different"], &report["unchecked"]),
        (&0.into(), &Value::Null),
        "{report:#}"
    );
    assert!(report["members"].as_u64() > Some(50), "{report:#}");
    let failures = report["failures"].as_object().expect("the failures");
    let of = |failure: &Value| failure["example"].as_str().unwrap_or_default().contains(BROKEN);
    let broken = failures.values().all(of);
    assert!(broken, "not only what a killed program had begun: {report:#}");
    // Each client had one request under way at most when a program was killed.
    let most = 2 * CLIENTS.parse::<u64>().expect("a number");
    assert!(report["failed"].as_u64() <= Some(most), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn one_of_two_is_stopped_and_started_again_under_load_and_no_request_fails() {
    let mut board = Board::start_as(Plan::twice()).await;
    let load = Load::start(&board, &LOAD);
    for _ in 0..4 {
        // While one is away all connections lead to the other, which is the next one to be stopped.
        for (program, other) in [("monolith", "monolith-2"), ("monolith-2", "monolith")] {
            more(&board, program, 5).await;
            board.stop(program).await;
            more(&board, other, 5).await;
            board.start_again(program).await;
            board.ready().await;
        }
    }
    let report = load.end().await;
    assert_eq!((&report["failed"], &report["different"]), (&0.into(), &0.into()), "{report:#}");
    assert!(report["members"].as_u64() > Some(50), "{report:#}");
}

/// Has a command done. A switch that would take long is taken back before any client is told that there is no primary.
async fn change(board: &Board, verb: &str) {
    let changes = ["switch", "reverse"].contains(&verb);
    let deadline: &[_] = if changes { &["--deadline-ms", "2000"] } else { &[] };
    println!("{}", patiently(board, &[&[verb, "users"][..], deadline].concat()).await);
}

/// How many answers to reads were older than what their client wrote.
async fn again(board: &Board) -> u64 {
    let metrics = board.program(CONTROL).get("/metrics").await.body;
    let mut lines = metrics.lines();
    let count = lines.find_map(|line| line.strip_prefix("banyan_proxy_read_again_total "));
    count.and_then(|count| count.parse().ok()).expect("a number")
}

/// Waits until so many more users are made.
async fn more(board: &Board, program: &str, count: u64) {
    let before = newest(board, program).await;
    until("more users are made", async || newest(board, program).await > before + count).await;
}

/// The highest id of a user.
async fn newest(board: &Board, program: &str) -> u64 {
    let page = board.program(program).get("/api/users?order=desc&limit=1&view=full").await;
    page.json()[0]["id"].as_u64().expect("an id")
}
