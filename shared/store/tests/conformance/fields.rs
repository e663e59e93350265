//! A collection whose description changes while its database stays.

use std::sync::Arc;

use models::{Alphabet, Cell, Collection, Field, View};
use store::{Database, OpenError, Order, PageQuery, Precondition, Store};

use crate::engine::Engine;
use crate::moving::{catch_up, changes, follow};
use crate::record::{NOTES, note};

/// Notes with these fields too.
fn with(fields: impl IntoIterator<Item = Field>) -> Arc<Collection> {
    let mut notes = Collection::clone(&NOTES);
    notes.fields.extend(fields);
    Arc::new(notes)
}

fn richer() -> Arc<Collection> {
    with([
        Field::text("body", 0..=100, Alphabet::Lines).optional(),
        Field::boolean("isPinned").optional(),
        Field::integer("stars", -5..=5).optional(),
    ])
}

/// A note of the richer kind.
fn rich(title: &str, body: &str, pinned: bool, stars: i64) -> Vec<Cell> {
    let more = [Cell::Text(body.into()), Cell::Boolean(pinned), Cell::Integer(stars)];
    note(title, 1).into_iter().chain(more).collect()
}

async fn try_open(engine: &Engine, notes: &Arc<Collection>) -> Result<Store, OpenError> {
    let database: Database = engine.url().parse().unwrap();
    Store::open(&database, &[Arc::clone(notes)], 4).await
}

pub(crate) async fn a_field_that_is_added_gets_its_column(engine: Engine) {
    let old = engine.open().await;
    let id = old.insert(&NOTES, note("old", 1), None).await.unwrap().id;
    let notes = richer();
    let store = try_open(&engine, &notes).await.unwrap();
    let row = store.get(&notes, id).await.unwrap().unwrap();
    assert_eq!((row.rev, row.cells), (1, rich("old", "", false, 0)));
    let full = rich("new", "text", true, -5);
    let new = store.insert(&notes, full.clone(), None).await.unwrap().id;
    assert_eq!(store.get(&notes, new).await.unwrap().unwrap().cells, full);
    let change = Box::new(|_: &[Cell]| Ok(rich("old", "changed", true, 1)));
    store.update(&notes, id, Precondition::default(), change).await.unwrap();
    let shown = store.show(&notes, id, View::Basic).await.unwrap().unwrap().body;
    let json = r#"{"id":1,"title":"old","createdBy":1,"body":"changed","isPinned":true,"stars":1}"#;
    assert_eq!(String::from_utf8(shown).unwrap(), json);
    // A program that does not know the fields goes on beside it.
    let beside = old.insert(&NOTES, note("beside", 1), None).await.unwrap().id;
    assert_eq!(
        store.get(&notes, beside).await.unwrap().unwrap().cells,
        rich("beside", "", false, 0)
    );
    drop(store);
    let store = try_open(&engine, &notes).await.unwrap();
    assert_eq!(store.get(&notes, new).await.unwrap().unwrap().cells, full);
}

pub(crate) async fn a_row_of_a_source_without_the_field_has_it_empty(engine: Engine) {
    let source = engine.open().await;
    source.insert(&NOTES, note("a", 1), None).await.unwrap();
    source.insert(&NOTES, note("gone", 1), None).await.unwrap();
    source.delete(&NOTES, 2, Precondition::default()).await.unwrap();
    let (notes, other) = (richer(), engine.another().await);
    let copy = try_open(&other, &notes).await.unwrap();
    follow(&copy, &source).await;
    catch_up(&copy, &source, 100).await;
    let row = copy.get(&notes, 1).await.unwrap().unwrap();
    assert_eq!(row.cells, rich("a", "", false, 0));
    // A field that has no empty value must come with each row.
    let strict = with([Field::text("body", 1..=9, Alphabet::Lines)]);
    let copy = try_open(&engine.another().await, &strict).await.unwrap();
    follow(&copy, &source).await;
    let page = changes(&source, store::FeedCursor::START, 100).await;
    let refused = copy.apply(&strict, store::FeedCursor::START, Arc::new(page)).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("row 1") && refused.contains("`body`"), "{refused}");
}

