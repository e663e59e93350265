//! Opening and closing.

use std::sync::Arc;

use store::{OpenError, StoreError};

use crate::engine::Engine;
use crate::record::{Notes, note};

pub(crate) async fn rows_outlive_the_program(engine: Engine) {
    let store = engine.open().await;
    let id = store.insert::<Notes>(note("kept", 1), None).await.unwrap().id;
    store.close().await;
    drop(store);
    let store = engine.open().await;
    assert_eq!(store.get::<Notes>(id).await.unwrap().unwrap().content, note("kept", 1));
}

pub(crate) async fn a_newer_schema_is_refused_and_left_alone(engine: Engine) {
    drop(engine.open().await);
    engine.execute("UPDATE banyan_schema SET version = 99").await;
    let error = engine.try_open().await.unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("`notes`") && error.to_string().contains("99"), "{error}");
    engine.execute("UPDATE banyan_schema SET version = 1 WHERE version = 99").await;
    drop(engine.open().await);
}

pub(crate) async fn somebody_elses_table_is_refused_and_left_alone(engine: Engine) {
    engine.execute("CREATE TABLE notes (mine TEXT)").await;
    let error = engine.try_open().await.unwrap_err();
    assert!(matches!(error, OpenError::Schema { .. }), "{error}");
    engine.execute("INSERT INTO notes (mine) VALUES ('still here')").await;
    // Nothing of the attempt is left.
    engine.execute("CREATE TABLE banyan_schema (mine TEXT)").await;
}

pub(crate) async fn two_programs_can_start_at_once(engine: Engine) {
    let engine = Arc::new(engine);
    let open = || {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move { engine.open().await })
    };
    let (one, two) = (open(), open());
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    let id = one.insert::<Notes>(note("from one", 1), None).await.unwrap().id;
    assert!(two.get::<Notes>(id).await.unwrap().is_some());
    assert!(two.insert::<Notes>(note("from two", 1), None).await.unwrap().id > id);
}

pub(crate) async fn a_closed_store_refuses_writes(engine: Engine) {
    let store = engine.open().await;
    store.ping().await.unwrap();
    store.close().await;
    let refused = store.insert::<Notes>(note("late", 1), None).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(store.ping().await.is_err());
}
