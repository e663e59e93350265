//! The change feed of one store.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::Arc;

use models::Content;
use store::{Changes, Entry, FeedCursor, FeedRow, Key, MAX_FEED_BYTES, MoveError, Store};

use crate::engine::Engine;
use crate::moving::{
    FENCE, catch_up, changes, delete, follow, id, insert, key, ownership, peer, pull, rename, rows,
    until,
};
use crate::record::{NOTES, content, note};

/// The feed once everything that is committed can be given.
async fn settled(store: &Store, after: impl Borrow<FeedCursor>, limit: usize) -> Changes<Content> {
    let after = after.borrow();
    let latest = ownership(store).await.position;
    until(async || {
        let page = changes(store, after, limit).await;
        page.more || page.covered >= latest
    })
    .await;
    changes(store, after, limit).await
}

fn feed_rows(page: &Changes<Content>) -> Vec<&FeedRow<Content>> {
    page.rows().collect()
}

fn ids(page: &Changes<Content>) -> Vec<u64> {
    page.entries.iter().filter_map(id).collect()
}

pub(crate) async fn from_the_start_the_feed_is_the_snapshot_and_then_the_tail(engine: Engine) {
    let store = engine.open().await;
    for title in ["a", "b", "c"] {
        insert(&store, title).await;
    }
    rename(&store, 1, "a2").await;
    let page = settled(&store, FeedCursor::START, 100).await;
    assert_eq!(ids(&page), [2, 3, 1], "each row once, the last changed last");
    assert!(!page.more && page.covered >= page.latest);
    let row = store.get(&NOTES, 1).await.unwrap().unwrap();
    let found = feed_rows(&page)[2];
    assert_eq!((found.rev, found.created_ms), (2, row.created_at.unix_ms));
    assert_eq!(
        (found.updated_ms, &found.content),
        (row.updated_at.unix_ms, &Some(content(&row.cells)))
    );

    let tail = settled(&store, &page.cursor, 100).await;
    assert!(tail.entries.is_empty(), "{tail:?}");
    insert(&store, "d").await;
    rename(&store, 2, "b2").await;
    assert_eq!(ids(&settled(&store, tail.cursor, 100).await), [4, 2]);
}

