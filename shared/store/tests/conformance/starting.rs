//! What only PostgreSQL has: programs that start beside others on the same database.

use std::sync::Arc;

use models::Cell;
use store::{Database, Precondition, Store};

use crate::engine::Engine;
use crate::horizon::Session;
use crate::moving::{insert, until};
use crate::record::{NOTES, note};

/// How many wait for an advisory lock of this database.
const WAITING: &str = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
/// The lock that the only write now shares.
const SHARED: &str = "SELECT coalesce(max((classid::bigint << 32) | objid::bigint), 0) FROM pg_locks \
     WHERE granted AND locktype = 'advisory' AND mode = 'ShareLock' \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The number of the lock that each write of the collection shares.
async fn lock_of_writes(engine: &Engine, store: &Arc<Store>) -> i64 {
    let id = insert(store, "a").await;
    let blocker = Session::of(engine).await;
    blocker.run(&format!("BEGIN; SELECT 1 FROM notes WHERE id = {id} FOR UPDATE")).await;
    let store = Arc::clone(store);
    let write = tokio::spawn(async move {
        let change = Box::new(|_: &[Cell]| Ok(note("b", 1)));
        store.update(&NOTES, id, Precondition::default(), change).await.unwrap();
    });
    let looks = Session::of(engine).await;
    until(async || looks.number(SHARED).await != 0).await;
    let number = looks.number(SHARED).await;
    blocker.run("COMMIT").await;
    write.await.unwrap();
    blocker.end().await;
    looks.end().await;
    number
}

/// As of a program that was lost in the middle of a write, until the server ends its session.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_start_asks_again_until_a_write_that_stays_open_has_ended() {
    let engine = Engine::postgres().await;
    let engine = Arc::new(engine);
    let store = Arc::new(engine.open().await);
    let number = lock_of_writes(&engine, &store).await;
    let (lost, looks) = (Session::of(&engine).await, Session::of(&engine).await);
    lost.run(&format!("BEGIN; SELECT pg_advisory_xact_lock_shared({number})")).await;
    let second = {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move { engine.open().await })
    };
    for waiting in [1, 0, 1] {
        until(async || {
            assert!(!second.is_finished(), "it gave up");
            looks.number(WAITING).await == waiting
        })
        .await;
    }
    lost.run("COMMIT").await;
    second.await.unwrap();
    lost.end().await;
    looks.end().await;
}

/// While a start keeps writes out, it must not be able to do so for good.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_start_that_falls_silent_while_it_keeps_writes_out_is_ended_soon() {
    let engine = Engine::postgres().await;
    drop(engine.open().await);
    engine
        .execute(
            "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF current_setting('idle_in_transaction_session_timeout') <> '5s' \
             OR current_setting('statement_timeout') <> '10s' THEN \
             RAISE EXCEPTION 'it may keep writes out for good'; END IF; RETURN NEW; END $$; \
             CREATE TRIGGER look BEFORE INSERT ON banyan_runs FOR EACH ROW EXECUTE FUNCTION look()",
        )
        .await;
    engine.open().await.insert(&NOTES, note("a", 1), None).await.unwrap();
}

/// The server has room for one connection less than it needs to begin with.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_start_waits_until_the_server_has_room_for_it() {
    let engine = Engine::postgres().await;
    let role = format!("full_{}", std::process::id());
    let admin = Session::of(&engine).await;
    admin.run(&format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")).await;
    admin.run(&format!("GRANT ALL ON SCHEMA public TO {role}")).await;
    let url = engine.url().replacen("postgres@", &format!("{role}@"), 1);
    let database: Database = url.parse().unwrap();
    let notes = [Arc::clone(&NOTES)];
    let start = Store::open(&database, &notes, 2);
    let room = async {
        admin.run("SELECT pg_sleep(0.3)").await;
        admin.run(&format!("ALTER ROLE {role} CONNECTION LIMIT 4")).await;
    };
    let (store, ()) = tokio::join!(start, room);
    store.unwrap().close().await;
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'; \
         REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"
    );
    admin.run(&end).await;
    admin.end().await;
}
