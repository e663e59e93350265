//! A connection to PostgreSQL that breaks in the middle of a write.

use std::sync::Arc;

use harness::{Cut, Line};
use models::Cell;
use store::{Database, Idempotency, Precondition, Store, StoreError};

use crate::record::{NOTES, note};

/// A store behind a line that can be cut, and the same one without it.
async fn stores(line: &Line, database: &str) -> (Store, Store) {
    let open = async |url: &str| {
        let database: Database = url.parse().unwrap();
        Store::open(&database, &[Arc::clone(&NOTES)], 2).await.unwrap()
    };
    (open(line.url()).await, open(database).await)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_commit_whose_answer_is_lost_has_an_unknown_outcome() {
    let database = harness::postgres().await;
    let line = Line::to(database.url()).await;
    let (cut, sound) = stores(&line, database.url()).await;
    let id = sound.insert(&NOTES, note("there", 1), None).await.unwrap().id;
    for (when, stored) in [(Cut::Unheard, false), (Cut::Unanswered, true)] {
        let text = format!("{when:?}");
        line.cut(when, "COMMIT\0");
        let lost = cut.insert(&NOTES, note(&text, 1), None).await;
        assert!(matches!(lost, Err(StoreError::OutcomeUnknown(_))), "{when:?}: {lost:?}");
        assert_eq!(has(&sound, &text, id).await, stored, "{when:?}");

        line.cut(when, "COMMIT\0");
        let next = note(&format!("changed, {text}"), 1);
        let change = {
            let next = next.clone();
            Box::new(move |_: &[Cell]| Ok(next))
        };
        let lost = cut.update(&NOTES, id, Precondition::default(), change).await;
        assert!(matches!(lost, Err(StoreError::OutcomeUnknown(_))), "{when:?}: {lost:?}");
        let row = sound.get(&NOTES, id).await.unwrap().unwrap();
        assert_eq!(row.cells == next, stored, "{when:?}");

        line.cut(when, "COMMIT\0");
        let lost = cut.delete(&NOTES, id, Precondition::default()).await;
        assert!(matches!(lost, Err(StoreError::OutcomeUnknown(_))), "{when:?}: {lost:?}");
        assert_eq!(sound.get(&NOTES, id).await.unwrap().is_none(), stored, "{when:?}");
    }
}

/// Whether one of the next rows has this title.
async fn has(store: &Store, title: &str, after: u64) -> bool {
    for id in after + 1..after + 4 {
        let row = store.get(&NOTES, id).await.unwrap();
        if row.is_some_and(|row| row.cells == note(title, 1)) {
            return true;
        }
    }
    false
}

/// An insert is sent together with its commit, so what is lost of it is an unknown outcome from its first word on.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn an_insert_that_is_lost_with_its_commit_has_an_unknown_outcome() {
    let database = harness::postgres().await;
    let line = Line::to(database.url()).await;
    let (cut, _sound) = stores(&line, database.url()).await;
    for (when, words) in [
        (Cut::Unheard, "BEGIN"),
        (Cut::Unanswered, "BEGIN"),
        (Cut::Unheard, "the words"),
        (Cut::Unanswered, "the words"),
    ] {
        line.cut(when, words);
        let title = format!("the words, {words}, {when:?}");
        let lost = cut.insert(&NOTES, note(&title, 1), None).await;
        assert!(matches!(lost, Err(StoreError::OutcomeUnknown(_))), "{when:?} {words}: {lost:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_connection_that_is_lost_before_the_commit_stored_nothing() {
    let database = harness::postgres().await;
    let line = Line::to(database.url()).await;
    let (cut, sound) = stores(&line, database.url()).await;
    for when in [Cut::Unheard, Cut::Unanswered] {
        line.cut(when, "the words");
        let key = Idempotency { key: format!("{when:?}"), fingerprint: "1".into() };
        let lost = cut.insert(&NOTES, note("the words", 1), Some(key)).await;
        assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{when:?}: {lost:?}");
    }
    let id = sound.insert(&NOTES, note("the words", 1), None).await.unwrap().id;
    for earlier in 1..id {
        assert!(sound.get(&NOTES, earlier).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_key_that_is_sent_again_after_a_lost_commit_stores_one_row() {
    let database = harness::postgres().await;
    let line = Line::to(database.url()).await;
    let (cut, _sound) = stores(&line, database.url()).await;
    for (when, replayed) in [(Cut::Unheard, false), (Cut::Unanswered, true)] {
        let text = format!("{when:?}");
        let key = || Some(Idempotency { key: text.clone(), fingerprint: "1".into() });
        line.cut(when, "COMMIT\0");
        let lost = cut.insert(&NOTES, note(&text, 1), key()).await;
        assert!(matches!(lost, Err(StoreError::OutcomeUnknown(_))), "{when:?}: {lost:?}");
        let again = cut.insert(&NOTES, note(&text, 1), key()).await.unwrap();
        assert_eq!(again.replayed, replayed, "{when:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_step_of_a_move_whose_commit_is_lost_has_an_unknown_outcome() {
    let database = harness::postgres().await;
    let line = Line::to(database.url()).await;
    let (cut, sound) = stores(&line, database.url()).await;
    line.cut(Cut::Unanswered, "COMMIT\0");
    let lost = cut.fence(&NOTES, "a", 1, std::time::Duration::from_secs(2)).await;
    let unknown = matches!(lost, Err(store::MoveError::Store(StoreError::OutcomeUnknown(_))));
    assert!(unknown, "{lost:?}");
    assert!(sound.ownership(&NOTES).await.unwrap().fence.is_some());
}