pub(crate) async fn a_page_goes_on_where_the_last_one_ended(engine: Engine) {
    let store = engine.open().await;
    for count in 0..7 {
        insert(&store, &count.to_string()).await;
    }
    settled(&store, FeedCursor::START, 100).await;
    let mut cursor = FeedCursor::START;
    let mut pages = Vec::new();
    loop {
        let page = changes(&store, &cursor, 3).await;
        assert!(page.cursor > cursor);
        cursor = page.cursor.clone();
        pages.push(ids(&page));
        if !page.more {
            break;
        }
    }
    assert_eq!(pages, [vec![1, 2, 3], vec![4, 5, 6], vec![7]]);
    let text = serde_json::to_string(&changes(&store, FeedCursor::START, 3).await).unwrap();
    let back: Changes<Content> = serde_json::from_str(&text).unwrap();
    assert_eq!(ids(&back), [1, 2, 3]);
    assert!(text.contains(r#""createdMs":"#) && text.contains(r#"{"row":{"key":"a1","#), "{text}");
}

/// A row that was changed twice is given once, at the place of its last change. A reader that has come up to a
/// place before that has not seen the first change.
pub(crate) async fn a_full_page_promises_nothing(engine: Engine) {
    let store = engine.open().await;
    for count in 0..4 {
        insert(&store, &count.to_string()).await;
    }
    rename(&store, 1, "first change").await;
    rename(&store, 1, "second change").await;
    settled(&store, FeedCursor::START, 100).await;
    let page = changes(&store, FeedCursor::START, 3).await;
    assert_eq!((ids(&page), page.more, page.covered), (vec![2, 3, 4], true, 0));
    let page = changes(&store, &page.cursor, 3).await;
    assert_eq!((ids(&page), page.more), (vec![1], false));
    assert!(page.covered >= page.latest);
}

pub(crate) async fn a_page_ends_at_its_limit_in_bytes(engine: Engine) {
    let store = engine.open().await;
    engine.execute("DROP INDEX notes_title").await;
    let long = "x".repeat(MAX_FEED_BYTES / 3);
    for count in 0..9 {
        store.insert(&NOTES, note(&format!("{count}{long}"), 1), None).await.unwrap();
    }
    let mut cursor = FeedCursor::START;
    let mut met = Vec::new();
    until(async || {
        let page = changes(&store, &cursor, 100).await;
        assert!(page.entries.len() <= 5, "{}", page.entries.len());
        met.extend(ids(&page));
        cursor = page.cursor;
        met.len() >= 9
    })
    .await;
    assert_eq!(met, (1..=9).collect::<Vec<_>>());
}

pub(crate) async fn marks_stand_in_their_places(engine: Engine) {
    let store = engine.open().await;
    let kinds = |page: &Changes<Content>| {
        let kind = |entry: &Entry<Content>| match entry {
            Entry::Row(row) => row.key.shown().into_owned(),
            Entry::Heartbeat { .. } => "beat".to_owned(),
            Entry::Handover(_) => "handover".to_owned(),
        };
        page.entries.iter().map(kind).collect::<Vec<_>>()
    };
    insert(&store, "a").await;
    store.heartbeat(&NOTES).await.unwrap();
    insert(&store, "b").await;
    let page = settled(&store, FeedCursor::START, 100).await;
    assert_eq!(kinds(&page), ["1", "beat", "2"]);
    let first = changes(&store, FeedCursor::START, 2).await;
    assert_eq!((kinds(&first), first.more), (vec!["1".to_owned(), "beat".to_owned()], true));
    assert_eq!(kinds(&changes(&store, &first.cursor, 2).await), ["2"]);
    // There is one heartbeat, the last.
    store.heartbeat(&NOTES).await.unwrap();
    assert_eq!(kinds(&settled(&store, FeedCursor::START, 100).await), ["1", "2", "beat"]);
    let other = engine.another().await.open().await;
    store.fence(&NOTES, "h", 1, FENCE).await.unwrap();
    store.heartbeat(&NOTES).await.unwrap();
    store.handover(&NOTES, "h", 1, peer(&other).await).await.unwrap();
    let page = settled(&store, FeedCursor::START, 100).await;
    assert_eq!(kinds(&page), ["1", "2", "beat", "handover"]);
    let beat = store.heartbeat(&NOTES).await;
    assert!(matches!(beat, Err(MoveError::NotPrimary { .. })), "nothing comes after the handover");
}

pub(crate) async fn a_deleted_row_travels_without_its_content(engine: Engine) {
    let store = engine.open().await;
    let created = store.insert(&NOTES, note("secret", 1), key("k")).await.unwrap();
    delete(&store, created.id).await;
    let page = settled(&store, FeedCursor::START, 100).await;
    let row = feed_rows(&page)[0];
    assert_eq!((&row.key, row.rev, &row.content), (&Key::number(1), 2, &None));
    assert_eq!(row.idempotency[0].answer, created.answer, "a repeat of the insert is still one");
}

pub(crate) async fn keys_travel_with_their_rows_for_a_day(engine: Engine) {
    let store = engine.open().await;
    store.insert(&NOTES, note("old", 1), key("old")).await.unwrap();
    engine.execute("UPDATE notes_idempotency SET created_at = created_at - 86400001").await;
    let created = store.insert(&NOTES, note("new", 1), key("new")).await.unwrap();
    insert(&store, "none").await;
    let page = settled(&store, FeedCursor::START, 100).await;
    let keys: Vec<_> = feed_rows(&page).iter().map(|row| row.idempotency.len()).collect();
    assert_eq!(keys, [0, 1, 0]);
    let found = &feed_rows(&page)[1].idempotency[0];
    assert_eq!((found.key.as_str(), found.fingerprint.as_str()), ("new", "new"));
    assert_eq!(found.answer, created.answer);
}

pub(crate) async fn who_waits_is_woken_after_a_commit(engine: Engine) {
    let store = Arc::new(engine.open().await);
    let mut changed = store.changed(&NOTES);
    changed.borrow_and_update();
    let waits = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            changed.changed().await.unwrap();
            let latest = changed.borrow().latest;
            assert!(store.get(&NOTES, 1).await.unwrap().is_some(), "it is committed");
            latest
        })
    };
    insert(&store, "a").await;
    assert_eq!(waits.await.unwrap(), ownership(&store).await.position);
}

