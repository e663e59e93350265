//! The database is deleted under a program that runs.

use std::fs;

use harness::Setup;
use serde_json::json;

#[tokio::test]
async fn a_write_to_a_file_that_was_deleted_is_not_said_to_be_stored() {
    let board = Setup::new(crate::BINARY).demo().start().await;
    let bmo = json!({"username": "bmo", "name": "BMO"});
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(board.setup().folder().join(format!("test.db{suffix}"))).unwrap();
    }
    board.json("POST", "/api/users", &bmo).await.problem(503);
    board.get("/readyz").await.problem(503);
    board.logged("test.db was deleted or moved away").await;
    let board = board.restart().await;
    assert_eq!(board.json("POST", "/api/users", &bmo).await.status, 201);
}
