//! Reads are answered on a fast path where they can be, and the answers are those of the application.

use harness::{Answer, Setup, on_both_stores};
use serde_json::json;

on_both_stores!(
    crate::BINARY;
    a_read_is_answered_alike_however_it_is_routed,
    what_was_read_before_a_write_is_not_given_after_it,
);

/// What a client sees of an answer to the same read.
fn seen(answer: &Answer) -> Vec<&str> {
    let names = [
        "content-type",
        "etag",
        "link",
        "cache-control",
        "banyan-position",
        "x-content-type-options",
    ];
    let mut seen: Vec<_> = names.iter().map(|name| answer.header(name)).collect();
    seen.push(&answer.body);
    seen
}

async fn a_read_is_answered_alike_however_it_is_routed(setup: Setup) {
    let board = setup.demo().start().await;
    for path in [
        "/api/users/1",
        "/api/users/1?view=full",
        "/api/users/99",
        "/api/users/01",
        "/api/users/1?view=other",
        "/api/users",
        "/api/users/",
        "/api/posts?limit=2",
        "/api/posts?limit=2&after=2&view=full",
        "/api/posts?limit=2&before=5&order=desc",
        "/api/posts?limit=0",
        "/api/posts/in-thread/1",
        "/api/posts/in-thread/1?limit=1",
        "/api/posts/by-user/2/",
        "/api/posts/by-nothing/2",
    ] {
        let first = board.get(path).await;
        // The application answers a read with this header.
        let routed = board.send("GET", path, &[("banyan-read", "primary")], "").await;
        let again = board.get(path).await;
        assert_eq!((first.status, seen(&first)), (routed.status, seen(&routed)), "{path}");
        assert_eq!((first.status, seen(&first)), (again.status, seen(&again)), "{path}");
    }
}

async fn what_was_read_before_a_write_is_not_given_after_it(setup: Setup) {
    let board = setup.demo().start().await;
    let paths =
        ["/api/posts/1", "/api/posts", "/api/posts/in-thread/1?limit=7", "/api/posts/1?view=full"];
    for turn in 0..100 {
        let text = format!("text {turn}");
        let changed = board.json("PATCH", "/api/posts/1", &json!({ "text": text })).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        // Twice: the second answer may be a kept one, in any worker.
        for path in paths.iter().chain(&paths) {
            let read = board.get(path).await;
            assert!(read.body.contains(&text), "{path}: {}", read.body);
        }
    }
}
