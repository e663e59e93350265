//! Rows: reading, writing, paging.

use std::collections::BTreeSet;
use std::sync::Arc;

use models::{Cell, FieldErrors, View};
use serde_json::Value;
use store::{
    Cursor, Idempotency, MAX_PAGE_BYTES, Order, PageQuery, Precondition, Store, StoreError,
};

use crate::engine::Engine;
use crate::record::{NOTES, note, renamed, title};

async fn insert(store: &Store, title: &str) -> u64 {
    store.insert(&NOTES, note(title, 1), None).await.unwrap().id
}

async fn rename(store: &Store, id: u64, title: &str) -> Result<store::Row, StoreError> {
    store.update(&NOTES, id, Precondition::default(), renamed(title)).await
}

fn query(cursor: Option<Cursor>, order: Order, limit: usize) -> PageQuery {
    PageQuery { filter: None, cursor, until: None, order, limit }
}

/// A page, read as a client reads it.
struct Page {
    rows: Vec<Value>,
    next: Option<u64>,
    prev: Option<u64>,
}

async fn page(store: &Store, query: PageQuery) -> Page {
    let page = store.page(&NOTES, query, View::Full).await.unwrap();
    let rows: Vec<Value> = serde_json::from_slice(&page.body).unwrap();
    assert_eq!(page.rows, rows.len());
    Page { rows, next: page.next, prev: page.prev }
}

fn ids(page: &Page) -> Vec<u64> {
    page.rows.iter().map(|row| row["id"].as_u64().unwrap()).collect()
}

pub(crate) async fn a_row_is_read_as_it_was_written(engine: Engine) {
    let store = engine.open().await;
    let created = store.insert(&NOTES, note("Größe\n😀", 7), None).await.unwrap();
    let row = store.get(&NOTES, created.id).await.unwrap().unwrap();
    assert_eq!((row.id, row.rev), (created.id, 1));
    assert_eq!(row.cells, note("Größe\n😀", 7));
    assert_eq!(row.created_at, row.updated_at);
    assert_eq!(created.answer.as_bytes(), row.json(&NOTES, View::Full));
    for view in [View::Basic, View::Full] {
        let shown = store.show(&NOTES, created.id, view).await.unwrap().unwrap();
        assert_eq!((shown.rev, shown.body), (1, row.json(&NOTES, view)));
    }
    assert!(!created.replayed);
    for unknown in [0, created.id + 1, models::MAX_ID] {
        assert!(store.get(&NOTES, unknown).await.unwrap().is_none());
    }
}

pub(crate) async fn an_update_counts_the_rev_and_keeps_what_it_must(engine: Engine) {
    let store = engine.open().await;
    let id = insert(&store, "before").await;
    let before = store.get(&NOTES, id).await.unwrap().unwrap();
    let after = rename(&store, id, "after").await.unwrap();
    assert_eq!(after.cells, note("after", 1));
    assert_eq!((after.id, after.rev, after.created_at), (id, 2, before.created_at));
    assert!(after.updated_at >= before.updated_at);
    assert_eq!(store.get(&NOTES, id).await.unwrap().unwrap(), after);
    assert!(matches!(rename(&store, id + 1, "x").await, Err(StoreError::NotFound)));
}

pub(crate) async fn a_change_that_changes_nothing_leaves_the_row_alone(engine: Engine) {
    let store = engine.open().await;
    let id = insert(&store, "same").await;
    let before = store.get(&NOTES, id).await.unwrap();
    let after = rename(&store, id, "same").await.unwrap();
    assert_eq!(Some(&after), before.as_ref());
    assert_eq!(store.get(&NOTES, id).await.unwrap(), before);
}

pub(crate) async fn a_refused_change_stores_nothing(engine: Engine) {
    let store = engine.open().await;
    let id = insert(&store, "kept").await;
    let refusal = Box::new(|_: &[Cell]| {
        let mut errors = FieldErrors::default();
        errors.add("title", "is not to be changed");
        Err(errors)
    });
    let refused = store.update(&NOTES, id, Precondition::default(), refusal).await;
    assert!(matches!(refused, Err(StoreError::Invalid(errors)) if errors.0.len() == 1));
    assert_eq!(store.get(&NOTES, id).await.unwrap().unwrap().rev, 1);
    insert(&store, "the store goes on").await;
}

