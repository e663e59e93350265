//! Many writers at once, at each isolation level, directly and behind a pooler, while fences come and go: each write is in
//! the feed before its fence closed, or was refused.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adapter::{AdapterStore, Feed, MoveError, install};
use harness::Bouncer;
use replication::FeedCursor;
use tokio_postgres::Client;

use crate::app::{App, connect, open, wanted};

const PATH: &str = "/api/counters";
const ROWS: i64 = 40;
const LEVELS: [&str; 3] = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];

/// Counts up rows, one transaction after the other, and remembers what was acknowledged.
async fn count(
    client: Client,
    level: &str,
    stop: Arc<AtomicBool>,
    seed: i64,
) -> BTreeMap<i64, i64> {
    let mut acknowledged = BTreeMap::new();
    let mut id = seed;
    while !stop.load(Ordering::Relaxed) {
        id = (id * 7 + 3) % ROWS;
        let other = (id + 1) % ROWS;
        // The snapshot is older than the write.
        let sql = format!(
            "BEGIN ISOLATION LEVEL {level}; SELECT count(*) FROM counters; \
             UPDATE counters SET n = n + 1 WHERE id = {id}; UPDATE counters SET n = n + 1 WHERE id = {other}; COMMIT"
        );
        match client.batch_execute(&sql).await {
            Ok(()) => {
                *acknowledged.entry(id).or_default() += 1;
                *acknowledged.entry(other).or_default() += 1;
            }
            Err(error) => {
                let code = error.code().unwrap_or_else(|| panic!("{error:?}")).code().to_owned();
                assert!(["ZB001", "40001", "40P01"].contains(&&*code), "{error:?}");
                client.batch_execute("ROLLBACK").await.unwrap();
            }
        }
    }
    acknowledged
}

async fn rows(client: &Client) -> BTreeMap<i64, i64> {
    let rows = client.query("SELECT id, n FROM counters", &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// A copy that is made of nothing but what the feed names.
struct Copy {
    feed: Feed,
    cursor: FeedCursor,
    rows: BTreeMap<i64, i64>,
}

impl Copy {
    async fn follow(&mut self, app: &App, client: &Client) {
        let page = self.feed.page(&app.session, &self.cursor, 1_000_000).await.unwrap();
        for change in page.changes.iter().chain(&page.ahead) {
            let id: i64 = change.columns[0].parse().unwrap();
            let row =
                client.query_opt("SELECT n FROM counters WHERE id = $1", &[&id]).await.unwrap();
            self.rows.insert(id, row.unwrap().get(0));
        }
        self.cursor = FeedCursor::all(page.horizon - 1);
    }
}

async fn nothing_is_lost(pooled: bool) {
    let app =
        App::with("CREATE TABLE counters (id bigint PRIMARY KEY, n bigint NOT NULL DEFAULT 0)")
            .await;
    app.database
        .execute(&format!("INSERT INTO counters SELECT generate_series(0, {})", ROWS - 1))
        .await;
    let bouncer =
        if pooled { Some(Bouncer::start(app.database.url(), "transaction").await) } else { None };
    let url = bouncer.as_ref().map_or(app.database.url(), Bouncer::url);
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for place in 0..6_usize {
        let (client, stop) = (connect(url).await, Arc::clone(&stop));
        let seed = i64::try_from(place).unwrap() * 5;
        writers.push(tokio::spawn(count(client, LEVELS[place % 3], stop, seed)));
    }
    // The feed begins while they write.
    let installed = install(&app.session, &wanted(PATH, &["counters"])).await.unwrap();
    let feed = Feed::of(&installed.collection);
    let store: AdapterStore = app.store(PATH).await;
    let mut copy = Copy { feed, cursor: FeedCursor::START, rows: BTreeMap::new() };
    let client = app.client().await;
    let mut closed = 0;
    while closed < 12 {
        copy.follow(&app, &client).await;
        match store.fence("move", 1, Duration::from_secs(60)).await {
            Ok(_) => {}
            Err(MoveError::WritesRun) => continue,
            Err(error) => panic!("{error:?}"),
        }
        closed += 1;
        // Nothing is written from here on, and all that was is in the feed.
        let fenced = rows(&client).await;
        copy.follow(&app, &client).await;
        assert_eq!(copy.rows, fenced);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(rows(&client).await, fenced, "a write passed the fence");
        open(&store).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged: BTreeMap<i64, i64> = (0..ROWS).map(|id| (id, 0)).collect();
    for writer in writers {
        for (id, count) in writer.await.unwrap() {
            *acknowledged.entry(id).or_default() += count;
        }
    }
    copy.follow(&app, &client).await;
    assert_eq!(rows(&client).await, acknowledged);
    assert_eq!(copy.rows, acknowledged);
    assert!(acknowledged.values().sum::<i64>() > 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn no_acknowledged_write_is_missing_from_the_feed() {
    nothing_is_lost(false).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL and TEST_PGBOUNCER"]
async fn behind_a_pooler_no_acknowledged_write_is_missing_from_the_feed() {
    nothing_is_lost(true).await;
}
