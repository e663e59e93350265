//! Pages keep the constraints of the application's tables, whatever the order of their rows.

use adapter::MoveError;

use crate::pair::Pair;

const TABLES: &str = "
    CREATE TABLE orders (id bigint PRIMARY KEY, code text NOT NULL UNIQUE, above bigint REFERENCES orders);
    CREATE TABLE lines (id bigint PRIMARY KEY, of bigint NOT NULL REFERENCES orders, no int NOT NULL, UNIQUE (of, no))";
/// Lines are older in the feed than the orders that they refer to, and one order refers to a later one.
const ROWS: &str = "
    INSERT INTO orders SELECT g, 'c' || g FROM generate_series(1, 30) g;
    INSERT INTO lines SELECT g, 1 + g % 30, g FROM generate_series(1, 90) g";
const PATH: &str = "/api/orders";

async fn pair() -> Pair {
    Pair::of(TABLES, ROWS, PATH, &["lines", "orders"]).await
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn rows_may_come_before_those_that_they_refer_to() {
    for limit in [1, 7, 1_000] {
        let pair = pair().await;
        pair.source.database.execute("UPDATE orders SET above = 30 WHERE id < 9; UPDATE orders SET code = code || 'x' WHERE id % 2 = 0").await;
        pair.pump(limit).await.unwrap();
        pair.is_equal().await;
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn rows_exchange_values_and_leave_what_is_deleted() {
    for limit in [1, 5, 1_000] {
        let pair = pair().await;
        pair.pump(1_000).await.unwrap();
        for sql in [
            // Two orders exchange their codes, and one takes that of an order that goes.
            "BEGIN; UPDATE orders SET code = 'tmp' WHERE id = 1; UPDATE orders SET code = 'c1' WHERE id = 2; UPDATE orders SET code = 'c2' WHERE id = 1; COMMIT",
            "BEGIN; DELETE FROM lines WHERE of = 3; DELETE FROM orders WHERE id = 3; UPDATE orders SET code = 'c3' WHERE id = 4; COMMIT",
            // Lines move to another order, and theirs goes.
            "BEGIN; UPDATE lines SET of = 6, no = no + 1000 WHERE of = 5; DELETE FROM orders WHERE id = 5; COMMIT",
            "UPDATE lines SET no = no + 1 WHERE id = 77",
        ] {
            pair.source.database.execute(sql).await;
            if limit == 1_000 {
                pair.pump(limit).await.unwrap();
                pair.is_equal().await;
            }
        }
        pair.pump(limit).await.unwrap();
        pair.is_equal().await;
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn what_a_foreign_key_changes_at_the_source_changes_once_here() {
    let tables = TABLES.replace(
        "NOT NULL REFERENCES orders,",
        "NOT NULL REFERENCES orders ON DELETE CASCADE ON UPDATE CASCADE,",
    );
    let pair = Pair::of(&tables, ROWS, PATH, &["orders", "lines"]).await;
    pair.pump(10).await.unwrap();
    pair.source.database.execute("DELETE FROM orders WHERE id = 7; UPDATE orders SET id = 108, code = 'new' WHERE id = 8").await;
    pair.pump(10).await.unwrap();
    pair.is_equal().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_row_that_refers_to_another_collection_waits_for_it() {
    let tables = "CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE posts (id bigint PRIMARY KEY, by bigint REFERENCES users)";
    let rows = "INSERT INTO users VALUES (1); INSERT INTO posts VALUES (1, 1)";
    let pair = Pair::of(tables, rows, "/api/posts", &["posts"]).await;
    let waits = pair.pump(10).await;
    let Err(MoveError::Store(error)) = &waits else { panic!("{waits:?}") };
    assert!(format!("{error:?}").contains("posts_by_fkey"), "{error:?}");
    pair.target.database.execute("INSERT INTO users VALUES (1)").await;
    pair.pump(10).await.unwrap();
    pair.is_equal().await;
}
