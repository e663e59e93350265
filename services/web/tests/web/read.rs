//! What the pages show.

use crate::api::{Board, monolith, pages};
use crate::browser::Browser;

#[tokio::test]
async fn the_first_page_shows_the_threads_and_their_authors_the_newest_first() {
    let board = Board::start().await;
    let browser = board.browser();
    let page = browser.read("/").await;
    let guitar = page.find("In search of a new guitar").expect("thread 3");
    let party = page.find("Party at the candy kingdom tomorrow").expect("thread 2");
    assert!(guitar < party);
    assert!(page.contains("<bdi>Bonnibel Bubblegum</bdi>") && page.contains("@<bdi>pb</bdi>"));
    assert_eq!(browser.read("/threads").await.matches("<li>").count(), 3);
}

#[tokio::test]
async fn a_thread_shows_its_posts_and_a_user_its_own() {
    let board = Board::start().await;
    let browser = board.browser();
    let thread = browser.read("/threads/2").await;
    for text in [
        "Party at the candy kingdom tomorrow",
        "Mathematical!",
        "I'll bring my guitar",
        "Marceline Abadeer",
        "@<bdi>finn</bdi>",
    ] {
        assert!(thread.contains(text), "{text}: {thread}");
    }
    assert!(
        thread.find("Come party").expect("post 3") < thread.find("Mathematical!").expect("post 4")
    );
    let user = browser.read("/users/1").await;
    for text in ["1000 year old vampire queen", "I'll bring my guitar", "In search of a new guitar"]
    {
        assert!(user.contains(text), "{text}: {user}");
    }
    assert!(browser.read("/users").await.contains("Jake the Dog"));
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    let board = Board::start().await;
    let browser = board.browser();
    for path in [
        "/threads/99",
        "/users/99",
        "/posts/99/edit",
        "/users/99/delete",
        "/nothing",
        "/threads/x",
        "/threads/99999999999999999999",
        "/groups/1/edit",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.body.contains("<h1>") && page.body.contains("All threads"), "{path}");
    }
    let page = browser.get("/writer").await;
    assert_eq!((page.status, page.header("content-type")), (405, "text/html; charset=utf-8"));
    assert_eq!(page.header("allow"), "POST");
}

#[tokio::test]
async fn an_author_who_was_deleted_is_shown_as_such() {
    let board = Board::start().await;
    assert_eq!(board.api.send("DELETE", "/api/users/1", &[], "").await.status, 204);
    let browser = board.browser();
    for path in ["/", "/threads/2", "/threads/3"] {
        let page = browser.read(path).await;
        assert!(page.contains("Deleted user (no. 1)"), "{path}: {page}");
        assert!(!page.contains("href=\"/users/1\""), "{path}");
    }
    let user = browser.read("/users/1").await;
    assert!(
        user.contains("This user was deleted") && user.contains("I'll bring my guitar"),
        "{user}"
    );
}

#[tokio::test]
async fn the_posts_of_a_deleted_thread_can_still_be_read() {
    let board = Board::start().await;
    assert_eq!(board.api.send("DELETE", "/api/threads/2", &[], "").await.status, 204);
    let browser = board.browser();
    let thread = browser.read("/threads/2").await;
    assert!(thread.contains("Deleted thread") && thread.contains("Mathematical!"), "{thread}");
    assert!(!thread.contains("<form"), "a reply would be refused");
    assert!(browser.read("/users/2").await.contains("Deleted thread"));
}

#[tokio::test]
async fn an_empty_board_says_how_to_begin() {
    let api = monolith().start().await;
    let program = pages(&api.url()).start().await;
    let browser = Browser::new(&program.url());
    assert!(browser.read("/").await.contains("There are no threads yet."));
    assert!(browser.read("/users").await.contains("There are no users yet."));
    let page = browser.read("/threads/new").await;
    assert!(
        page.contains("Choose the user that you write as.") && !page.contains("<form"),
        "{page}"
    );
}
