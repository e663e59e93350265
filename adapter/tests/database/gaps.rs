//! What passed by while triggers were missing comes into the feed again, and what is not whole is not fenced.

use std::time::Duration;

use adapter::{Fault, MoveError, StoreError, status};
use replication::Peer;

use crate::app::{App, SCHEMA, close, name, refusal};

const PATH: &str = "/api/products";
const TABLES: &str = "CREATE TABLE products (id bigint PRIMARY KEY, n int);
    INSERT INTO products SELECT generate_series(1, 9), 0;
    CREATE TABLE events (id bigint PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE events_0 PARTITION OF events FOR VALUES FROM (0) TO (10); INSERT INTO events VALUES (1);";

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn what_passed_by_missing_triggers_is_read_again() {
    let app = App::with(TABLES).await;
    let collection = app.install(PATH, &["products", "events"]).await;
    for (gap, keys) in [
        (
            "ALTER TABLE products DISABLE TRIGGER USER; INSERT INTO products VALUES (20, 0); DELETE FROM products WHERE id = 3;
             UPDATE products SET n = 1 WHERE id = 4; ALTER TABLE products ENABLE TRIGGER USER",
            &["products/b20", "products/a3", "products/a4"][..],
        ),
        (
            "CREATE TABLE events_1 (id bigint PRIMARY KEY); INSERT INTO events_1 VALUES (11);
             ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM (10) TO (20)",
            &["events/b11"][..],
        ),
        (
            "CREATE TABLE more (PRIMARY KEY (id)) INHERITS (products); INSERT INTO more VALUES (30, 0)",
            &["products/b30"][..],
        ),
    ] {
        let before = app.seen(&collection).await;
        app.database.execute(gap).await;
        let found = status(&app.session, SCHEMA, &name(PATH)).await.unwrap().unwrap();
        assert!(found.faults.iter().any(|fault| matches!(fault, Fault::Trigger { .. })), "{gap}");
        app.install(PATH, &["products", "events"]).await;
        let changed = app.changed(&collection, &before).await;
        for key in keys {
            assert!(changed.iter().any(|found| found == key), "{gap}: {key} of {changed:?}");
        }
        let found = status(&app.session, SCHEMA, &name(PATH)).await.unwrap().unwrap();
        assert_eq!(found.faults, [], "{gap}");
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_table_under_another_name_is_a_fault() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    app.database
        .execute("CREATE TABLE fresh (LIKE products INCLUDING ALL); ALTER TABLE products RENAME TO old; ALTER TABLE fresh RENAME TO products")
        .await;
    let found = status(&app.session, SCHEMA, &name(PATH)).await.unwrap().unwrap();
    assert!(
        found.faults.iter().any(|fault| matches!(fault, Fault::Renamed { .. })),
        "{:?}",
        found.faults
    );
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_fence_is_not_closed_over_an_installation_that_is_not_whole() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    app.database.execute("UPDATE banyan.collections SET state = 'removing'").await;
    let closed = store.fence("move", 1, Duration::from_secs(9)).await;
    let refused = matches!(closed, Err(MoveError::Store(StoreError::NotInstalled)));
    assert!(refused, "{closed:?}");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn neither_a_fence_nor_a_handover_passes_by_triggers_that_are_disabled() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    let disable = "ALTER TABLE products DISABLE TRIGGER USER";
    app.database.execute(disable).await;
    let closed = store.fence("move", 1, Duration::from_secs(9)).await;
    let refused = matches!(closed, Err(MoveError::Store(StoreError::NotInstalled)));
    assert!(refused, "{closed:?}");
    app.install(PATH, &["products"]).await;
    close(&store).await;
    app.database.execute(disable).await;
    let to = Peer { store: "other".to_owned(), url: "http://10.0.0.7/api/products".to_owned() };
    let given = store.handover("move", 1, to.clone()).await;
    let refused = matches!(given, Err(MoveError::Store(StoreError::NotInstalled)));
    assert!(refused, "{given:?}");
    app.install(PATH, &["products"]).await;
    store.handover("move", 1, to).await.unwrap();
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_snapshot_from_before_the_installation_is_told_to_run_again() {
    let app = App::with(TABLES).await;
    let client = app.client().await;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class";
    client.batch_execute(begin).await.unwrap();
    app.install(PATH, &["products"]).await;
    let (code, message) = refusal(client.batch_execute("UPDATE products SET n = 1").await);
    assert_eq!(code, "40001", "{message}");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_key_may_have_columns_of_any_name() {
    let app = App::with(
        "CREATE TABLE things (k int, count int, c0 int, t int, PRIMARY KEY (k, count, c0, t)); INSERT INTO things VALUES (1, 2, 3, 4)",
    )
    .await;
    let collection = app.install("/api/things", &["things"]).await;
    assert_eq!(app.seen(&collection).await.len(), 1);
}
