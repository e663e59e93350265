//! No writer of the application waits long for an installation.

use std::time::Duration;

use adapter::{Session, install, remove};
use harness::until;
use tokio::time::timeout;

use crate::app::{App, SCHEMA, name, wanted};

const PATH: &str = "/api/products";

/// A session that has written and does not end keeps an installation out, and nothing else.
#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn others_write_while_an_installation_or_a_removal_waits_for_a_table() {
    let app = App::with("CREATE TABLE products (id bigint PRIMARY KEY, n int); INSERT INTO products VALUES (1), (2)").await;
    let url = app.database.url().parse().unwrap();
    for installs in [true, false] {
        let (holds, writes) = (app.client().await, app.client().await);
        holds.batch_execute("BEGIN; UPDATE products SET n = 1 WHERE id = 1").await.unwrap();
        let session = Session::open(&url).await.unwrap();
        let waits = tokio::spawn(async move {
            if installs {
                install(&session, &wanted(PATH, &["products"])).await.map(|done| done.tables > 0)
            } else {
                remove(&session, SCHEMA, &name(PATH)).await
            }
        });
        let sql = "SELECT 1 FROM pg_locks WHERE (relation = 'products'::regclass OR locktype = 'advisory') AND NOT granted \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        for _ in 0..2 {
            until("it waits for the table, or for its writers", || async {
                writes.query_opt(sql, &[]).await.unwrap().is_some()
            })
            .await;
            // This waits behind it until it gives up. If it did not, this would wait until the end of the test.
            let write = writes.batch_execute("UPDATE products SET n = 2 WHERE id = 2");
            timeout(Duration::from_secs(60), write).await.expect("a write waits for good").unwrap();
            assert!(!waits.is_finished());
        }
        holds.batch_execute("COMMIT").await.unwrap();
        assert!(waits.await.unwrap().unwrap());
    }
}
