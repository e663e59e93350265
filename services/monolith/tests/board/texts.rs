//! What forms and clipboards send.

use harness::Setup;
use serde_json::json;

#[tokio::test]
async fn a_text_with_the_line_ends_of_a_form_is_stored_with_newlines() {
    let board = Setup::new(crate::BINARY).demo().start().await;
    let post = json!({"thread": 1, "user": 1, "text": "one\r\ntwo"});
    let created = board.json("POST", "/api/posts", &post).await;
    assert_eq!((created.status, &created.json()["text"]), (201, &json!("one\ntwo")));
    let patched = board.json("PATCH", "/api/posts/1", &json!({"text": "a\r\nb\rc"})).await;
    assert_eq!((patched.status, &patched.json()["text"]), (200, &json!("a\nb\nc")));
    let patched = board.json("PATCH", "/api/users/1", &json!({"bio": "one\ntwo"})).await;
    assert_eq!((patched.status, &patched.json()["bio"]), (200, &json!("one\ntwo")));
    let unseen = json!({"username": "x", "name": "\u{200b}"});
    assert_eq!(board.json("POST", "/api/users", &unseen).await.problem(422), ["#/name"]);
    let reversed = json!({"title": "\u{202e}x", "createdBy": 1});
    assert_eq!(board.json("POST", "/api/threads", &reversed).await.problem(422), ["#/title"]);
    let document = board.get("/api/posts/openapi.json").await.json();
    let about = &document["components"]["schemas"]["NewPost"]["properties"]["text"]["description"];
    assert!(about.as_str().unwrap().contains("stored as a newline"), "{about}");
}
