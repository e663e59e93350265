//! What goes with every page.

use regex::Regex;

use crate::api::Board;

#[tokio::test]
async fn every_answer_lets_a_browser_do_nothing_but_show_it_and_send_its_forms() {
    let board = Board::start().await;
    let browser = board.browser();
    for path in [
        "/",
        "/users",
        "/threads/1",
        "/users/1",
        "/users/new",
        "/posts/1/edit",
        "/nothing",
        "/writer",
        "/healthz",
    ] {
        let page = browser.get(path).await;
        let policy = page.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split("; ").any(|found| found == part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(page.header(name), value, "{name} of {path}");
        }
        for word in ["<script", "style=", "javascript:", "data:", " on"] {
            let inside = Regex::new(&format!("<[^>]*{word}[^>]*=")).expect("a pattern");
            assert!(!inside.is_match(&page.body), "{path}: {word}");
        }
    }
}

#[tokio::test]
async fn the_cookies_are_kept_from_scripts_and_from_other_sites() {
    let board = Board::start().await;
    let cookie = board.browser().get("/").await.header("set-cookie").to_owned();
    let pattern =
        Regex::new("^board_form=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Lax$").expect("a pattern");
    assert!(pattern.is_match(&cookie), "{cookie}");
    let browser = board.browser();
    let first = browser.form("/users/new", "/users").await;
    let second = browser.form("/users/new", "/users").await;
    assert_eq!(first.fields["token"], second.fields["token"], "one browser, one token");
    assert_ne!(first.fields["key"], second.fields["key"], "each form is sent by itself");
    let answer = browser.send("/users/3", "/writer", &[]).await;
    assert!(answer.header("set-cookie").contains("board_writer=3; Path=/; Max-Age="));
    assert!(!answer.header("set-cookie").contains("Secure"), "it came over plain HTTP");
}

#[tokio::test]
async fn a_cookie_that_came_over_tls_goes_over_tls_alone() {
    let board = Board::start().await;
    for (proto, is_secure) in [("https", true), ("HTTPS", true), ("http", false), ("", false)] {
        let answer = board.pages.send("GET", "/", &[("x-forwarded-proto", proto)], "").await;
        assert_eq!(answer.header("set-cookie").ends_with("; Secure"), is_secure, "{proto}");
    }
    let browser = board.browser();
    let form = browser.form("/users/3", "/writer").await;
    let own = format!("https://{}", board.pages.address());
    let answer = browser.submit(&form, &[("origin", &own)]).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("board_writer=3;") && cookie.ends_with("; Secure"), "{cookie}");
}

#[tokio::test]
async fn the_style_sheet_and_the_icon_may_be_kept_forever_since_their_names_have_their_hash() {
    let board = Board::start().await;
    let browser = board.browser();
    let page = browser.read("/").await;
    let files =
        Regex::new(r#"<link rel="(icon|stylesheet)" href="(/[a-z]+-[0-9a-f]{16}\.[a-z]+)""#)
            .expect("a pattern");
    let files: Vec<_> = files.captures_iter(&page).map(|found| found[2].to_owned()).collect();
    assert_eq!(files.len(), 2, "{page}");
    let mut bytes = page.len();
    for file in files {
        let file = browser.get(&file).await;
        assert_eq!(
            (file.status, file.header("cache-control")),
            (200, "public, max-age=31536000, immutable")
        );
        bytes += file.body.len();
    }
    assert!(bytes < 100 * 1024, "the first page has {bytes} bytes");
}
