//! A full disk: writes are refused, reads go on, nothing is damaged.
//!
//! Needs a folder on a small file system (4 to 16 MB) in `TEST_SMALL_DISK`.

use std::fs;

use harness::{Program, Setup};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// One test at a time fills the disk.
static DISK: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_SMALL_DISK"]
async fn a_full_disk_refuses_writes_and_damages_nothing() {
    let _alone = DISK.lock().await;
    let folder = tempfile::tempdir_in(harness::needs("TEST_SMALL_DISK")).unwrap();
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

/// A full disk takes no writes, and yet its collections can be given to a program that has room; nothing that was answered
/// is lost.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_SMALL_DISK"]
async fn a_collection_leaves_a_full_disk() {
    let _alone = DISK.lock().await;
    let folder = tempfile::tempdir_in(harness::needs("TEST_SMALL_DISK")).unwrap();
    let database = folder.path().join("board.db").display().to_string();
    let setup = Setup::new(crate::BINARY).movable().demo();
    let full = setup.env("DATABASE_URL", &format!("sqlite:{database}")).start().await;
    let other = Setup::new(crate::BINARY).movable().start().await;
    other.follow("posts", &full).await;
    let mut size = 10_000;
    // Down to the last page: large texts first, then small ones, and whatever else writes there.
    while size > 10 {
        let post = json!({"thread": 1, "text": "x".repeat(size), "user": 1});
        if full.json("POST", "/api/posts", &post).await.status != 201 {
            size /= 10;
        }
    }
    fs::write(folder.path().join("others"), vec![1; 1 << 23]).unwrap_err();
    let post = json!({"thread": 1, "text": "x", "user": 1});
    let refused = full.json("POST", "/api/posts", &post).await;
    assert!(matches!(refused.status, 503 | 507), "{}", refused.body);
    let rows = digest(&full).await;

    // It is still followed.
    other.catch_up("posts", &full).await;
    let epoch = full.ownership("posts").await["epoch"].clone();
    let to = other.ownership("posts").await["store"].clone();
    let fence = json!({"id": "h", "epoch": epoch, "ms": 30_000});
    full.done("posts", "fence", fence).await;
    // What was given up for it is kept for the next one as far as there is room.
    full.done("posts", "release", json!({"id": "h"})).await;
    full.done("posts", "fence", json!({"id": "i", "epoch": epoch, "ms": 30_000})).await;
    other.catch_up("posts", &full).await;
    let to = json!({"store": to, "url": other.collection("posts")});
    full.done("posts", "handover", json!({"id": "i", "epoch": epoch, "to": to})).await;
    other
        .ownership_is("posts", "it is the primary", |document| document["role"] == "primary")
        .await;
    assert_eq!(digest(&other).await, rows, "nothing is lost");
    full.json("POST", "/api/posts", &post).await.problem(421);
}

async fn digest(program: &Program) -> Value {
    let digest = program.ask("posts", "digest").await.json();
    json!([digest["rows"], digest["hash"]])
}
