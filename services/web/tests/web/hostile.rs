//! Texts that try to be more than text.

use regex::Regex;
use serde_json::json;

use crate::api::Board;

/// What a name, a title and a post are tried with.
const STRINGS: [&str; 24] = [
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</bdi></a><h1>Moderator</h1>",
    "<!-- comment",
    "--><b>bold</b>",
    "<![CDATA[<b>]]>",
    "&lt;b&gt;",
    "&#60;script&#62;",
    "javascript:alert(1)",
    "\" autofocus onfocus=alert(1) x=\"",
    "' onmouseover='alert(1)",
    "`onmouseover=alert(1)`",
    "<a href=\"//evil.example\">here</a>",
    "<form action=//evil.example><button>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<style>*{display:none}</style>",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "%3Cscript%3E \\u003cscript\\u003e",
    "\u{ff1c}script\u{ff1e} <\u{301}b> 😀\u{fe0f}",
];

/// Every element and attribute that the pages have by themselves.
fn markup(page: &str) -> Vec<String> {
    let tag = Regex::new(r#"<[^>"]*(?:"[^"]*"[^>"]*)*>"#).expect("a pattern");
    let value = Regex::new(r#""[^"]*""#).expect("a pattern");
    tag.find_iter(page).map(|tag| value.replace_all(tag.as_str(), "").into_owned()).collect()
}

#[tokio::test]
async fn no_text_becomes_markup_whatever_it_is() {
    let board = Board::start().await;
    let browser = board.browser_of(2).await;
    let ids = async |name: &str, title: &str, text: &str| {
        for (path, body) in [
            ("/api/users/1", json!({"name": name, "bio": text})),
            ("/api/threads/3", json!({"title": title})),
            ("/api/posts/6", json!({"text": text})),
        ] {
            let stored = board.api.json("PATCH", path, &body).await;
            assert_eq!(stored.status, 200, "{body}: {}", stored.body);
        }
        let mut shown = Vec::new();
        for path in [
            "/",
            "/threads/3",
            "/users",
            "/users/1",
            "/users/1/edit",
            "/threads/3/edit",
            "/posts/6/edit",
            "/posts/6/delete",
            "/users/1/delete",
        ] {
            shown.push((path, browser.read(path).await));
        }
        shown
    };
    let plain = ids("plain", "plain", "plain").await;
    for string in STRINGS {
        let hostile = ids(string, string, string).await;
        for ((path, plain), (_, hostile)) in plain.iter().zip(&hostile) {
            assert_eq!(markup(plain), markup(hostile), "{string} on {path}");
        }
    }
}

#[tokio::test]
async fn what_a_form_was_sent_with_comes_back_as_text() {
    let board = Board::start().await;
    let browser = board.browser();
    for string in STRINGS {
        let fields = [("username", string), ("name", string), ("bio", string)];
        let page = browser.send("/users/new", "/users", &fields).await;
        assert_eq!(page.status, 422, "{string}");
        let form = page.form("/users");
        for name in ["username", "name", "bio"] {
            assert_eq!(form.fields[name], string, "{name}");
        }
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_seen_is_refused_and_no_name_stands_without_its_username() {
    let board = Board::start().await;
    let browser = board.browser();
    for name in ["\u{200b}", "\u{2060}\u{200d}", "\u{3164}", "\u{202e}nniF", " \u{a0} "] {
        let fields = [("username", "fake"), ("name", name)];
        let page = browser.send("/users/new", "/users", &fields).await;
        assert_eq!(page.status, 422, "{name:?}");
        assert!(page.body.contains("id=\"name-error\""), "{name:?}");
    }
    // The same name as another user's, but for what cannot be seen.
    let name = "Finn 'the Human'\u{200b} Mertens";
    let fields = [("username", "fake"), ("name", name)];
    let user = browser.send("/users/new", "/users", &fields).await.id();
    browser.send("/threads/1", "/threads/1/posts", &[("text", "I am Finn")]).await.id();
    let page = browser.read("/threads/1").await;
    let shown = format!(
        "href=\"/users/{user}\"><span class=\"name\"><bdi>Finn 'the Human'<span class=\"code\">U+200B</span> Mertens</bdi></span> <span class=\"handle\">@<bdi>fake</bdi>"
    );
    assert!(page.contains(&shown), "{page}");
    // A user that is called so is not a user that was deleted.
    let edit = format!("/users/{user}/edit");
    browser.send(&edit, &edit, &[("name", "Deleted user (no. 2)")]).await.id();
    let page = browser.read("/threads/1").await;
    assert!(
        page.contains("<bdi>Deleted user (no. 2)</bdi></span> <span class=\"handle\">@"),
        "{page}"
    );
    assert!(!page.contains("class=\"deleted\""), "{page}");
}
