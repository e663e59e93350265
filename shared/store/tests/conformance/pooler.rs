//! A pooler between a program and PostgreSQL, and a server that has room for few connections.

use std::sync::Arc;

use harness::{Bouncer, TestDatabase};
use models::{Cell, View};
use store::{Database, FeedCursor, OpenError, Order, PageQuery, Precondition, Store};
use tokio::task::JoinSet;

use crate::moving::changes;
use crate::record::{NOTES, note};

const PAGE: PageQuery =
    PageQuery { filter: None, cursor: None, until: None, order: Order::Ascending, limit: 10 };

async fn open(url: &str, connections: usize) -> Result<Store, OpenError> {
    let database: Database = url.parse().unwrap();
    Store::open(&database, &[Arc::clone(&NOTES)], connections).await
}

async fn behind(mode: &str) -> (TestDatabase, Bouncer) {
    let database = harness::postgres().await;
    let bouncer = Bouncer::start(database.url(), mode).await;
    (database, bouncer)
}

/// Many clients do everything that there is to do, and nothing fails.
async fn work(store: &Arc<Store>, name: &'static str, clients: u64) {
    let mut all = JoinSet::new();
    for client in 0..clients {
        let store = Arc::clone(store);
        all.spawn(async move {
            for round in 0..5 {
                let text = format!("{name} {client}, round {round}");
                let id = store.insert(&NOTES, note(&text, 1), None).await.unwrap().id;
                let row = store.get(&NOTES, id).await.unwrap().unwrap();
                assert_eq!(row.cells, note(&text, 1));
                let next = note(&format!("{text}, changed"), 2);
                let change = Box::new(move |_: &[Cell]| Ok(next));
                store.update(&NOTES, id, Precondition::default(), change).await.unwrap();
                let page = store.page(&NOTES, PAGE, View::Basic).await.unwrap();
                assert_ne!(page.rows, 0);
                store.delete(&NOTES, id, Precondition::default()).await.unwrap();
                store.ping().await.unwrap();
            }
            store.insert(&NOTES, note(&format!("{name} {client} stays"), 1), None).await.unwrap();
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL and TEST_PGBOUNCER"]
async fn behind_a_pooler_in_transaction_mode_nothing_fails() {
    let (database, bouncer) = behind("transaction").await;
    let one = Arc::new(open(bouncer.url(), 4).await.unwrap());
    let two = Arc::new(open(bouncer.url(), 4).await.unwrap());
    tokio::join!(work(&one, "one", 8), work(&two, "two", 8));
    one.fence(&NOTES, "fence", 1, std::time::Duration::from_secs(2)).await.unwrap();
    one.release(&NOTES, "fence").await.unwrap();
    one.heartbeat(&NOTES).await.unwrap();
    one.passed(&NOTES, "follower", 1).await.unwrap();
    assert_eq!(one.followers(&NOTES).await.unwrap().len(), 1);
    let digest = one.digest(&NOTES, None, None, 100).await.unwrap();
    assert_eq!(
        digest,
        open(database.url(), 2).await.unwrap().digest(&NOTES, None, None, 100).await.unwrap()
    );
    let changes = changes(&two, FeedCursor::START, 1_000).await;
    assert!(!changes.entries.is_empty());

    let (client, connection) =
        tokio_postgres::connect(bouncer.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let limit = client.simple_query("SHOW statement_timeout").await.unwrap();
    let limit = limit.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    assert_eq!(limit, Some("0"), "what the store is told stays in its own transactions");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL and TEST_PGBOUNCER"]
async fn behind_a_pooler_in_session_mode_nothing_fails() {
    let (_database, bouncer) = behind("session").await;
    let store = Arc::new(open(bouncer.url(), 2).await.unwrap());
    work(&store, "one", 8).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL and TEST_PGBOUNCER"]
async fn a_pooler_in_statement_mode_is_refused_by_its_name() {
    let (_database, bouncer) = behind("statement").await;
    let refused = open(bouncer.url(), 2).await.unwrap_err().to_string();
    assert!(refused.contains("a pooler in statement mode is in between"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn where_the_server_has_room_for_fewer_connections_the_others_wait() {
    let database = harness::postgres().await;
    let role = format!("few_{}", std::process::id());
    database
        .execute(&format!(
            "CREATE ROLE {role} LOGIN CONNECTION LIMIT 2; GRANT ALL ON SCHEMA public TO {role}"
        ))
        .await;
    let url = database.url().replacen("postgres@", &format!("{role}@"), 1);
    let store = Arc::new(open(&url, 8).await.unwrap());
    work(&store, "one", 16).await;
    store.close().await;
    drop(store);
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'; \
         REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"
    );
    database.execute(&sql).await;
}
