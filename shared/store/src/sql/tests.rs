//! The plans of the lists' statements among a million rows: each walks one index and sorts nothing.

use std::sync::Arc;

use models::{Alphabet, Collection, Field, THREADS};
use rusqlite::Connection;
use tokio_postgres::{Client, NoTls};

use crate::page::Walk;
use crate::postgres::SESSION;
use crate::sql::{Dialect, Statements, migrations};

const ROWS: u64 = 1_000_000;

fn posts() -> Arc<Collection> {
    let fields = [
        Field::reference("thread", THREADS).filter("in-thread"),
        Field::text("text", 1..=9, Alphabet::Line),
    ];
    Arc::new(Collection::new("posts", "post", fields))
}

/// Each list's statement, and the index it has to walk.
fn lists(statements: &Statements) -> Vec<(&str, &'static str)> {
    let mut lists = Vec::new();
    for walk in [Walk::Up, Walk::Down] {
        lists.push((statements.walk(None, walk), "posts_living"));
        lists.push((statements.walk(Some(0), walk), "posts_by_thread"));
    }
    lists
}

#[test]
fn sqlite_walks_one_index_and_sorts_nothing() {
    let connection = Connection::open_in_memory().unwrap();
    for statement in migrations(&posts(), Dialect::Sqlite, 0) {
        connection.execute_batch(&statement).unwrap();
    }
    connection
        .execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) \
             INSERT INTO posts (position, rev, created_at, updated_at, thread, text) \
             SELECT i, 1, i, i, i % 1000, 'text' FROM n; ANALYZE"
        ))
        .unwrap();
    for (sql, index) in lists(&Statements::new(posts(), Dialect::Sqlite)) {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        // A plan does not depend on the parameters, so none are bound.
        let steps = explain.raw_query().mapped(|row| row.get::<_, String>(3));
        let steps: Vec<_> = steps.map(Result::unwrap).collect();
        assert_eq!(steps.len(), 1, "{sql}\n{steps:?}");
        assert!(steps[0].starts_with(&format!("SEARCH posts USING INDEX {index} (")), "{steps:?}");
    }
    let feed = Statements::new(posts(), Dialect::Sqlite).feed;
    for (sql, step) in [
        (&feed.page, "SEARCH posts USING INDEX posts_feed ("),
        (&feed.keys, "SEARCH posts_idempotency USING INDEX posts_idempotency_id (id=?)"),
        (&feed.any_key, "SCAN posts_idempotency"),
        (&feed.purge, "SEARCH posts USING INDEX posts_deleted (position<?)"),
        (&feed.range, "SEARCH posts USING INDEX posts_living ("),
        (&feed.recent, "SCAN posts USING INDEX posts_feed"),
        (&feed.last, "SCAN posts USING INDEX posts_living"),
    ] {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = explain.raw_query().mapped(|row| row.get::<_, String>(3));
        let steps: Vec<_> = steps.map(Result::unwrap).collect();
        assert!(steps.iter().any(|found| found.starts_with(step)), "{sql}\n{steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}\n{steps:?}");
    }
}

/// Threads of a thousand posts each, but for thread 999: it has a tenth of all posts, and all of them
/// are recent. A planner that takes posts of one thread to be spread evenly walks all others first.
#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn postgresql_walks_one_index_and_sorts_nothing() {
    let database = harness::postgres().await;
    for statement in migrations(&posts(), Dialect::Postgres, 0) {
        database.execute(&statement).await;
    }
    database
        .execute(&format!(
            "INSERT INTO posts (rev, created_at, updated_at, thread, text) SELECT 1, i, i, \
             CASE WHEN i > {ROWS} * 0.9 THEN 999 ELSE i % 900 END, 'text' \
             FROM generate_series(1, {ROWS}) i"
        ))
        .await;
    database.execute("VACUUM ANALYZE posts").await;
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(SESSION).await.unwrap();
    let statements = Statements::new(posts(), Dialect::Postgres);
    for (number, (sql, index)) in lists(&statements).into_iter().enumerate() {
        let types = if sql.contains("$3") { ", bigint" } else { "" };
        let prepare = format!("PREPARE list_{number}(bigint, bigint{types}) AS {sql}");
        client.batch_execute(&prepare).await.unwrap();
        for mode in ["auto", "force_generic_plan"] {
            client.batch_execute(&format!("SET plan_cache_mode = {mode}")).await.unwrap();
            for (from, thread) in [(0, 999), (0, 5), (999_900, 999), (ROWS, 7)] {
                let thread = if types.is_empty() { String::new() } else { format!(", {thread}") };
                let explain = format!("EXPLAIN EXECUTE list_{number}({from}, 101{thread})");
                let plan = plan(&client, &explain).await;
                // Among few tombstones the primary key serves a list of all rows as well.
                let primary = types.is_empty() && plan.contains("using posts_pkey on");
                assert!(primary || plan.contains(&format!("using {index} on")), "{sql}\n{plan}");
                for costly in ["Seq Scan", "Sort", "Bitmap"] {
                    assert!(!plan.contains(costly), "{sql}\n{plan}");
                }
            }
        }
    }
    database
        .execute(&format!(
            "INSERT INTO posts_idempotency (key, fingerprint, id, created_at, answer) \
             SELECT i, 'x', i, i, 'answer' FROM generate_series(1, {ROWS} / 10) i; \
             ANALYZE posts_idempotency"
        ))
        .await;
    let feed = &statements.feed;
    for (number, (sql, types, arguments, index)) in [
        (&feed.page, "bigint, bigint, bigint, bigint", "5, 5, 101, 99999999", "posts_feed"),
        (&feed.recent, "bigint", "1000", "posts_feed"),
        (&feed.range, "bigint, bigint, bigint", "5, 999999, 101", "posts_living"),
        (&feed.keys, "bigint[]", "'{1,2,3}'", "posts_idempotency_id"),
    ]
    .into_iter()
    .enumerate()
    {
        client.batch_execute(&format!("PREPARE feed_{number}({types}) AS {sql}")).await.unwrap();
        for mode in ["auto", "force_generic_plan"] {
            client.batch_execute(&format!("SET plan_cache_mode = {mode}")).await.unwrap();
            let explain = format!("EXPLAIN EXECUTE feed_{number}({arguments})");
            let plan = plan(&client, &explain).await;
            // Among few tombstones the primary key serves a range of ids as well.
            let primary = index == "posts_living" && plan.contains("using posts_pkey on");
            let walks = |way| plan.contains(&format!("{way} {index} on"));
            assert!(primary || walks("using") || walks("Backward using"), "{sql}\n{plan}");
            assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{sql}\n{plan}");
        }
    }
    drop(client);
    connection.await.unwrap().unwrap();
}

async fn plan(client: &Client, explain: &str) -> String {
    let rows = client.query(explain, &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n")
}
