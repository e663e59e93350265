//! Writing, changing and deleting.

use crate::api::Board;

#[tokio::test]
async fn a_new_user_starts_a_thread_and_replies() {
    let board = Board::start().await;
    let browser = board.browser();
    let fields = [("username", "bmo"), ("name", "BMO"), ("bio", "One\r\nTwo")];
    let answer = browser.send("/users/new", "/users", &fields).await;
    let user = answer.id();
    assert_eq!(answer.location(), format!("/users/{user}"));
    let page = browser.read(answer.location()).await;
    assert!(page.contains("One\nTwo") && page.contains("You write as this user"), "{page}");

    let answer = browser.send("/threads/new", "/threads", &[("title", "Video games")]).await;
    let thread = answer.id();
    let path = format!("/threads/{thread}");
    let action = format!("{path}/posts");
    let answer = browser.send(&path, &action, &[("text", "Time to play!")]).await;
    let post = answer.id();
    assert_eq!(answer.location(), format!("{path}?before={}#post-{post}", post + 1));
    let page = browser.read(&path).await;
    assert!(
        page.contains("Time to play!") && page.contains(&format!("id=\"post-{post}\"")),
        "{page}"
    );
    let stored = board.api.get(&format!("/api/posts/{post}")).await.json();
    assert_eq!((stored["user"].as_u64(), stored["thread"].as_u64()), (Some(user), Some(thread)));
}

#[tokio::test]
async fn everything_can_be_changed_and_deleted() {
    let board = Board::start().await;
    let browser = board.browser();
    for (path, field, value, shown) in [
        ("/posts/4", "text", "Algebraic!", "/threads/2?before=5#post-4"),
        ("/threads/2", "title", "No party", "/threads/2"),
        ("/users/2", "name", "Finn", "/users/2"),
    ] {
        let edit = format!("{path}/edit");
        let answer = browser.send(&edit, &edit, &[(field, value)]).await;
        assert_eq!((answer.status, answer.location()), (303, shown), "{}", answer.body);
        let stored = board.api.get(&format!("/api{path}")).await.json();
        assert_eq!(stored[field], value);
    }
    assert!(browser.read("/threads/2").await.contains("edited"));
    for (path, shown) in [("/posts/4", "/threads/2"), ("/threads/2", "/"), ("/users/2", "/users")] {
        let delete = format!("{path}/delete");
        assert!(browser.read(&delete).await.contains("Delete this"));
        let answer = browser.send(&delete, &delete, &[]).await;
        assert_eq!((answer.status, answer.location()), (303, shown), "{}", answer.body);
        assert_eq!(board.api.get(&format!("/api{path}")).await.status, 404);
    }
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_what_was_written_stays() {
    let board = Board::start().await;
    let browser = board.browser();
    let fields = [("username", "Has Space"), ("name", ""), ("bio", "My <life>")];
    let page = browser.send("/users/new", "/users", &fields).await;
    assert_eq!(page.status, 422, "{}", page.body);
    for text in [
        "<title>Error: New user",
        "id=\"username-error\"",
        "id=\"name-error\"",
        "href=\"#name\"",
        "Name takes 1 to 100 characters",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("bio-error"));
    let again = page.form("/users");
    assert_eq!(
        (again.fields["username"].as_str(), again.fields["bio"].as_str()),
        ("Has Space", "My <life>")
    );

    let page = browser.submit(&again.with(&[("username", "finn"), ("name", "F")]), &[]).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("Username is taken"), "{}", page.body);
    let answer = browser.submit(&page.form("/users").with(&[("username", "finn2")]), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
}

#[tokio::test]
async fn a_text_keeps_each_of_its_lines_when_it_is_edited_again_and_again() {
    let board = Board::start().await;
    let browser = board.browser();
    let text = "\n\nfirst\r\n  second \r\n\r\n";
    browser.send("/posts/1/edit", "/posts/1/edit", &[("text", text)]).await.id();
    let stored = board.api.get("/api/posts/1").await.json()["text"].clone();
    assert_eq!(stored, "\n\nfirst\n  second \n\n");
    let form = browser.form("/posts/1/edit", "/posts/1/edit").await;
    assert_eq!(form.fields["text"], stored.as_str().expect("a text"));
}

#[tokio::test]
async fn the_writer_who_was_deleted_is_told_and_keeps_the_text() {
    let board = Board::start().await;
    let browser = board.browser_of(4).await;
    let form = browser.form("/threads/1", "/threads/1/posts").await.with(&[("text", "Woof")]);
    assert_eq!(board.api.send("DELETE", "/api/users/4", &[], "").await.status, 204);
    let page = browser.submit(&form, &[]).await;
    assert_eq!(page.status, 422, "{}", page.body);
    assert!(
        page.body.contains("does not exist any more") && page.body.contains("Woof"),
        "{}",
        page.body
    );
    // In another tab.
    browser.send("/users/2", "/writer", &[]).await;
    let form = page.form("/threads/1/posts");
    let page = browser.submit(&form.with(&[("user", "2")]), &[]).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

#[tokio::test]
async fn the_longest_texts_fit_and_longer_ones_are_refused_as_what_they_are() {
    let board = Board::start().await;
    let browser = board.browser_of(1).await;
    let longest = "\u{1f3b8}".repeat(10_000);
    let answer = browser.send("/threads/3", "/threads/3/posts", &[("text", &longest)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let longer = "\u{1f3b8}".repeat(10_001);
    let answer = browser.send("/threads/3", "/threads/3/posts", &[("text", &longer)]).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("Text takes 1 to 10000 characters"),
        "{:?}",
        answer.body.get(..3000)
    );
    let huge = "x".repeat(300 * 1024);
    let answer = browser.send("/threads/3", "/threads/3/posts", &[("text", &huge)]).await;
    assert_eq!(answer.status, 413);
}
