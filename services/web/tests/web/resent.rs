//! Forms that are sent again, and forms that come too late.

use serde_json::json;

use crate::api::Board;

#[tokio::test]
async fn a_form_that_is_sent_twice_is_stored_once() {
    let board = Board::start().await;
    let browser = board.browser_of(1).await;
    let form = browser.form("/threads/3", "/threads/3/posts").await.with(&[("text", "Twice")]);
    let first = browser.submit(&form, &[]).await;
    let second = browser.submit(&form, &[]).await;
    assert_eq!((first.id(), first.location()), (second.id(), second.location()));
    let page = browser.read("/threads/3").await;
    assert_eq!(page.matches("Twice").count(), 1);
}

#[tokio::test]
async fn a_form_that_was_sent_and_then_changed_is_not_lost_and_not_stored_unseen() {
    let board = Board::start().await;
    let browser = board.browser_of(1).await;
    let form = browser.form("/threads/3", "/threads/3/posts").await.with(&[("text", "One")]);
    browser.submit(&form, &[]).await.id();
    let page = browser.submit(&form.with(&[("text", "Two")]), &[]).await;
    assert_eq!(page.status, 409);
    assert!(page.body.contains("sent before, with another text"), "{}", page.body);
    assert!(!browser.read("/threads/3").await.contains("Two"));
    let again = page.form("/threads/3/posts");
    assert_eq!(again.fields["text"], "Two");
    browser.submit(&again, &[]).await.id();
    assert!(browser.read("/threads/3").await.contains("Two"));
}

#[tokio::test]
async fn an_edit_over_another_edit_is_told_and_shows_both() {
    let board = Board::start().await;
    let browser = board.browser();
    let late = browser.form("/posts/1/edit", "/posts/1/edit").await.with(&[("text", "Mine")]);
    let theirs = board.api.json("PATCH", "/api/posts/1", &json!({"text": "Theirs"})).await;
    assert_eq!(theirs.status, 200);
    let page = browser.submit(&late, &[]).await;
    assert_eq!(page.status, 409);
    for text in ["It was changed in the meantime", "What is stored now", "Theirs", "Mine"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert_eq!(board.api.get("/api/posts/1").await.json()["text"], "Theirs");
    let answer = browser.submit(&page.form("/posts/1/edit"), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(board.api.get("/api/posts/1").await.json()["text"], "Mine");
}

#[tokio::test]
async fn an_edit_that_is_sent_twice_is_no_edit_of_another() {
    let board = Board::start().await;
    let browser = board.browser();
    let form = browser.form("/posts/1/edit", "/posts/1/edit").await.with(&[("text", "a\r\nb")]);
    for _ in 0..2 {
        let answer = browser.submit(&form, &[]).await;
        assert_eq!(
            (answer.status, answer.location()),
            (303, "/threads/1?before=2#post-1"),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_member_that_was_changed_is_not_deleted_unseen_and_one_that_is_gone_is_gone() {
    let board = Board::start().await;
    let browser = board.browser();
    let form = browser.form("/posts/1/delete", "/posts/1/delete").await;
    board.api.json("PATCH", "/api/posts/1", &json!({"text": "Theirs"})).await;
    let page = browser.submit(&form, &[]).await;
    assert_eq!(page.status, 409);
    assert!(page.body.contains("Theirs"), "{}", page.body);
    let form = page.form("/posts/1/delete");
    for _ in 0..2 {
        let answer = browser.submit(&form, &[]).await;
        assert_eq!((answer.status, answer.location()), (303, "/threads/1"), "{}", answer.body);
    }
}