pub(crate) async fn a_store_that_went_back_is_found_out(engine: Engine) {
    let store = engine.open().await;
    insert(&store, "kept").await;
    let old = settled(&store, FeedCursor::START, 100).await;
    store.close().await;
    drop(store);
    let backup = engine.backup().await;
    let store = engine.open().await;
    insert(&store, "lost").await;
    let page = settled(&store, &old.cursor, 100).await;
    assert_eq!(ids(&page), [2]);
    store.close().await;
    drop(store);
    engine.put_back(backup).await;

    let store = engine.open().await;
    let refused = store.changes(&NOTES, &page.cursor, Some(&page.heard()), 100).await;
    assert!(matches!(refused, Err(MoveError::WentBack)), "{refused:?}");
    // As well once it has got as far as it was, with other rows.
    for title in ["x", "y", "z"] {
        insert(&store, title).await;
    }
    let refused = store.changes(&NOTES, &page.cursor, Some(&page.heard()), 100).await;
    assert!(matches!(refused, Err(MoveError::WentBack)), "{refused:?}");
    assert!(refused.unwrap_err().to_string().contains("cancel the copy"));
    // A reader that had come no further than the older state can go on.
    assert!(store.changes(&NOTES, &old.cursor, Some(&old.heard()), 100).await.is_ok());
}

/// The copy knows the run that was read from, and ends before what was read.
pub(crate) async fn a_store_put_back_to_an_earlier_time_of_the_same_run_is_found_out(
    engine: Engine,
) {
    let store = engine.open().await;
    insert(&store, "kept").await;
    let old = settled(&store, FeedCursor::START, 100).await;
    let backup = engine.backup().await;
    insert(&store, "lost").await;
    rename(&store, 1, "lost too").await;
    let page = settled(&store, &old.cursor, 100).await;
    assert_eq!(page.run, old.run);
    store.close().await;
    drop(store);
    engine.put_back(backup).await;

    // Whether it is asked at once, or once it was opened again and has got further than it was.
    for _ in 0..2 {
        let store = engine.open().await;
        let refused = store.changes(&NOTES, &page.cursor, Some(&page.heard()), 100).await;
        assert!(matches!(refused, Err(MoveError::WentBack)), "{refused:?}");
        for count in 0..5 {
            insert(&store, &format!("{count} {}", ownership(&store).await.run)).await;
            store.heartbeat(&NOTES).await.unwrap();
        }
        let latest = ownership(&store).await.position;
        assert!(latest > page.latest && latest > page.cursor.position);
        let refused = store.changes(&NOTES, &page.cursor, Some(&page.heard()), 100).await;
        assert!(matches!(refused, Err(MoveError::WentBack)), "{refused:?}");
        store.close().await;
    }
    let store = engine.open().await;
    settled(&store, FeedCursor::START, 100).await;
    let tail = store.changes(&NOTES, &old.cursor, Some(&old.heard()), 100).await.unwrap();
    let ids = ids(&tail);
    assert_eq!(ids, (2..=11).collect::<Vec<_>>());
}

