//! A full disk: writes are refused, reads go on, nothing is damaged.

use std::{env, fs};

use harness::Setup;
use rusqlite::Connection;
use serde_json::json;

/// Wants a small file system of its own (4 to 16 MB) in `TEST_SMALL_DISK`.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_and_damages_nothing() {
    let Ok(disk) = env::var("TEST_SMALL_DISK") else {
        return harness::skipped("TEST_SMALL_DISK is not set");
    };
    let folder = tempfile::tempdir_in(disk).unwrap();
    let database = folder.path().join("board.db").display().to_string();
    let ballast = folder.path().join("ballast");
    fs::write(&ballast, vec![1; 1 << 20]).unwrap();
    let setup = Setup::new(crate::BINARY).demo().env("DATABASE_URL", &format!("sqlite:{database}"));
    let board = setup.start().await;
    let post = json!({"thread": 1, "text": "x".repeat(10_000), "user": 1});
    let mut stored = 6;
    let refused = loop {
        let answer = board.json("POST", "/api/posts", &post).await;
        if answer.status != 201 {
            break answer;
        }
        stored += 1;
        assert_eq!(answer.json()["id"], stored);
        assert!(stored < 10_000, "the disk in TEST_SMALL_DISK is too large");
    };
    assert!(matches!(refused.status, 503 | 507), "{}", refused.body);
    refused.problem(refused.status);
    for path in ["/api/posts/1", "/api/users", &format!("/api/posts/{stored}")] {
        assert_eq!(board.get(path).await.status, 200, "reads go on");
    }
    let again = board.json("POST", "/api/posts", &post).await;
    assert!(matches!(again.status, 503 | 507), "{}", again.body);

    fs::remove_file(&ballast).unwrap();
    let board = {
        let answer = board.json("POST", "/api/posts", &post).await;
        assert_eq!(answer.status, 201, "there is space again: {}", answer.body);
        board.restart().await
    };
    assert_eq!(board.get(&format!("/api/posts/{stored}")).await.status, 200);
    assert_eq!(board.get(&format!("/api/posts/{}", stored + 1)).await.status, 200);
    board.get(&format!("/api/posts/{}", stored + 2)).await.problem(404);
    drop(board);
    let check = Connection::open(&database).unwrap();
    let check: String = check.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}
