//! A board that cannot be written.

use crate::api::{monolith, pages};
use crate::browser::Browser;

const PAGES: [&str; 5] = ["/", "/threads/1", "/users", "/users/1", "/threads/2"];

#[tokio::test]
async fn a_read_only_board_shows_nothing_that_cannot_be_done_and_refuses_it() {
    let api = monolith().demo().start().await;
    let written = pages(&api.url()).start().await;
    let program = pages(&api.url()).env("READ_ONLY", "true").start().await;
    let browser = Browser::new(&program.url());
    for path in PAGES {
        let page = browser.read(path).await;
        for word in ["<form", "/new\"", "/edit\"", "/delete\"", "Reply"] {
            assert!(!page.contains(word), "{path}: {word}");
        }
    }
    for path in ["/users/new", "/threads/new", "/posts/1/edit", "/users/1/delete"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 403, "{path}");
        assert!(page.body.contains("This board is read-only"), "{path}");
    }
    let form = Browser::new(&written.url()).form("/posts/1/delete", "/posts/1/delete").await;
    assert_eq!(browser.submit(&form, &[]).await.status, 403);
    assert_eq!(api.get("/api/posts/1").await.status, 200);
}

#[tokio::test]
async fn if_only_the_api_is_read_only_the_form_says_so_and_keeps_the_text() {
    let api = monolith().demo().env("READ_ONLY", "true").start().await;
    let program = pages(&api.url()).start().await;
    let browser = Browser::new(&program.url());
    let page = browser.send("/posts/1/edit", "/posts/1/edit", &[("text", "Mine")]).await;
    assert_eq!(page.status, 403);
    assert!(
        page.body.contains("read-only just now") && page.body.contains("Mine"),
        "{}",
        page.body
    );
}
