//! What a feed promises outlives a crash, and a database that was put back says so.

use adapter::{Feed, MoveError};
use harness::until;
use replication::FeedCursor;

use crate::app::App;

const PATH: &str = "/api/products";
const TABLES: &str = "CREATE TABLE products (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0);
    INSERT INTO products SELECT generate_series(1, 9);";

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_number_of_a_transaction_that_left_nothing_is_on_disk_before_it_is_promised() {
    let app = App::with(TABLES).await;
    let collection = app.install(PATH, &["products"]).await;
    let feed = Feed::of(&collection);
    let page = async || feed.page(&app.session, &FeedCursor::START, 100).await.unwrap();
    let first = page().await.horizon;
    app.database.execute("BEGIN; SELECT pg_current_xact_id(); ROLLBACK").await;
    until("its number is promised", || async {
        let horizon = page().await.horizon;
        let sql = "SELECT folded FROM banyan.collections";
        let folded: i64 = app.client().await.query_one(sql, &[]).await.unwrap().get(0);
        // The page wrote it, so its commit waited for the disk.
        assert_eq!(folded.cast_unsigned(), horizon);
        horizon > first
    })
    .await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_store_that_was_put_back_says_so_though_other_databases_went_on() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products"]).await;
    let store = app.store(PATH).await;
    store.changes(&FeedCursor::START, None, 100).await.unwrap();
    app.database.execute("UPDATE products SET n = 1 WHERE id = 1").await;
    let page = store.changes(&FeedCursor::START, None, 100).await.unwrap();
    let put_back = "DELETE FROM banyan.feed_products WHERE position = (SELECT max(position) FROM banyan.feed_products)";
    app.database.execute(put_back).await;
    let opened = app.store(PATH).await;
    let heard = opened.changes(&page.cursor, Some(&page.heard()), 10).await;
    assert!(matches!(heard, Err(MoveError::WentBack)), "{heard:?}");
}