/// It need not lack more than signs of life: from then on it is another history.
pub(crate) async fn a_store_put_back_while_nobody_followed_is_found_out_later(engine: Engine) {
    let (store, copy) = (engine.open().await, engine.another().await.open().await);
    insert(&store, "kept").await;
    let backup = engine.backup().await;
    follow(&copy, &store).await;
    store.heartbeat(&NOTES).await.unwrap();
    catch_up(&copy, &store, 100).await;
    store.close().await;
    engine.put_back(backup).await;
    let store = engine.open().await;
    for count in 0..20 {
        insert(&store, &format!("{count}")).await;
    }
    let refused = pull(&copy, &store, 100).await;
    assert!(matches!(refused, Err(MoveError::WentBack)), "{refused:?}");
    copy.cancel(&NOTES).await.unwrap();
    follow(&copy, &store).await;
    catch_up(&copy, &store, 100).await;
    assert_eq!(rows(&copy).await, rows(&store).await);
}

pub(crate) async fn programs_that_start_beside_writers_are_no_step_back(engine: Engine) {
    let (store, copy) = (Arc::new(engine.open().await), engine.another().await.open().await);
    follow(&copy, &store).await;
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for count in 0..100 {
                    insert(&store, &format!("{writer} {count}")).await;
                    store.heartbeat(&NOTES).await.unwrap();
                }
            })
        })
        .collect();
    let starts = async {
        while writers.iter().any(|writer| !writer.is_finished()) {
            engine.open().await.close().await;
        }
    };
    let reads = async {
        while writers.iter().any(|writer| !writer.is_finished()) {
            pull(&copy, &store, 16).await.unwrap();
        }
    };
    tokio::join!(starts, reads);
    for writer in writers {
        writer.await.unwrap();
    }
    catch_up(&copy, &store, 100).await;
    assert_eq!(rows(&copy).await, rows(&store).await);
}

pub(crate) async fn the_newest_place_never_goes_back(engine: Engine) {
    let store = Arc::new(engine.open().await);
    let id = insert(&store, "a").await;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for count in 0..60 {
                    if writer % 2 == 0 {
                        store.heartbeat(&NOTES).await.unwrap();
                    } else {
                        rename(&store, id, &format!("{writer} {count}")).await;
                    }
                }
            })
        })
        .collect();
    let mut newest = 0;
    while writers.iter().any(|writer| !writer.is_finished()) {
        let found = ownership(&store).await.position;
        assert!(found >= newest, "{found} after {newest}");
        newest = found;
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

pub(crate) async fn a_restart_is_no_step_back(engine: Engine) {
    let store = engine.open().await;
    insert(&store, "a").await;
    let page = settled(&store, FeedCursor::START, 100).await;
    for title in ["b", "c"] {
        let store = engine.open().await;
        insert(&store, title).await;
        store.close().await;
    }
    let store = engine.open().await;
    settled(&store, FeedCursor::START, 100).await;
    let tail = store.changes(&NOTES, &page.cursor, Some(&page.heard()), 100).await.unwrap();
    assert_eq!(ids(&tail), [2, 3]);
    assert_ne!(tail.run, page.run);
}

pub(crate) async fn a_reader_beside_many_writers_misses_nothing(engine: Engine) {
    let store = Arc::new(engine.open().await);
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for count in 0..40 {
                    let id = insert(&store, &format!("{writer} {count}")).await;
                    rename(&store, id, &format!("{writer} {count} again")).await;
                }
            })
        })
        .collect();
    let mut seen = BTreeMap::new();
    let mut cursor = FeedCursor::START;
    let read = async |cursor: &mut FeedCursor, seen: &mut BTreeMap<u64, u64>| {
        let page = changes(&store, &*cursor, 16).await;
        for row in page.rows() {
            let rev = seen.entry(row.key.to_number().unwrap()).or_default();
            *rev = row.rev.max(*rev);
        }
        *cursor = page.cursor.clone();
        page
    };
    while writers.iter().any(|writer| !writer.is_finished()) {
        read(&mut cursor, &mut seen).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let latest = ownership(&store).await.position;
    until(async || read(&mut cursor, &mut seen).await.covered >= latest).await;
    assert_eq!(seen.len(), 320);
    assert!(seen.values().all(|rev| *rev == 2), "{seen:?}");
}