pub(crate) async fn a_delete_keeps_the_id_and_clears_the_content(engine: Engine) {
    let store = engine.open().await;
    let id = insert(&store, "secret").await;
    store.delete(&NOTES, id, Precondition::default()).await.unwrap();
    assert!(store.get(&NOTES, id).await.unwrap().is_none());
    assert!(page(&store, query(None, Order::Ascending, 10)).await.rows.is_empty());
    let again = store.delete(&NOTES, id, Precondition::default()).await;
    assert!(matches!(again, Err(StoreError::NotFound)));
    // The row is still there, with the next rev, and its content cannot be read.
    engine
        .execute(&format!(
            "CREATE TABLE seen (n INTEGER CHECK (n = 1)); INSERT INTO seen SELECT count(*) FROM \
             notes WHERE id = {id} AND rev = 2 AND deleted AND title = '' AND owner = 0"
        ))
        .await;
}

pub(crate) async fn a_row_of_another_author_is_left_alone(engine: Engine) {
    let store = engine.open().await;
    let id = store.insert(&NOTES, note("mine", 7), None).await.unwrap().id;
    let of = |author: u64| Precondition {
        author: Some((1, Cell::Id(author))),
        rev_in: Some(vec![1]),
        ..Precondition::default()
    };
    let late = Precondition { rev_in: Some(vec![9]), ..of(8) };
    let refusal = Box::new(|_: &[Cell]| Err(FieldErrors::default()));
    let refused = [
        store.update(&NOTES, id, of(8), renamed("theirs")).await.map(drop),
        store.update(&NOTES, id, late.clone(), refusal).await.map(drop),
        store.delete(&NOTES, id, of(8)).await,
        store.delete(&NOTES, id, late).await,
    ];
    for refused in refused {
        assert!(matches!(refused, Err(StoreError::OtherAuthor)), "{refused:?}");
    }
    assert_eq!(store.get(&NOTES, id).await.unwrap().unwrap().rev, 1);
    store.update(&NOTES, id, of(7), renamed("still mine")).await.unwrap();
    store.delete(&NOTES, id, Precondition { rev_in: None, ..of(7) }).await.unwrap();
}

pub(crate) async fn a_row_is_found_by_its_name_on_the_primary(engine: Engine) {
    let store = engine.open().await;
    let id = insert(&store, "Lich").await;
    let both = async |title: &str| {
        let primary = store.primary_named(&NOTES, title).await.unwrap();
        (store.named(&NOTES, title).await.unwrap(), primary)
    };
    assert_eq!(both("Lich").await, (Some(id), Some(Some(id))));
    for other in ["lich", "Lic", "Lich ", "", "' OR '1'='1", "Lich\0", "\0"] {
        assert_eq!(both(other).await, (None, Some(None)), "{other:?}");
    }
    store.delete(&NOTES, id, Precondition::default()).await.unwrap();
    assert_eq!(both("Lich").await, (None, Some(None)));
    let again = insert(&store, "Lich").await;
    assert_eq!(both("Lich").await, (Some(again), Some(Some(again))));
}

pub(crate) async fn an_id_is_never_given_twice(engine: Engine) {
    let store = engine.open().await;
    let id = insert(&store, "first").await;
    store.delete(&NOTES, id, Precondition::default()).await.unwrap();
    // Even once the tombstone is gone.
    engine.execute("DELETE FROM notes").await;
    assert!(insert(&store, "second").await > id);
}

pub(crate) async fn names_are_unique_without_regard_to_case(engine: Engine) {
    let store = engine.open().await;
    let id = insert(&store, "Lich").await;
    let taken = store.insert(&NOTES, note("lICH", 1), None).await;
    assert!(matches!(taken, Err(StoreError::Taken { field }) if field == "title"));
    let other = insert(&store, "other").await;
    assert!(matches!(rename(&store, other, "LICH").await, Err(StoreError::Taken { .. })));
    assert_eq!(title(&rename(&store, id, "LICH").await.unwrap().cells), "LICH");
    store.delete(&NOTES, id, Precondition::default()).await.unwrap();
    insert(&store, "lich").await;
}

