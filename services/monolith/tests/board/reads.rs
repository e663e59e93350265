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
        // The application answers a read with the second header. A plain read is answered from what is kept at the third time.
        let id = ("x-request-id", "1");
        let routed = board.send("GET", path, &[id, ("banyan-read", "primary")], "").await;
        for turn in 0..4 {
            let plain = board.send("GET", path, &[id], "").await;
            assert_eq!(plain.status, routed.status, "{path}, {turn}");
            assert_eq!(seen(&plain), seen(&routed), "{path}, {turn}");
        }
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

#[tokio::test]
async fn a_row_that_was_repaired_by_hand_is_read_at_once() {
    let board = Setup::new(crate::BINARY).demo().start().await;
    let file = rusqlite::Connection::open(board.setup().folder().join("test.db")).unwrap();
    for turn in 0..20 {
        let text = format!("text {turn}");
        file.execute("UPDATE posts SET text = ?1 WHERE id = 1", [&text]).unwrap();
        for _ in 0..4 {
            let read = board.get("/api/posts/1").await;
            assert!(read.body.contains(&text), "{text}: {}", read.body);
        }
    }
}