pub(crate) async fn a_field_that_rows_have_no_value_for_is_refused(engine: Engine) {
    let store = engine.open().await;
    store.insert(&NOTES, note("a", 1), None).await.unwrap();
    let optional = Field::boolean("isPinned").optional();
    for field in [Field::text("body", 1..=9, Alphabet::Lines), Field::time("at")] {
        let error = try_open(&engine, &with([optional.clone(), field.clone()])).await.unwrap_err();
        assert!(matches!(error, OpenError::Collection { .. }), "{error}");
        let error = error.to_string();
        assert!(error.contains("`notes`") && error.contains(&*field.name), "{error}");
    }
    // Nothing was changed, and the old description is still served.
    engine.execute("ALTER TABLE notes ADD COLUMN is_pinned INTEGER").await;
    assert_eq!(engine.open().await.get(&NOTES, 1).await.unwrap().unwrap().cells, note("a", 1));
}

pub(crate) async fn a_list_that_is_added_gets_its_index(engine: Engine) {
    let mut plain = Collection::clone(&NOTES);
    plain.fields[1].filter = None;
    let plain = Arc::new(plain);
    let store = try_open(&engine, &plain).await.unwrap();
    store.insert(&plain, note("a", 7), None).await.unwrap();
    let store = engine.open().await;
    let (filter, order) = (Some((0, 7)), Order::Ascending);
    let query = PageQuery { filter, cursor: None, until: None, order, limit: 10 };
    let page = store.page(&NOTES, query, View::Basic).await.unwrap();
    assert_eq!(page.body, br#"[{"id":1,"title":"a","createdBy":7}]"#);
}

pub(crate) async fn a_field_that_becomes_unique_is_refused(engine: Engine) {
    let mut plain = Collection::clone(&NOTES);
    plain.fields[0].unique = false;
    let store = try_open(&engine, &Arc::new(plain)).await.unwrap();
    drop(store);
    let error = engine.try_open().await.unwrap_err().to_string();
    assert!(error.contains("`title`") && error.contains("unique"), "{error}");
}

pub(crate) async fn programs_that_add_a_field_at_once_do_it_once(engine: Engine) {
    drop(engine.open().await);
    let engine = Arc::new(engine);
    let open = || {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move { try_open(&engine, &richer()).await.unwrap() })
    };
    let notes = richer();
    for (number, store) in [open(), open(), open()].into_iter().enumerate() {
        let store = store.await.unwrap();
        let title = number.to_string();
        let id = store.insert(&notes, rich(&title, "x", true, 1), None).await.unwrap().id;
        assert_eq!(store.get(&notes, id).await.unwrap().unwrap().cells, rich(&title, "x", true, 1));
    }
}

/// Every type of field goes through a store, a feed and another store as it is.
pub(crate) async fn every_type_of_field_is_kept_and_copied(engine: Engine) {
    let more = [
        Field::time("seenAt"),
        Field::boolean("isPinned"),
        Field::integer("n", i64::MIN..=i64::MAX),
    ];
    let notes = with(more);
    let store = try_open(&engine, &notes).await.unwrap();
    let sent = serde_json::json!({
        "title": "a", "createdBy": 1, "seenAt": "2025-10-09T08:53:20.001Z", "isPinned": true, "n": i64::MIN,
    });
    let cells = notes.whole(notes.draft(&sent).unwrap()).unwrap();
    let created = store.insert(&notes, cells.clone(), None).await.unwrap();
    let shown: serde_json::Value = serde_json::from_str(&created.answer).unwrap();
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&shown[name], value);
    }
    let copy = try_open(&engine.another().await, &notes).await.unwrap();
    follow(&copy, &store).await;
    catch_up(&copy, &store, 100).await;
    assert_eq!(copy.get(&notes, 1).await.unwrap(), store.get(&notes, 1).await.unwrap());
    let hash = async |store: &Store| store.digest(&notes, None, None, 9).await.unwrap().hash;
    assert_eq!(hash(&copy).await, hash(&store).await);
}