pub(crate) async fn preconditions_are_checked_against_the_rev(engine: Engine) {
    let store = engine.open().await;
    let id = insert(&store, "a").await;
    let revs = |revs: &[u64]| Some(revs.to_vec());
    let refused = [
        Precondition { rev_in: revs(&[2, 3]), ..Precondition::default() },
        Precondition { rev_in: revs(&[]), ..Precondition::default() },
        Precondition { rev_not_in: revs(&[1]), ..Precondition::default() },
        Precondition { absent: true, ..Precondition::default() },
    ];
    for precondition in refused {
        let deleted = store.delete(&NOTES, id, precondition.clone()).await;
        assert!(matches!(deleted, Err(StoreError::PreconditionFailed)), "{precondition:?}");
        let change = Box::new(|present: &[Cell]| Ok(present.to_vec()));
        let changed = store.update(&NOTES, id, precondition, change).await;
        assert!(matches!(changed, Err(StoreError::PreconditionFailed)));
        let unknown = store.delete(&NOTES, id + 1, Precondition::default()).await;
        assert!(matches!(unknown, Err(StoreError::NotFound)));
    }
    let fits =
        Precondition { rev_in: revs(&[1]), rev_not_in: revs(&[2]), absent: false, author: None };
    store.delete(&NOTES, id, fits).await.unwrap();
}

/// Walks from one end to the other by the page's own edges.
async fn walk(store: &Store, order: Order, limit: usize, back: bool) -> Vec<Vec<u64>> {
    let mut cursor = back.then_some(match order {
        Order::Ascending => Cursor::Before(models::MAX_ID),
        Order::Descending => Cursor::Before(0),
    });
    let mut pages = Vec::new();
    loop {
        let page = page(store, query(cursor, order, limit)).await;
        pages.push(ids(&page));
        let edge = if back { page.prev.map(Cursor::Before) } else { page.next.map(Cursor::After) };
        let Some(edge) = edge else { return pages };
        cursor = Some(edge);
    }
}

pub(crate) async fn pages_meet_every_row_once_in_both_directions(engine: Engine) {
    let store = engine.open().await;
    for title in ["1", "2", "3", "4", "5", "6", "7"] {
        insert(&store, title).await;
    }
    for deleted in [1, 4] {
        store.delete(&NOTES, deleted, Precondition::default()).await.unwrap();
    }
    let (up, down) = (Order::Ascending, Order::Descending);
    assert_eq!(walk(&store, up, 2, false).await, [vec![2, 3], vec![5, 6], vec![7]]);
    assert_eq!(walk(&store, down, 2, false).await, [vec![7, 6], vec![5, 3], vec![2]]);
    assert_eq!(walk(&store, up, 2, true).await, [vec![6, 7], vec![3, 5], vec![2]]);
    assert_eq!(walk(&store, down, 2, true).await, [vec![3, 2], vec![6, 5], vec![7]]);
    assert_eq!(walk(&store, up, 5, false).await, [vec![2, 3, 5, 6, 7]]);

    let edges = async |cursor, order| {
        let page = page(&store, query(cursor, order, 2)).await;
        (ids(&page), page.prev, page.next)
    };
    use Cursor::{After, Before};
    assert_eq!(edges(None, up).await, (vec![2, 3], None, Some(3)));
    assert_eq!(edges(Some(After(3)), up).await, (vec![5, 6], Some(5), Some(6)));
    assert_eq!(edges(Some(After(6)), up).await, (vec![7], Some(7), None));
    // The first row is deleted: nothing lies before the page.
    assert_eq!(edges(Some(After(1)), up).await, (vec![2, 3], None, Some(3)));
    // Pages beside the list lead back to it.
    assert_eq!(edges(Some(After(9)), up).await, (vec![], Some(10), None));
    assert_eq!(edges(Some(Before(10)), up).await, (vec![6, 7], Some(6), None));
    assert_eq!(edges(Some(Before(2)), up).await, (vec![], None, Some(1)));
    assert_eq!(edges(Some(After(2)), down).await, (vec![], Some(1), None));
    assert_eq!(edges(Some(Before(9)), down).await, (vec![], None, Some(10)));
    assert_eq!(edges(Some(After(0)), down).await, (vec![], Some(0), None));
    assert_eq!(edges(Some(Before(0)), down).await, (vec![3, 2], Some(3), None));
    // A page between two ids ends there, and says so.
    let between = async |after, until, order, limit| {
        let cursor = Some(After(after));
        let page =
            page(&store, PageQuery { until: Some(until), ..query(cursor, order, limit) }).await;
        (ids(&page), page.prev, page.next)
    };
    assert_eq!(between(2, 6, up, 9).await, (vec![3, 5], None, None));
    assert_eq!(between(2, 6, up, 1).await, (vec![3], None, Some(3)));
    assert_eq!(between(7, 3, down, 9).await, (vec![6, 5], None, None));
    assert_eq!(between(3, 3, up, 9).await, (vec![], None, None));
    // Both ends of what can be asked for.
    let end = models::MAX_ID;
    assert_eq!(edges(Some(After(end)), up).await, (vec![], Some(end), None));
    assert_eq!(edges(Some(Before(end)), down).await, (vec![], None, Some(end)));
    assert_eq!(edges(Some(Before(0)), up).await, (vec![], None, Some(0)));
}

