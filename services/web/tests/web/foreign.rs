//! Forms that come from another site.

use crate::api::Board;

#[tokio::test]
async fn a_form_from_another_origin_is_refused_and_nothing_is_stored() {
    let board = Board::start().await;
    let browser = board.browser_of(1).await;
    let form = browser.form("/threads/3", "/threads/3/posts").await.with(&[("text", "Evil")]);
    let own = format!("http://{}", board.pages.address());
    for headers in [
        vec![("origin", "http://evil.example")],
        vec![("origin", "null")],
        vec![("origin", "http://127.0.0.1")],
        vec![("sec-fetch-site", "cross-site"), ("origin", &own)],
        vec![("sec-fetch-site", "same-site"), ("origin", &own)],
    ] {
        let page = browser.submit(&form, &headers).await;
        assert_eq!(page.status, 403, "{headers:?}");
        assert!(page.body.contains("This form comes from another site"), "{headers:?}");
    }
    assert!(!browser.read("/threads/3").await.contains("Evil"));
    let headers = [("sec-fetch-site", "same-origin"), ("origin", own.as_str())];
    browser.submit(&form, &headers).await.id();
}

#[tokio::test]
async fn a_form_without_the_token_of_this_browser_is_refused() {
    let board = Board::start().await;
    let browser = board.browser_of(1).await;
    let form = browser.form("/threads/3", "/threads/3/posts").await.with(&[("text", "Evil")]);
    let of_another = board.browser_of(2).await.form("/threads/3", "/threads/3/posts").await;
    let longer = format!("{}0", form.fields["token"]);
    for token in
        ["", "0", &longer, &form.fields["token"].to_uppercase(), &of_another.fields["token"]]
    {
        let page = browser.submit(&form.with(&[("token", token)]), &[]).await;
        assert_eq!(page.status, 403, "{token}");
        assert!(page.body.contains("This form is too old"), "{token}");
    }
    browser.forget();
    assert_eq!(browser.submit(&form, &[]).await.status, 403);
    assert_eq!(browser.submit(&form.with(&[("token", "")]), &[]).await.status, 403);
    assert!(!browser.read("/threads/3").await.contains("Evil"));
}

#[tokio::test]
async fn every_form_needs_its_token() {
    let board = Board::start().await;
    let browser = board.browser_of(1).await;
    for (path, action) in [
        ("/users/2", "/writer"),
        ("/users/new", "/users"),
        ("/threads/new", "/threads"),
        ("/threads/1", "/threads/1/posts"),
        ("/posts/1/edit", "/posts/1/edit"),
        ("/posts/1/delete", "/posts/1/delete"),
        ("/threads/1/edit", "/threads/1/edit"),
        ("/users/1/delete", "/users/1/delete"),
    ] {
        let form = browser.form(path, action).await;
        let page = browser.submit(&form.with(&[("token", "x")]), &[]).await;
        assert_eq!(page.status, 403, "{action}");
    }
}

#[tokio::test]
async fn a_key_or_a_tag_that_no_page_gave_is_refused_at_once() {
    let board = Board::start().await;
    let browser = board.browser_of(1).await;
    let longest = "x".repeat(201);
    for (path, action, guard) in [
        ("/threads/1", "/threads/1/posts", "key"),
        ("/posts/1/edit", "/posts/1/edit", "tag"),
        ("/posts/1/delete", "/posts/1/delete", "tag"),
    ] {
        let form = browser.form(path, action).await.with(&[("text", "x")]);
        for value in ["", "a b", "a\nx-evil: 1", "\u{e4}", longest.as_str()] {
            let page = browser.submit(&form.with(&[(guard, value)]), &[]).await;
            assert_eq!(page.status, 400, "{action}: {value:?}");
        }
    }
    assert_eq!(board.api.get("/api/posts/1").await.status, 200);
}

#[tokio::test]
async fn a_board_of_one_machine_is_not_asked_by_a_foreign_name() {
    let board = Board::start().await;
    for (host, status) in
        [("evil.example", 421), ("localhost", 200), ("127.0.0.1:1", 200), ("[::1]", 200)]
    {
        let answer = board.pages.send("GET", "/", &[("host", host)], "").await;
        assert_eq!(answer.status, status, "{host}");
        assert_eq!(answer.body.contains("guitar"), status == 200, "{host}");
    }
}
