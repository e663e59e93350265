//! Starts that cannot work: one clear message, the right exit code, nothing touched.

use std::fs;
use std::net::TcpListener;

use harness::{Setup, free_port};
use rusqlite::Connection;

fn setup() -> Setup {
    Setup::new(crate::BINARY)
}

/// Runs it to its end; checks that it failed with one line that holds all of these.
async fn fails(setup: Setup, parts: &[&str]) {
    let (code, log) = setup.run().await;
    assert_eq!(code, Some(1), "{log}");
    let lines: Vec<_> = log.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    for part in parts {
        assert!(lines[0].contains(part), "{part:?} is not in {}", lines[0]);
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_told_all_at_once() {
    let setup = setup().env("PORT", "x").env("BANYAN_SPEED", "11").env("DATABASE_URL", "redis://x");
    let (code, log) = setup.run().await;
    assert_eq!(code, Some(64), "{log}");
    for part in ["BANYAN_SPEED", "PORT=\"x\"", "DATABASE_URL: takes sqlite:PATH or postgres://"] {
        assert!(log.contains(part), "{log}");
    }
}

#[tokio::test]
async fn arguments_are_answered() {
    let (code, _) = setup().arg("--help").run().await;
    assert_eq!(code, Some(0));
    let (code, log) = setup().arg("--prot").run().await;
    assert_eq!(code, Some(64));
    assert!(log.contains("--help"), "{log}");
}

#[tokio::test]
async fn a_program_tells_whether_the_one_with_its_environment_is_alive() {
    let mut board = setup().start().await;
    let (_, port) = board.address().rsplit_once(':').unwrap();
    let check = setup().env("PORT", port).arg("--check-health");
    let (code, log) = check.clone().run().await;
    assert_eq!((code, log.as_str()), (Some(0), ""));
    assert!(!check.folder().join("test.db").exists(), "it only asks");

    board.kill().await;
    let (code, log) = check.clone().run().await;
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("/healthz") && log.contains("refused"), "{log}");

    let (code, log) = check.env("HOST", "localhost").run().await;
    assert_eq!(code, Some(64), "{log}");
    assert!(log.contains("HOST"), "{log}");
}

#[tokio::test]
async fn what_is_no_database_is_left_as_it_is() {
    let setup = setup();
    let file = setup.folder().join("test.db");
    let text = "Dear diary, this is no database, and it is longer than a header.".repeat(100);
    fs::write(&file, &text).unwrap();
    fails(setup, &["test.db is damaged or no database", "DATABASE_URL"]).await;
    // The folder went with its setup, so look at a second one while it is still there.
    let setup = self::setup();
    let file = setup.folder().join("test.db");
    fs::write(&file, &text).unwrap();
    setup.clone().run().await;
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn a_damaged_database_is_found_at_the_start() {
    let setup = setup().demo();
    drop(setup.clone().start().await);
    let file = setup.folder().join("test.db");
    // All of the log is in the file once it is opened and closed.
    Connection::open(&file).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = fs::read(&file).unwrap();
    for byte in &mut bytes[5_000..20_000] {
        *byte ^= 0x5a;
    }
    fs::write(&file, &bytes).unwrap();
    fails(setup.clone(), &["test.db is damaged", "restore a backup"]).await;
    assert!(fs::read(&file).unwrap() == bytes, "nothing was touched");
}

#[tokio::test]
async fn a_newer_database_is_left_as_it_is() {
    let setup = setup().demo();
    drop(setup.clone().start().await);
    let connection = Connection::open(setup.folder().join("test.db")).unwrap();
    let newer = "UPDATE banyan_schema SET version = 7 WHERE collection = 'threads'";
    connection.execute_batch(newer).unwrap();
    let parts = ["`threads`", "version 7", "run the newer program"];
    fails(setup, &parts).await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let folder = setup().env("DATABASE_URL", "sqlite:/proc/board.db");
    fails(folder, &["sqlite:/proc/board.db", "may write there"]).await;
    let folder = setup().env("DATABASE_URL", "sqlite:no/such/folder/board.db");
    fails(folder, &["sqlite:no/such/folder/board.db", "its folder exists"]).await;
}

#[tokio::test]
async fn a_postgresql_that_is_not_there_is_named_without_its_password() {
    let free = free_port();
    let url = format!("postgres://board:hunter2@127.0.0.1:{free}/board");
    let setup = setup().env("DATABASE_URL", &url);
    let place = format!("postgres://127.0.0.1:{free}/board");
    let (_, log) = setup.clone().run().await;
    assert!(!log.contains("hunter2"), "{log}");
    fails(setup, &[&place, "check that PostgreSQL runs there", "refused"]).await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    fails(setup().env("PORT", &port), &["cannot listen on 127.0.0.1", &port, "PORT"]).await;
}