pub(crate) async fn pages_end_at_their_limit_in_bytes(engine: Engine) {
    let store = engine.open().await;
    let long = "x".repeat(MAX_PAGE_BYTES / 3);
    for count in 0..9 {
        let title = format!("{count}{long}");
        // The contents differ in their first character only; the index holds them all the same.
        engine.execute("DROP INDEX IF EXISTS notes_title").await;
        store.insert(&NOTES, note(&title, 1), None).await.unwrap();
    }
    let first = page(&store, query(None, Order::Ascending, 100)).await;
    assert!((3..=5).contains(&first.rows.len()), "{} rows", first.rows.len());
    let pages = walk(&store, Order::Ascending, 100, false).await;
    assert_eq!(pages.concat(), (1..=9).collect::<Vec<_>>());
}

pub(crate) async fn a_filter_lists_only_its_rows(engine: Engine) {
    let store = engine.open().await;
    for (title, owner) in [("a", 1), ("b", 2), ("c", 1), ("d", 2), ("e", 1)] {
        store.insert(&NOTES, note(title, owner), None).await.unwrap();
    }
    store.delete(&NOTES, 3, Precondition::default()).await.unwrap();
    let filtered = async |owner, cursor, order| {
        let filter = Some((0, owner));
        ids(&page(&store, PageQuery { filter, cursor, until: None, order, limit: 10 }).await)
    };
    assert_eq!(filtered(1, None, Order::Ascending).await, [1, 5]);
    assert_eq!(filtered(2, None, Order::Descending).await, [4, 2]);
    assert_eq!(filtered(1, Some(Cursor::After(1)), Order::Ascending).await, [5]);
    assert_eq!(filtered(1, Some(Cursor::Before(5)), Order::Ascending).await, [1]);
    assert!(filtered(9, None, Order::Ascending).await.is_empty());
}

pub(crate) async fn a_walk_misses_no_row_while_others_write(engine: Engine) {
    let store = Arc::new(engine.open().await);
    for count in 0..200 {
        insert(&store, &format!("before {count}")).await;
    }
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for count in 0..200 {
                let id = insert(&store, &format!("during {count}")).await;
                rename(&store, id - 150, &format!("renamed {count}")).await.unwrap();
            }
        })
    };
    while !writer.is_finished() {
        for back in [false, true] {
            let met = walk(&store, Order::Ascending, 7, back).await.concat();
            let distinct: BTreeSet<_> = met.iter().copied().collect();
            assert_eq!(distinct.len(), met.len(), "no row is met twice");
            assert!((1..=200).all(|id| distinct.contains(&id)), "no row is missed");
        }
    }
    writer.await.unwrap();
}

fn key(key: &str, fingerprint: &str) -> Option<Idempotency> {
    Some(Idempotency { key: key.into(), fingerprint: fingerprint.into() })
}

