//! Starts that cannot work: one clear message, the right exit code.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use harness::Setup;
use rusqlite::Connection;

use crate::client::{keys, setup};

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
    let wrong = setup().env("CONTROL_PORT", "x").env("BANYAN_SPEED", "11").env("HOST", "here");
    let (code, log) = wrong.run().await;
    assert_eq!(code, Some(64), "{log}");
    for part in ["BANYAN_SPEED", "CONTROL_PORT=\"x\"", "HOST=\"here\""] {
        assert!(log.contains(part), "{log}");
    }
    let (code, log) = setup().arg("--prot").run().await;
    assert_eq!(code, Some(64));
    assert!(log.contains("--help"), "{log}");
    assert_eq!(setup().arg("--help").run().await.0, Some(0));
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let (code, log) = setup().env("TLS_CERT_FILE", "cert.pem").run().await;
    assert_eq!(code, Some(64), "{log}");
    assert!(log.contains("TLS_CERT_FILE, TLS_KEY_FILE: take both, or neither"), "{log}");
    let missing = setup().env("TLS_CERT_FILE", "cert.pem").env("TLS_KEY_FILE", "key.pem");
    let (code, log) = missing.run().await;
    assert_eq!(code, Some(64), "{log}");
    assert!(log.contains("TLS_CERT_FILE, TLS_KEY_FILE: cert.pem: "), "{log}");
}

#[tokio::test]
async fn a_taken_control_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    fails(setup().env("CONTROL_PORT", &port), &["cannot listen on", &port, "CONTROL_PORT"]).await;
}

#[tokio::test]
async fn keys_stay_the_same_and_are_refused_where_others_can_read_them() {
    let program = setup().start().await;
    let before = keys(program.setup());
    let mut program = program.restart().await;
    assert_eq!(keys(program.setup()), before);
    program.kill().await;
    let file = program.setup().folder().join(".refactor/credentials.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    fails(program.setup().clone(), &["credentials.json", "mode 0644", "chmod 600"]).await;
}

#[tokio::test]
async fn one_data_folder_serves_one_process() {
    let program = setup().start().await;
    fails(program.setup().clone(), &["state.db", "is used by another process"]).await;
}

#[tokio::test]
async fn the_state_of_a_newer_program_is_left_as_it_is() {
    let mut program = setup().start().await;
    program.kill().await;
    let file = program.setup().folder().join(".refactor/state.db");
    Connection::open(file).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let parts = ["state.db was written by a newer program", "its version is 7"];
    fails(program.setup().clone(), &parts).await;
}

#[tokio::test]
async fn what_is_no_database_is_named_and_left_as_it_is() {
    let setup = setup();
    let folder = setup.folder().join(".refactor");
    fs::create_dir(&folder).unwrap();
    let text = "Dear diary, this is no database, and it is longer than a header.".repeat(100);
    fs::write(folder.join("state.db"), &text).unwrap();
    fails(setup.clone(), &["state.db is damaged or no database"]).await;
    assert_eq!(fs::read_to_string(folder.join("state.db")).unwrap(), text);
}
