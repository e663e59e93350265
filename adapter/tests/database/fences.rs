//! What a fence waits for, and what a write that comes after it is told.

use std::time::Duration;

use adapter::{AdapterStore, MoveError};
use harness::{Bouncer, until};
use replication::{FeedCursor, Peer};
use tokio_postgres::Client;

use crate::app::{App, SCHEMA, close, connect, name, open, refusal};

const PATH: &str = "/api/products";
const TABLES: &str = "CREATE TABLE products (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0);
    INSERT INTO products SELECT generate_series(1, 9);";
const LEVELS: [&str; 3] = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];

async fn begin(client: &Client, level: &str) {
    client
        .batch_execute(&format!(
            "BEGIN ISOLATION LEVEL {level}; SELECT n FROM products WHERE id = 1"
        ))
        .await
        .unwrap();
}

/// A transaction whose snapshot is older than a fence, at each level, writes nothing into it.
async fn snapshots_from_before(store: &AdapterStore, client: &Client) {
    for level in LEVELS {
        begin(client, level).await;
        close(store).await;
        let (code, message) =
            refusal(client.batch_execute("UPDATE products SET n = 1 WHERE id = 1").await);
        client.batch_execute("ROLLBACK").await.unwrap();
        let expected = if level == "READ COMMITTED" { "ZB001" } else { "40001" };
        assert_eq!(code, expected, "{level}: {message}");
        assert!(message.contains("products"), "{level}: {message}");

        // Run again, it is told of the fence.
        begin(client, level).await;
        let (code, message) =
            refusal(client.batch_execute("UPDATE products SET n = 1 WHERE id = 1").await);
        client.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(code, "ZB001", "{level}: {message}");

        // One from before a release, too, sees what was not there in its snapshot.
        begin(client, level).await;
        open(store).await;
        let written = client.batch_execute("UPDATE products SET n = 1 WHERE id = 1").await;
        if level == "READ COMMITTED" {
            written.unwrap();
        } else {
            assert_eq!(refusal(written).0, "40001", "{level}");
        }
        client.batch_execute("ROLLBACK").await.unwrap();
        begin(client, level).await;
        client.batch_execute("UPDATE products SET n = 1 WHERE id = 1; COMMIT").await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_snapshot_from_before_a_fence_lets_no_write_pass() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    snapshots_from_before(&app.store(PATH).await, &app.client().await).await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL and TEST_PGBOUNCER"]
async fn behind_a_pooler_a_snapshot_from_before_a_fence_lets_no_write_pass() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let bouncer = Bouncer::start(app.database.url(), "transaction").await;
    snapshots_from_before(&app.store(PATH).await, &connect(bouncer.url()).await).await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_write_that_runs_is_named_and_is_in_the_feed_before_the_fence() {
    let app = App::with(TABLES).await;
    let collection = app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    for level in LEVELS {
        let client = app.client().await;
        client.batch_execute("SET application_name = 'night job'").await.unwrap();
        let before = app.seen(&collection).await;
        begin(&client, level).await;
        client.batch_execute("UPDATE products SET n = n + 1 WHERE id = 2").await.unwrap();
        let refused = store.fence("move", 1, Duration::from_secs(60)).await;
        assert!(matches!(refused, Err(MoveError::WritesRun)), "{level}: {refused:?}");
        let writers = store.writers().await.unwrap();
        assert_eq!((writers.len(), &*writers[0].name), (1, "night job"), "{level}");
        assert!(writers[0].query.as_ref().unwrap().starts_with("UPDATE products"), "{level}");
        assert!(writers[0].pid.is_some() && writers[0].age.is_some());

        client.batch_execute("UPDATE products SET n = n + 1 WHERE id = 3; COMMIT").await.unwrap();
        close(&store).await;
        assert_eq!(app.changed(&collection, &before).await, ["2", "3"], "{level}");
        open(&store).await;
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_prepared_transaction_keeps_a_fence_open_and_is_named() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    let gid = format!("half of it {}", std::process::id());
    let prepare =
        format!("BEGIN; UPDATE products SET n = 1 WHERE id = 1; PREPARE TRANSACTION '{gid}'");
    app.database.execute(&prepare).await;
    let refused = store.fence("move", 1, Duration::from_secs(60)).await;
    let writers = store.writers().await;
    // Before all else: left behind, it would hold back every feed of the server.
    app.database.execute(&format!("COMMIT PREPARED '{gid}'")).await;
    assert!(matches!(refused, Err(MoveError::WritesRun)), "{refused:?}");
    let message = writers.unwrap()[0].to_string();
    assert!(message.contains(&format!("prepared transaction {gid}")), "{message}");
    close(&store).await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_write_that_waits_for_a_row_while_a_fence_closes_is_refused() {
    let app = App::with(TABLES).await;
    let collection = app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    let (holds, waits) = (app.client().await, app.client().await);
    let before = app.seen(&collection).await;
    // It locks a row and writes nothing, so that the fence does not wait for it.
    holds.batch_execute("BEGIN; SELECT 1 FROM products WHERE id = 4 FOR UPDATE").await.unwrap();
    let write =
        tokio::spawn(
            async move { waits.batch_execute("UPDATE products SET n = 1 WHERE id = 4").await },
        );
    let sql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("the write waits for the row", || async {
        holds.query_opt(sql, &[]).await.unwrap().is_some()
    })
    .await;
    close(&store).await;
    holds.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(refusal(write.await.unwrap()).0, "ZB001");
    assert!(app.changed(&collection, &before).await.is_empty());
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_fence_passes_by_itself() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    store.fence("move", 1, Duration::from_millis(1)).await.unwrap();
    until("the fence has passed", || async {
        let client = app.client().await;
        client.batch_execute("UPDATE products SET n = 1").await.is_ok()
    })
    .await;
    let long = store.fence("move", 1, Duration::from_secs(61)).await;
    assert!(matches!(long, Err(MoveError::FenceTooLong)), "{long:?}");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_write_after_the_handover_is_told_the_new_primary() {
    let app = App::with(TABLES).await;
    let collection = app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    let before = app.seen(&collection).await;
    let client = app.client().await;
    for level in LEVELS {
        begin(&client, level).await;
        client.batch_execute("COMMIT").await.unwrap();
    }
    let to = Peer { store: "other".to_owned(), url: "http://10.0.0.7/api/products".to_owned() };
    let early = store.handover("move", 1, to.clone()).await;
    assert!(matches!(early, Err(MoveError::NotFenced { .. })), "{early:?}");
    close(&store).await;
    let given = store.handover("move", 1, to.clone()).await.unwrap();
    assert_eq!((given.epoch, given.last_id), (2, 9));
    assert_eq!(store.handover("move", 1, to).await.unwrap(), given, "a repeat gives the same");
    for level in LEVELS {
        begin(&client, level).await;
        let (code, message) =
            refusal(client.batch_execute("DELETE FROM products WHERE id = 1").await);
        client.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(code, "ZB002", "{level}");
        assert!(message.contains("http://10.0.0.7/api/products"), "{message}");
    }
    assert!(app.changed(&collection, &before).await.is_empty());
    let again = store.fence("move", 1, Duration::from_secs(1)).await;
    assert!(matches!(again, Err(MoveError::NotPrimary { .. })), "{again:?}");
    let kept = adapter::remove(&app.session, SCHEMA, &name(PATH)).await.unwrap_err().to_string();
    assert!(kept.contains("http://10.0.0.7/api/products"), "{kept}");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_change_comes_in_order_only_when_older_transactions_have_ended() {
    let app = App::with(TABLES).await;
    let collection = app.install(PATH, &["products"]).await;
    let feed = adapter::Feed::of(&collection);
    let (older, newer) = (app.client().await, app.client().await);
    older.batch_execute("BEGIN; UPDATE products SET n = 1 WHERE id = 5").await.unwrap();
    newer.batch_execute("UPDATE products SET n = 1 WHERE id = 6").await.unwrap();
    let page = feed.page(&app.session, &FeedCursor::START, 100).await.unwrap();
    let six = |changes: &[adapter::Change]| {
        changes.iter().any(|change| change.key.shown() == "6" && change.position >= page.horizon)
    };
    assert!(six(&page.ahead) && !page.changes.iter().any(|change| change.position >= page.horizon));
    older.batch_execute("COMMIT").await.unwrap();
    let cursor = FeedCursor::all(page.horizon - 1);
    until("both have their turn", || async {
        let page = feed.page(&app.session, &cursor, 100).await.unwrap();
        let keys: Vec<_> =
            page.changes.iter().map(|change| change.key.shown().into_owned()).collect();
        // The keys of the first filling may come before them, if other tests held the feed back.
        keys.ends_with(&["5".to_owned(), "6".to_owned()])
    })
    .await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn pages_meet_every_change_once_in_order() {
    let app = App::with(TABLES).await;
    let collection = app.install(PATH, &["products"]).await;
    app.database.execute("UPDATE products SET n = 1 WHERE id IN (3, 5)").await;
    let feed = adapter::Feed::of(&collection);
    let whole = feed.page(&app.session, &FeedCursor::START, 100).await.unwrap();
    let (mut cursor, mut met) = (FeedCursor::START, Vec::new());
    loop {
        let page = feed.page(&app.session, &cursor, 2).await.unwrap();
        let Some(last) = page.changes.last() else { break };
        cursor = FeedCursor {
            position: last.position,
            within: replication::Within::Row(last.key.clone()),
        };
        met.extend(page.changes);
    }
    assert!(
        met.starts_with(&whole.changes) && met.is_sorted_by_key(|c| (c.position, c.key.clone()))
    );
    assert_eq!(met.len().max(whole.changes.len() + whole.ahead.len()), 9);
}
