//! Boards that go away while they are asked.

use harness::{Program, until};
use serde_json::json;

use crate::run::{Load, monolith};

/// Waits until there are so many users.
async fn users(program: &Program, count: u64) {
    until("there are enough users", || async {
        let newest = program.get("/api/users?order=desc&limit=1").await.json();
        newest[0]["id"].as_u64() >= Some(count)
    })
    .await;
}

#[tokio::test]
async fn a_crash_loses_no_answered_write_and_what_was_not_answered_may_be_either() {
    let mut program = monolith().on_its_port().start().await;
    let load = Load::start(&program.url(), &["--seconds", "600", "--collection", "users"]);
    users(&program, 50).await;
    program.kill().await;
    let program = program.setup().clone().start().await;
    users(&program, 500).await;
    load.interrupt();
    let report = load.report().await;
    assert_eq!(report.code, Some(1), "{report:?}");
    assert_ne!(report.json["failed"], json!(0), "{report:?}");
    assert_eq!(report.json["different"], 0, "{report:#?}");
}

#[tokio::test]
async fn a_client_that_repeats_what_was_not_answered_loses_nothing_by_a_crash() {
    let mut program = monolith().start().await;
    let (address, setup) = (program.address().to_owned(), program.setup().clone());
    let (_, port) = address.rsplit_once(':').expect("a port");
    let arguments = ["--seconds", "600", "--read-after-write", "--repeat"];
    let load = Load::start(&program.url(), &arguments);
    users(&program, 50).await;
    program.kill().await;
    let program = setup.env("PORT", port).start().await;
    users(&program, 200).await;
    load.interrupt();
    let report = load.report().await;
    assert_eq!(report.code, Some(0), "{report:#?}");
    assert_eq!(report.json["failed"], json!(0), "{report:#?}");
}
