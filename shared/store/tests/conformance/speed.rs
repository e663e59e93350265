//! Figures rather than cases; run with `--ignored --nocapture`, in a release build.

use std::sync::Arc;
use std::time::{Duration, Instant};

use models::{Thread, Timestamp};
use store::{Changes, Entry, FeedCursor, FeedRow, Role, Store};

use crate::engine::Engine;
use crate::moving::{ownership, peer};
use crate::record::{Notes, note};

const PAGE: u64 = 5_000;
const PAGES: u64 = 40;
const CLIENTS: usize = 32;
const LASTS: Duration = Duration::from_secs(3);

/// A page of new rows as a source would give it.
fn page(source: &Changes<Thread>, number: u64) -> Changes<Thread> {
    let rows = (number * PAGE + 1)..=((number + 1) * PAGE);
    let row = |id| {
        let at = Timestamp { unix_ms: 1_700_000_000_000 };
        let text = "A text of about the length that posts on the board have, say a hundred bytes";
        let content = Some(note(&format!("{id} {text}"), id % 1_000));
        Entry::Row(FeedRow { id, rev: 1, created_at: at, updated_at: at, content, keys: vec![] })
    };
    let end = (number + 1) * PAGE;
    let cursor = FeedCursor { position: end, id: end };
    Changes { entries: rows.map(row).collect(), cursor, covered: 0, more: true, ..source.clone() }
}

async fn apply(engine: Engine, name: &str) {
    let (source, copy) = (engine.another().await.open().await, engine.open().await);
    let found = ownership(&source).await;
    copy.follow::<Notes>(peer(&source).await, &found.lineage, 1, None).await.unwrap();
    let empty = source.changes::<Notes>(FeedCursor::START, None, 1).await.unwrap();
    assert_eq!(empty.role, Role::Primary);
    let pages: Vec<_> = (0..PAGES).map(|number| Arc::new(page(&empty, number))).collect();
    let begin = Instant::now();
    let mut from = FeedCursor::START;
    for page in &pages {
        copy.apply::<Notes>(from, Arc::clone(page)).await.unwrap();
        from = page.cursor;
    }
    let rate = (PAGE * PAGES) as f64 / begin.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} rows/s applied in pages of {PAGE}");
    let begin = Instant::now();
    let (mut from, mut read) = (FeedCursor::START, 0);
    loop {
        let page = copy.changes::<Notes>(from, None, 5_000).await.unwrap();
        read += page.entries.len();
        from = page.cursor;
        if !page.more {
            break;
        }
    }
    let rate = read as f64 / begin.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} rows/s read from the feed ({read})");
    let begin = Instant::now();
    let digest = copy.digest::<Notes>(0, Some(models::MAX_ID), 0).await.unwrap();
    let rate = digest.rows as f64 / begin.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} rows/s into a digest");
}

async fn write(store: Store, name: &str) {
    let store = Arc::new(store);
    let begin = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut count = 0_u64;
            while begin.elapsed() < LASTS {
                let title = format!("{client} {count}");
                store.insert::<Notes>(note(&title, 1), None).await.unwrap();
                count += 1;
            }
            count
        })
    });
    let mut written = 0;
    for client in clients.collect::<Vec<_>>() {
        written += client.await.unwrap();
    }
    let rate = written as f64 / begin.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} inserts/s of {CLIENTS} clients");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a while and says nothing but figures"]
async fn sqlite_figures() {
    apply(Engine::sqlite(), "sqlite").await;
    let engine = Engine::sqlite();
    write(engine.open().await, "sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a while and says nothing but figures"]
async fn postgresql_figures() {
    let Some(engine) = Engine::postgres().await else { return };
    apply(engine, "postgresql").await;
    let Some(engine) = Engine::postgres().await else { return };
    write(engine.open().await, "postgresql").await;
}