pub(crate) async fn a_repeated_key_gives_the_first_answer_again(engine: Engine) {
    let store = engine.open().await;
    let first = store.insert(&NOTES, note("a", 1), key("k", "a")).await.unwrap();
    rename(&store, first.id, "changed since").await.unwrap();
    let again = store.insert(&NOTES, note("a", 1), key("k", "a")).await.unwrap();
    assert!(again.replayed);
    assert_eq!((again.id, &again.answer), (first.id, &first.answer));
    let found = store.first_answer(&NOTES, &key("k", "a").unwrap()).await.unwrap();
    assert_eq!(found, Some(again));
    let reused = store.insert(&NOTES, note("b", 1), key("k", "b")).await;
    assert!(matches!(reused, Err(StoreError::KeyReused)));
    assert_eq!(store.first_answer(&NOTES, &key("l", "a").unwrap()).await.unwrap(), None);
    // A key whose insert failed was not used.
    let taken = store.insert(&NOTES, note("changed since", 1), key("m", "c")).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })));
    assert!(!store.insert(&NOTES, note("d", 1), key("m", "d")).await.unwrap().replayed);
}

pub(crate) async fn a_key_sent_many_times_at_once_stores_one_row(engine: Engine) {
    let store = Arc::new(engine.open().await);
    for round in 0..10 {
        let sent = format!("key {round}");
        let inserts = (0..8).map(|_| {
            let (store, sent) = (Arc::clone(&store), sent.clone());
            tokio::spawn(async move {
                store.insert(&NOTES, note(&sent, 1), key(&sent, "same")).await.unwrap()
            })
        });
        let mut answers = Vec::new();
        for insert in inserts.collect::<Vec<_>>() {
            answers.push(insert.await.unwrap());
        }
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
        assert!(answers.iter().all(|answer| answer.answer == answers[0].answer));
    }
    assert_eq!(page(&store, query(None, Order::Ascending, 100)).await.rows.len(), 10);
}

pub(crate) async fn a_key_is_forgotten_after_a_day(engine: Engine) {
    let store = engine.open().await;
    store.insert(&NOTES, note("old", 1), key("old", "x")).await.unwrap();
    store.insert(&NOTES, note("k", 1), key("k", "x")).await.unwrap();
    engine.execute("UPDATE notes_idempotency SET created_at = created_at - 86400001").await;
    let again = store.insert(&NOTES, note("k2", 1), key("k", "y")).await.unwrap();
    assert!(!again.replayed);
    // The other expired key went with it.
    engine
        .execute(
            "CREATE TABLE seen (n INTEGER CHECK (n = 1)); INSERT INTO seen SELECT count(*) FROM \
             notes_idempotency",
        )
        .await;
}

pub(crate) async fn seeding_fills_an_empty_store_only(engine: Engine) {
    let store = engine.open().await;
    let demo = || vec![note("a", 1), note("b", 1)];
    assert!(store.seed(&NOTES, demo()).await.unwrap());
    assert!(!store.seed(&NOTES, demo()).await.unwrap());
    for id in [1, 2] {
        store.delete(&NOTES, id, Precondition::default()).await.unwrap();
    }
    assert!(!store.seed(&NOTES, demo()).await.unwrap(), "deleted rows are rows");
}

pub(crate) async fn many_writers_lose_nothing(engine: Engine) {
    let store = Arc::new(engine.open().await);
    let writers = (0..32).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut written = Vec::new();
            for count in 0..10 {
                let title = format!("{writer} {count}");
                // Every third write fails and must not take its neighbours along.
                let doomed = store.insert(&NOTES, note("taken", 1), None).await;
                assert!(matches!(doomed, Err(StoreError::Taken { .. })));
                written.push((insert(&store, &title).await, title));
            }
            written
        })
    });
    insert(&store, "taken").await;
    let mut written = BTreeSet::new();
    for writer in writers.collect::<Vec<_>>() {
        written.extend(writer.await.unwrap());
    }
    assert_eq!(written.len(), 320);
    for (id, title) in written {
        assert_eq!(store.get(&NOTES, id).await.unwrap().unwrap().cells, note(&title, 1));
    }
}
