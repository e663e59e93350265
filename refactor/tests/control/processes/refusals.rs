//! Starts on a control database that cannot work.

use harness::{Bouncer, Setup, postgres};

use super::fixture::process;
use crate::client::setup;

async fn fails(setup: Setup, parts: &[&str]) {
    let (code, log) = setup.run().await;
    assert_eq!(code, Some(1), "{log}");
    for part in parts {
        assert!(log.contains(part), "{part:?} is not in {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn two_processes_of_one_name_are_refused() {
    let database = postgres().await;
    let _one = process(database.url(), "same").start().await;
    fails(process(database.url(), "same"), &["a process named same", "CONTROL_NAME"]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn tables_of_a_newer_program_are_left_as_they_are() {
    let database = postgres().await;
    process(database.url(), "one").start().await.kill().await;
    database.execute("UPDATE control_version SET schema = 7").await;
    fails(process(database.url(), "one"), &["version 7", "run the newer program"]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_role_without_rights_is_told_what_it_needs() {
    let database = postgres().await;
    let role = format!("reader_{}", std::process::id());
    database.execute(&format!("CREATE ROLE {role} LOGIN")).await;
    let url = database.url().replace("//postgres@", &format!("//{role}@"));
    assert_ne!(url, database.url());
    fails(process(&url, "one"), &["permission denied", "make tables"]).await;
    database.execute(&format!("DROP ROLE {role}")).await;
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let url = "postgres://me:hunter2@127.0.0.1:1/none";
    let (code, log) = process(url, "one").run().await;
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("postgres://127.0.0.1:1/none") && !log.contains("hunter2"), "{log}");
    assert!(log.contains("cannot be reached") && log.contains("Connection refused"), "{log}");
    let (code, log) = setup().env("CONTROL_DATABASE_URL", "sqlite:x").run().await;
    assert_eq!(code, Some(64), "{log}");
    assert!(log.contains("CONTROL_DATABASE_URL: takes postgres://"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL and TEST_PGBOUNCER"]
async fn a_pooler_that_shares_sessions_is_refused() {
    let database = postgres().await;
    let bouncer = Bouncer::start(database.url(), "transaction").await;
    fails(process(bouncer.url(), "one"), &["a pooler that shares sessions", "session mode"]).await;
}
