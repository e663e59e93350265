//! References inside the monolith are checked by a call.

use harness::Setup;
use serde_json::json;

harness::on_both_stores!(
    crate::BINARY;
    what_a_write_names_must_exist_at_that_moment,
);

async fn what_a_write_names_must_exist_at_that_moment(setup: Setup) {
    let board = setup.start().await;
    let post = json!({"thread": 1, "text": "Mathematical!", "user": 1});
    assert_eq!(board.json("POST", "/api/posts", &post).await.problem(422), ["#/thread", "#/user"]);
    let finn = json!({"username": "finn", "name": "Finn"});
    assert_eq!(board.json("POST", "/api/users", &finn).await.status, 201);
    let thread = json!({"title": "Party", "createdBy": 1});
    assert_eq!(board.json("POST", "/api/threads", &thread).await.status, 201);
    assert_eq!(board.json("POST", "/api/posts", &post).await.status, 201);
    assert_eq!(board.send("DELETE", "/api/users/1", &[], "").await.status, 204);
    assert_eq!(board.json("POST", "/api/posts", &post).await.problem(422), ["#/user"]);
    assert_eq!(board.json("POST", "/api/threads", &thread).await.problem(422), ["#/createdBy"]);
    // What was written before stays readable, and what it does not touch can be changed.
    assert_eq!(board.get("/api/posts/1").await.status, 200);
    let patch = json!({"text": "Algebraic!"});
    assert_eq!(board.json("PATCH", "/api/posts/1", &patch).await.status, 200);
}
