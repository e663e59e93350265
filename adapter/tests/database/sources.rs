//! What another store reads of one that is primary: pages, fingerprints, and the steps of a handover.

use std::collections::BTreeMap;

use adapter::{AdapterStore, Content, MoveError};
use harness::until;
use replication::{Changes, Entry, FeedCursor, Handover, Key, Peer, Role};

use crate::app::{App, close};

const PATH: &str = "/api/products";
const TABLES: &str = "CREATE TABLE products (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0);
    INSERT INTO products SELECT generate_series(1, 9);";

fn peer() -> Peer {
    Peer { store: "other".to_owned(), url: "http://10.0.0.7/api/products".to_owned() }
}

/// All rows that a follower would have, read in pages of this size, and the last page.
async fn copy(
    store: &AdapterStore,
    limit: usize,
) -> (BTreeMap<Key, Content>, Changes<Content>, FeedCursor) {
    let (mut rows, mut cursor, mut heard) = (BTreeMap::new(), FeedCursor::START, None);
    loop {
        let page = store.changes(&cursor, heard.as_deref(), limit).await.unwrap();
        for row in page.rows() {
            match &row.content {
                Some(content) => drop(rows.insert(row.key.clone(), content.clone())),
                None => drop(rows.remove(&row.key)),
            }
        }
        assert!(page.cursor >= cursor);
        (cursor, heard) = (page.cursor.clone(), Some(page.heard()));
        if page.covered > 0 {
            return (rows, page, cursor);
        }
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn pages_of_any_size_give_the_same_rows_and_then_a_promise() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    app.database
        .execute("DELETE FROM products WHERE id = 3; UPDATE products SET n = 7 WHERE id = 5")
        .await;
    let (all, page, _) = copy(&store, 10_000).await;
    assert_eq!(all.len(), 8);
    assert_eq!(all[&Key::number(5)]["n"].as_deref(), Some("7"));
    assert_eq!((page.role, page.epoch, page.more), (Role::Primary, 1, false));
    for limit in [1, 2, 3] {
        assert_eq!(copy(&store, limit).await.0, all, "{limit}");
    }
    // Behind the promise there is nothing, once all have had their turn, and then what is new.
    let next = async || store.changes(&page.cursor, Some(&page.heard()), 10).await.unwrap();
    until("nothing is new", || async {
        let (_, page, cursor) = copy(&store, 100).await;
        let next = store.changes(&cursor, Some(&page.heard()), 10).await.unwrap();
        next.rows().next().is_none()
    })
    .await;
    app.database.execute("UPDATE products SET n = 8 WHERE id = 5").await;
    let news = next().await;
    let five =
        news.rows().find(|row| row.key == Key::number(5)).and_then(|row| row.content.clone());
    assert_eq!(five.unwrap()["n"].as_deref(), Some("8"));
    assert!(store.ownership().await.unwrap().position >= news.latest);
    assert_eq!(store.position().epoch, 1);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_page_does_not_split_a_transaction_of_several_tables() {
    let app = App::with(
        "CREATE TABLE orders (id bigint PRIMARY KEY); CREATE TABLE lines (id bigint PRIMARY KEY, of bigint REFERENCES orders)",
    )
    .await;
    app.install("/api/orders", &["orders", "lines"]).await;
    let store = app.store("/api/orders").await;
    for order in 1..=3 {
        let sql = format!(
            "BEGIN; INSERT INTO orders VALUES ({order}); INSERT INTO lines SELECT {order} * 10 + g, {order} FROM generate_series(1, 4) g; COMMIT"
        );
        app.database.execute(&sql).await;
    }
    until("every row has its turn", || async {
        let page = store.changes(&FeedCursor::START, None, 100).await.unwrap();
        page.covered > 0 && page.cursor.position >= store.ownership().await.unwrap().position
    })
    .await;
    let page = store.changes(&FeedCursor::START, None, 1).await.unwrap();
    let keys: Vec<_> = page.rows().map(|row| row.key.as_str().to_owned()).collect();
    assert_eq!(keys, ["lines/b11", "lines/b12", "lines/b13", "lines/b14", "orders/a1"]);
    assert!(page.more && page.covered == 0);
    let rest = store.changes(&page.cursor, Some(&page.heard()), 6).await.unwrap();
    assert_eq!(rest.rows().count(), 10);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn large_rows_end_a_page_early() {
    let app = App::with(
        "CREATE TABLE products (id bigint PRIMARY KEY, t text);
         INSERT INTO products SELECT g, repeat(md5(g::text), 32 * 256) FROM generate_series(1, 40) g",
    )
    .await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    let page = store.changes(&FeedCursor::START, None, 10_000).await.unwrap();
    let (rows, bytes) = page.rows().fold((0, 0), |(rows, bytes), row| {
        (
            rows + 1,
            bytes + row.content.as_ref().and_then(|c| c["t"].as_ref()).map_or(0, String::len),
        )
    });
    // They may all be ahead of their turn.
    assert!(
        page.covered == 0 && bytes < 40 * 256 * 1024 && rows < 40,
        "{rows} rows, {bytes} bytes"
    );
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_handover_is_the_last_entry_and_comes_once_the_fence_is_closed() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    store.heartbeat().await.unwrap();
    close(&store).await;
    let before = store.ownership().await.unwrap();
    assert_eq!(before.fence.as_ref().map(|fence| &*fence.id), Some("move"));
    let given: Handover = store.handover("move", 1, peer()).await.unwrap();
    let after = store.ownership().await.unwrap();
    assert_eq!((after.role, after.epoch, after.followed), (Role::Follower, 1, None));
    assert_eq!(after.handover.as_ref(), Some(&given));
    assert_eq!(after.position, given.position);
    until("the handover has its turn", || async {
        let (rows, page, _) = copy(&store, 100).await;
        assert_eq!(rows.len(), 9);
        page.entries.last() == Some(&Entry::Handover(given.clone()))
    })
    .await;
    // An operator takes it back by force.
    let taken = store.take(2).await.unwrap();
    assert_eq!((taken.role, taken.epoch), (Role::Primary, 3));
    app.database.execute("UPDATE products SET n = 1").await;
    assert!(copy(&store, 100).await.1.entries.iter().all(|entry| entry.row().is_some()));
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_store_that_was_put_back_says_so() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    let (_, page, cursor) = copy(&store, 100).await;
    store.changes(&cursor, Some(&page.heard()), 10).await.unwrap();
    let unknown = store.changes(&cursor, Some("another.1"), 10).await;
    assert!(matches!(unknown, Err(MoveError::WentBack)), "{unknown:?}");
    let beyond = FeedCursor::all(u64::try_from(i64::MAX).unwrap());
    let beyond = store.changes(&beyond, Some(&page.heard()), 10).await;
    assert!(matches!(beyond, Err(MoveError::WentBack)), "{beyond:?}");
    // Another process on the same database is no other history.
    let other = app.store(PATH).await;
    other.changes(&cursor, Some(&page.heard()), 10).await.unwrap();
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn equal_rows_have_equal_fingerprints_and_each_row_is_visited_once() {
    let app = App::with(
        "CREATE TABLE orders (id bigint PRIMARY KEY, note text); INSERT INTO orders SELECT g, 'n' || g FROM generate_series(1, 500) g;
         CREATE TABLE \"a-lines\" (of bigint, no text, PRIMARY KEY (of, no)); INSERT INTO \"a-lines\" SELECT g, 'x' || g FROM generate_series(1, 300) g",
    )
    .await;
    app.install("/api/orders", &["orders", "\"a-lines\""]).await;
    let store = app.store("/api/orders").await;
    let whole = store.digest(None, None, 10_000).await.unwrap();
    assert_eq!((whole.rows, whole.last), (800, true));
    let (mut after, mut rows) = (None, 0);
    loop {
        let part = store.digest(after.as_ref(), None, 70).await.unwrap();
        rows += part.rows;
        if part.last {
            break;
        }
        after = part.to;
    }
    assert_eq!(rows, 800);
    let last = whole.to.unwrap();
    let each = store.hashes(None, &last).await.unwrap().rows;
    assert!(each.len() == 800 && each.is_sorted_by_key(|row| row.key.clone()));

    app.database.execute("UPDATE orders SET note = NULL WHERE id = 77; INSERT INTO orders VALUES (501, ''); DELETE FROM orders WHERE id = 500").await;
    let changed = store.digest(None, Some(&last), 1).await.unwrap();
    assert_ne!(changed.hash, whole.hash);
    assert!(!changed.last, "501 comes behind");
    let now = store.hashes(None, &last).await.unwrap().rows;
    let differ: Vec<_> =
        each.iter().filter(|row| !now.contains(row)).map(|row| row.key.as_str()).collect();
    assert_eq!(differ, ["orders/b77", "orders/c500"]);
    let keys = ["orders/b77", "orders/c500", "orders/c501", "a-lines/a1x1", "none/1"];
    let keys = keys.map(|key| Key::try_from(key.to_owned()).unwrap());
    let named = store.named(&keys).await.unwrap().rows;
    let mut named: Vec<_> = named.iter().map(|row| row.key.as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, ["a-lines/a1x1", "orders/b77", "orders/c501"]);
    let recent = store.recent(2).await.unwrap().rows;
    assert!(recent.iter().any(|row| row.key.as_str() == "orders/c501"), "{recent:?}");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn followers_are_known_until_they_are_forgotten() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    store.passed("copy", 7).await.unwrap();
    let seen = store.followers().await.unwrap();
    assert_eq!((seen.len(), &*seen[0].store, seen[0].position), (1, "copy", 7));
    store.forget("copy").await.unwrap();
    store.forget("copy").await.unwrap();
    assert!(store.followers().await.unwrap().is_empty());
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn lines_of_deleted_rows_are_purged_when_they_are_old_and_each_follower_has_passed_them() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    let before = store.ownership().await.unwrap().position;
    app.database.execute("DELETE FROM products WHERE id IN (2, 4)").await;
    let (_, page, _) = copy(&store, 100).await;
    assert_eq!(store.purge_tombstones().await.unwrap(), 0, "they are young");
    app.database.execute("UPDATE banyan.feed_products SET noted_at = 0").await;
    store.passed("slow", before).await.unwrap();
    assert_eq!(store.purge_tombstones().await.unwrap(), 0, "one follower has not read them");
    store.forget("slow").await.unwrap();
    assert_eq!(store.purge_tombstones().await.unwrap(), 2);
    assert_eq!(store.purge_tombstones().await.unwrap(), 0);
    assert_eq!(copy(&store, 100).await.0.len(), 7);
    // A follower that had not heard of them is told.
    let behind = store.changes(&FeedCursor::all(before), Some(&page.heard()), 10).await;
    assert!(matches!(behind, Err(MoveError::Purged { .. })), "{behind:?}");
}

/// The calls of the protocol run on any thread.
#[test]
fn what_a_store_is_asked_can_go_from_thread_to_thread() {
    fn sends(store: &AdapterStore) -> impl Send + '_ {
        store.changes(&FeedCursor::START, None, 1)
    }
    let _ = sends;
}
