//! Long lists.

use regex::Regex;
use serde_json::json;

use crate::api::Board;
use crate::browser::Browser;

/// Follows a link from page to page: what each one shows.
async fn walk(browser: &Browser, first: &str, relation: &str, shown: &Regex) -> Vec<Vec<u64>> {
    let link = Regex::new(&format!(r#"href="([^"]*)" rel="{relation}""#)).expect("a pattern");
    let mut pages = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let page = browser.read(&path).await;
        let ids = shown.captures_iter(&page).map(|found| found[1].parse().expect("an id"));
        pages.push(ids.collect());
        next = link.captures(&page).map(|found| found[1].replace("&amp;", "&"));
        assert!(pages.len() < 20, "no end");
    }
    pages
}

#[tokio::test]
async fn every_thread_and_post_is_on_exactly_one_page_whichever_way_one_goes() {
    let board = Board::start().await;
    let mut threads = vec![3, 2, 1];
    let mut posts = vec![6];
    for number in 0..60 {
        let thread = json!({"title": format!("Thread {number}"), "createdBy": 1});
        let thread = board.api.json("POST", "/api/threads", &thread).await.json();
        threads.insert(0, thread["id"].as_u64().expect("an id"));
        let post = json!({"text": format!("Post {number}"), "user": 1, "thread": 3});
        let stored = board.api.json("POST", "/api/posts", &post).await;
        posts.push(stored.json()["id"].as_u64().expect("an id"));
    }
    let browser = board.browser();
    let shown = Regex::new(r#"href="/threads/(\d+)""#).expect("a pattern");
    let pages = walk(&browser, "/", "next", &shown).await;
    assert_eq!(pages.concat(), threads);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [25, 25, 13]);
    let last = format!("/?after={}", pages[2][0] + 1);
    let mut back = walk(&browser, &last, "prev", &shown).await;
    back.reverse();
    assert_eq!(back.concat(), threads);

    let shown = Regex::new(r#"id="post-(\d+)""#).expect("a pattern");
    assert_eq!(walk(&browser, "/threads/3", "next", &shown).await.concat(), posts);
    let shown = Regex::new(r##"#post-(\d+)""##).expect("a pattern");
    let mut own: Vec<_> = walk(&browser, "/users/1", "next", &shown).await.concat();
    own.reverse();
    assert_eq!(own[1..], posts);
    assert!(browser.read("/?after=1").await.contains("There is nothing on this page any more."));
    assert_eq!(browser.get("/?before=x&after=-1").await.status, 200);
}
