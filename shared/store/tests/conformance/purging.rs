//! Deleted rows, and for how long they are kept.

use std::time::Duration;

use store::{FeedCursor, MIN_TOMBSTONE_AGE, MoveError};

use crate::engine::Engine;
use crate::moving::{catch_up, changes, delete, follow, insert, ownership, rows, until};
use crate::record::NOTES;

/// Makes the deleted rows a week and a second older.
const AGE: &str = "UPDATE notes SET updated_at = updated_at - 604801000 WHERE deleted";

pub(crate) async fn a_tombstone_stays_until_it_is_old_and_every_follower_has_passed_it(
    engine: Engine,
) {
    let store = engine.open().await;
    for title in ["a", "b", "c"] {
        insert(&store, title).await;
    }
    delete(&store, 1).await;
    store.passed(&NOTES, "early", ownership(&store).await.position + 1).await.unwrap();
    store.passed(&NOTES, "late", 1).await.unwrap();
    let purge = async |age| store.purge_tombstones(&NOTES, age).await.unwrap();
    assert_eq!(purge(Duration::ZERO).await, 0, "it is too young, whatever is asked for");
    engine.execute(AGE).await;
    assert_eq!(purge(Duration::ZERO).await, 0, "a follower has not passed it");
    store.forget(&NOTES, "late").await.unwrap();
    assert_eq!(purge(MIN_TOMBSTONE_AGE * 2).await, 0);
    assert_eq!(purge(Duration::ZERO).await, 1);
    assert_eq!(purge(Duration::ZERO).await, 0);
    assert_eq!(rows(&store).await.len(), 2, "living rows stay");
    assert_eq!(insert(&store, "d").await, 4);
}

pub(crate) async fn who_missed_a_purge_is_told(engine: Engine) {
    let store = engine.open().await;
    for title in ["a", "b", "c"] {
        insert(&store, title).await;
    }
    let latest = ownership(&store).await.position;
    let all = || changes(&store, FeedCursor::START, 100);
    until(async || all().await.covered >= latest).await;
    let before = all().await;
    delete(&store, 2).await;
    let latest = ownership(&store).await.position;
    until(async || all().await.covered >= latest).await;
    let after = all().await;
    engine.execute(AGE).await;
    assert_eq!(store.purge_tombstones(&NOTES, Duration::ZERO).await.unwrap(), 1);
    for run in [Some(before.run.as_str()), None] {
        let missed = store.changes(&NOTES, &before.cursor, run, 100).await;
        assert!(matches!(missed, Err(MoveError::Purged { .. })), "{missed:?}");
    }
    let passed = store.changes(&NOTES, &after.cursor, Some(&after.heard()), 100).await;
    assert!(passed.is_ok(), "{passed:?}");
    // A follower that begins now needs no tombstone, on any page of its copy.
    insert(&store, "d").await;
    let copy = engine.another().await.open().await;
    follow(&copy, &store).await;
    catch_up(&copy, &store, 1).await;
    assert_eq!(rows(&copy).await, rows(&store).await);
}

pub(crate) async fn followers_are_noted_and_forgotten(engine: Engine) {
    let store = engine.open().await;
    store.passed(&NOTES, "one", 5).await.unwrap();
    // Not written: it is less than a second ago.
    store.passed(&NOTES, "one", 6).await.unwrap();
    store.passed(&NOTES, "two", 7).await.unwrap();
    let found = store.followers(&NOTES).await.unwrap();
    let found: Vec<_> = found.iter().map(|seen| (seen.store.as_str(), seen.position)).collect();
    assert_eq!(found, [("one", 5), ("two", 7)]);
    until(async || {
        store.passed(&NOTES, "one", 8).await.unwrap();
        store.followers(&NOTES).await.unwrap()[0].position == 8
    })
    .await;
    store.forget(&NOTES, "one").await.unwrap();
    assert_eq!(store.followers(&NOTES).await.unwrap().len(), 1);
}
