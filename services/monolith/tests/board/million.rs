//! A million posts: pages anywhere in the list, in flat memory.

use std::fs;

use harness::{Program, Setup};
use rusqlite::Connection;

const POSTS: u64 = 1_000_000;

/// The program's resident memory in MiB.
fn memory_mib(board: &Program) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", board.pid())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok().map(|kib: u64| kib / 1024)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_posts_are_paged_in_flat_memory() {
    let setup = Setup::new(crate::BINARY).demo().env("RUST_LOG", "warn,server=info");
    // The program makes the schema; the rows go in behind its back.
    drop(setup.clone().start().await);
    let connection = Connection::open(setup.folder().join("test.db")).unwrap();
    connection
        .execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 7 UNION ALL SELECT i + 1 FROM n WHERE i < {POSTS}) \
             INSERT INTO posts (id, rev, created_at, updated_at, position, thread, text, author) \
             SELECT i, 1, i, i, i + 1000, 1 + i % 1000, 'post number ' || i, 1 + i % 4 FROM n; \
             UPDATE banyan_ownership SET position = {POSTS} + 1000 WHERE collection = 'posts'"
        ))
        .unwrap();
    drop(connection);

    let board = setup.start().await;
    let last = board.get("/api/posts?after=999900&view=full").await;
    assert_eq!(last.json().as_array().unwrap().len(), 100);
    assert_eq!(last.json()[99]["id"], POSTS);
    assert_eq!(last.link("next"), None);
    let thread = board.get("/api/posts/in-thread/500?view=full&limit=1000").await;
    assert_eq!(thread.json().as_array().unwrap().len(), 1000);
    assert!(thread.json().as_array().unwrap().iter().all(|post| post["thread"] == 500));

    let mut warm = None;
    for round in 0..10 {
        for page in 0..100 {
            let after = (round * 100 + page) * 1_000;
            let list = board.get(&format!("/api/posts?after={after}&limit=1000")).await;
            assert_eq!(list.status, 200);
            let thread = board.get(&format!("/api/posts/in-thread/{}?limit=1000", 1 + page)).await;
            assert_eq!(thread.status, 200);
        }
        let Some(now) = memory_mib(&board) else { return };
        let warm = *warm.get_or_insert(now);
        assert!(now < warm + 32, "{warm} MiB became {now} MiB after {round} rounds");
        assert!(now < 256, "{now} MiB");
    }
}
