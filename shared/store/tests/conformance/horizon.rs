//! What only PostgreSQL has: transactions that commit in another order than they are numbered in.

use std::sync::Arc;

use models::Content;
use store::{
    BlockingTransaction, Changes, Entry, FeedCursor, MAX_FEED_BYTES, MoveError, Store, StoreError,
};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

use crate::engine::Engine;
use crate::moving::{FENCE, catch_up, changes, follow, insert, ownership, rename, rows, until};
use crate::record::{self, NOTES, note, renamed};

/// A session beside the store's.
pub(crate) struct Session {
    client: Client,
    connection: JoinHandle<Result<(), tokio_postgres::Error>>,
}

impl Session {
    pub(crate) async fn of(engine: &Engine) -> Self {
        let (client, connection) = tokio_postgres::connect(&engine.url(), NoTls).await.unwrap();
        Self { client, connection: tokio::spawn(connection) }
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub(crate) async fn end(self) {
        drop(self.client);
        self.connection.await.unwrap().unwrap();
    }
}

fn ids(page: &Changes<Content>) -> Vec<u64> {
    let id = |entry: &Entry<Content>| match entry {
        Entry::Row(row) => row.key.to_number().unwrap(),
        Entry::Heartbeat { .. } | Entry::Handover(_) => 0,
    };
    page.entries.iter().map(id).collect()
}

/// A transaction takes its number, another one takes a later number and commits, and only then the first
/// one commits. Beside it, what becomes of a reader that goes by a sequence.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_late_commit_is_not_stepped_over() {
    let engine = Engine::postgres().await;
    let store = engine.open().await;
    let (late, early) = (Session::of(&engine).await, Session::of(&engine).await);
    early.run("CREATE TABLE plain (place BIGSERIAL, name TEXT)").await;
    let start = changes(&store, FeedCursor::START, 100).await.cursor;

    let write = "INSERT INTO notes (rev, created_at, updated_at, title, owner) VALUES (1, 0, 0,";
    late.run(&format!("BEGIN; {write} 'late', 1)")).await;
    late.run("INSERT INTO plain (name) VALUES ('late')").await;
    early.run(&format!("{write} 'early', 1)")).await;
    early.run("INSERT INTO plain (name) VALUES ('early')").await;

    let before = changes(&store, &start, 100).await;
    let last = early.number("SELECT max(place) FROM plain").await;
    late.run("COMMIT").await;
    let next = format!("SELECT count(*) FROM plain WHERE place > {last}");
    assert_eq!(early.number(&next).await, 0, "a reader of a sequence never sees the late one");

    let mut cursor = before.cursor.clone();
    let mut met = ids(&before);
    until(async || {
        let page = changes(&store, &cursor, 100).await;
        met.extend(ids(&page));
        cursor = page.cursor;
        page.covered >= page.latest
    })
    .await;
    met.sort_unstable();
    met.dedup();
    assert_eq!(met, [1, 2], "the feed gives both");
    late.end().await;
    early.end().await;
}

/// A row is changed before the horizon and again behind it. A page that says that it covers the first
/// change must hold the row.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_change_that_a_later_one_hides_is_covered_only_with_it() {
    let engine = Engine::postgres().await;
    let store = engine.open().await;
    let id = insert(&store, "a").await;
    let latest = ownership(&store).await.position;
    until(async || changes(&store, FeedCursor::START, 100).await.covered >= latest).await;
    let start = changes(&store, FeedCursor::START, 100).await.cursor;

    rename(&store, id, "first").await;
    let first = store.position(&NOTES).at;
    let running = Session::of(&engine).await;
    running.run("BEGIN; CREATE TABLE other (n INT)").await;
    rename(&store, id, "second").await;
    let mut cursor = start.clone();
    let mut title = String::new();
    let mut covered = 0;
    until(async || {
        let page = changes(&store, &cursor, 100).await;
        for entry in &page.entries {
            if let Entry::Row(row) = entry {
                let cells = NOTES.content(row.content.as_ref().unwrap().json()).unwrap();
                title = record::title(&cells).to_owned();
            }
        }
        cursor = page.cursor.clone();
        covered = page.covered.max(covered);
        assert!(covered < first || title == "second", "{page:?}");
        covered >= first
    })
    .await;
    // If there is no room for what lies behind the horizon, nothing is promised.
    for count in 0..5 {
        insert(&store, &format!("{count}")).await;
    }
    let full = changes(&store, &start, 3).await;
    assert!(full.covered == 0 && full.cursor <= cursor, "{full:?}");
    running.run("COMMIT").await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn rows_behind_the_horizon_are_given_up_to_a_limit_in_bytes() {
    let engine = Engine::postgres().await;
    let store = engine.open().await;
    engine.execute("DROP INDEX notes_title").await;
    let start = FeedCursor::START;
    let running = Session::of(&engine).await;
    running.run("BEGIN; CREATE TABLE other (n INT)").await;
    let large = "x".repeat(MAX_FEED_BYTES / 3);
    for count in 0..3 {
        insert(&store, &format!("{count}{large}")).await;
    }
    assert_eq!(ids(&changes(&store, &start, 100).await), [1, 2, 3], "there is room for these");
    for count in 3..6 {
        insert(&store, &format!("{count}{large}")).await;
    }
    let page = changes(&store, &start, 100).await;
    assert_eq!((ids(&page), page.covered, page.more), (vec![], 0, false));
    running.run("COMMIT").await;
    let mut cursor = start;
    let mut met = Vec::new();
    until(async || {
        let page = changes(&store, &cursor, 100).await;
        met.extend(ids(&page));
        cursor = page.cursor;
        page.covered >= page.latest
    })
    .await;
    met.sort_unstable();
    met.dedup();
    assert_eq!(met, [1, 2, 3, 4, 5, 6]);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn what_holds_the_feed_back_is_named() {
    let engine = Engine::postgres().await;
    let store = engine.open().await;
    let long = Session::of(&engine).await;
    let pid = long.number("SELECT pg_backend_pid()::bigint").await;
    long.run("BEGIN; CREATE TABLE other (n INT)").await;
    insert(&store, "a").await;
    let name = engine.url().split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    until(async || {
        let page = changes(&store, FeedCursor::START, 100).await;
        assert!(page.covered < page.latest);
        page.blocked_by.is_some_and(|blocked| {
            blocked.pid.map(i64::from) == Some(pid) && blocked.database.as_ref() == Some(&name)
        })
    })
    .await;
    assert!(store.blocked_by().await.unwrap().is_some());
    long.run("COMMIT").await;
    let latest = ownership(&store).await.position;
    until(async || {
        let page = changes(&store, FeedCursor::START, 100).await;
        page.covered >= latest && page.blocked_by.is_none()
    })
    .await;
    long.end().await;
}

/// The program's role is one that sees little of what others do.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn whoever_holds_the_feed_back_is_named_to_a_plain_role() {
    let engine = Engine::postgres().await;
    let other = engine.another().await;
    // It stays on the test server, and another test may be about to make it.
    let role = "DO $$ BEGIN CREATE ROLE banyan_plain; EXCEPTION WHEN duplicate_object OR \
                unique_violation THEN NULL; END $$";
    engine.execute(&format!("{role}; GRANT ALL ON SCHEMA public TO banyan_plain")).await;
    let url = engine.url();
    let (start, query) = url.split_once('?').unwrap_or((&url, ""));
    let plain = format!("{start}?options=-c%20role%3Dbanyan_plain&{query}");
    let store = Store::open(&plain.parse().unwrap(), &[Arc::clone(&NOTES)], 8).await.unwrap();
    let database =
        |url: &str| url.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    let named = async |is: &dyn Fn(BlockingTransaction) -> bool, what: &str| {
        insert(&store, what).await;
        let mut cursor = FeedCursor::START;
        until(async || {
            let page = changes(&store, &cursor, 100).await;
            cursor = page.cursor;
            page.blocked_by.is_some_and(|blocked| blocked.seconds >= 1 && is(blocked))
        })
        .await;
        assert!(store.blocked_by().await.unwrap().is_some());
    };
    for (what, engine) in [("the same database", &engine), ("another database", &other)] {
        let long = Session::of(engine).await;
        let pid = long.number("SELECT pg_backend_pid()::bigint").await;
        long.run("BEGIN; CREATE TABLE other (n INT)").await;
        let name = database(&engine.url());
        let same = |blocked: BlockingTransaction| {
            assert!(blocked.to_string().contains("pg_terminate_backend") || blocked.pid.is_none());
            blocked.pid.map(i64::from) == Some(pid)
                && blocked.database.as_ref() == Some(&name)
                && blocked.role.is_some()
        };
        named(&same, what).await;
        long.run("ROLLBACK").await;
        long.end().await;
    }
    let prepares = Session::of(&other).await;
    let room = prepares.number("SELECT current_setting('max_prepared_transactions')::bigint").await;
    assert!(room > 0, "this test needs a server with max_prepared_transactions above 0");
    let orphan = format!("orphan of {}", database(&other.url()));
    prepares.run(&format!("BEGIN; CREATE TABLE o (n INT); PREPARE TRANSACTION '{orphan}'")).await;
    let same = |blocked: BlockingTransaction| {
        let says = blocked.to_string();
        blocked.prepared.as_ref() == Some(&orphan)
            && blocked.pid.is_none()
            && says.contains("ROLLBACK P")
    };
    named(&same, "a prepared one").await;
    prepares.run(&format!("ROLLBACK PREPARED '{orphan}'")).await;
    prepares.end().await;
}

/// A write that runs when the fence comes is in the feed before the fence's place, or was refused. It is stopped at
/// the worst moment: after its check, before its change.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_write_that_runs_when_the_fence_comes_is_before_it_or_refused() {
    let engine = Engine::postgres().await;
    let store = Arc::new(engine.open().await);
    let id = insert(&store, "a").await;
    // Another session has the row, so the write waits between its check and its change.
    let blocker = Session::of(&engine).await;
    blocker.run(&format!("BEGIN; SELECT 1 FROM notes WHERE id = {id} FOR UPDATE")).await;
    let write = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            store.update(&NOTES, id, store::Precondition::default(), renamed("b")).await
        })
    };
    let waiting = |kind: &'static str| {
        format!(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = '{kind}' AND pid IN \
             (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
        )
    };
    let look = Session::of(&engine).await;
    until(async || look.number(&waiting("transactionid")).await == 1).await;
    let fence = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.fence(&NOTES, "h", 1, FENCE).await })
    };
    // The fence waits for the write, unless it has got past it.
    until(async || look.number(&waiting("advisory")).await == 1 || fence.is_finished()).await;
    blocker.run("ROLLBACK").await;
    let (write, blocked) = (write.await.unwrap(), fence.await.unwrap().unwrap());
    assert!(write.is_ok() || matches!(write, Err(StoreError::NotPrimary { .. })), "{write:?}");
    let end = ownership(&store).await.position;
    assert_eq!(end, blocked.position, "nothing was written behind the fence");
    let late = store.insert(&NOTES, note("late", 1), None).await;
    assert!(matches!(late, Err(StoreError::NotPrimary { primary: None })));
    blocker.end().await;
    look.end().await;
}

/// A database may have another level of isolation by default, at which a check sees what was true before it
/// waited.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_write_that_waited_for_the_fence_sees_what_was_done_there() {
    let engine = Engine::postgres().await;
    let name = engine.url().split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    let level = "default_transaction_isolation = 'repeatable read'";
    engine.execute(&format!("ALTER DATABASE {name} SET {level}")).await;
    let store = Arc::new(engine.open().await);
    let id = insert(&store, "a").await;
    // A fence waits for a write, and a second write waits for the fence.
    let blocker = Session::of(&engine).await;
    blocker.run(&format!("BEGIN; SELECT 1 FROM notes WHERE id = {id} FOR UPDATE")).await;
    let change = |title: &'static str| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            store.update(&NOTES, id, store::Precondition::default(), renamed(title)).await
        })
    };
    let waiting = |kind: &'static str| {
        format!(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = '{kind}' AND pid IN \
             (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
        )
    };
    let look = Session::of(&engine).await;
    let early = change("early");
    until(async || look.number(&waiting("transactionid")).await == 1).await;
    let fence = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.fence(&NOTES, "h", 1, FENCE).await })
    };
    until(async || look.number(&waiting("advisory")).await == 1 || fence.is_finished()).await;
    let late = change("late");
    let new = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.insert(&NOTES, note("new", 1), None).await })
    };
    until(async || look.number(&waiting("advisory")).await == 3 || fence.is_finished()).await;
    blocker.run("ROLLBACK").await;
    early.await.unwrap().unwrap();
    fence.await.unwrap().unwrap();
    let new = new.await.unwrap();
    assert!(matches!(new, Err(StoreError::NotPrimary { primary: None })), "{new:?}");
    assert_eq!(look.number("SELECT count(*) FROM notes").await, 1, "the insert stored nothing");
    let late = late.await.unwrap();
    assert!(matches!(late, Err(StoreError::NotPrimary { primary: None })), "{late:?}");
    blocker.end().await;
    look.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_fence_does_not_wait_for_ever() {
    let engine = Engine::postgres().await;
    let store = Arc::new(engine.open().await);
    let id = insert(&store, "a").await;
    let blocker = Session::of(&engine).await;
    blocker.run(&format!("BEGIN; SELECT 1 FROM notes WHERE id = {id} FOR UPDATE")).await;
    let write = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.delete(&NOTES, id, store::Precondition::default()).await })
    };
    let look = Session::of(&engine).await;
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'";
    until(async || look.number(waits).await >= 1).await;
    let blocked = store.fence(&NOTES, "h", 1, FENCE).await;
    assert!(matches!(blocked, Err(MoveError::WritesRun)), "{blocked:?}");
    blocker.run("ROLLBACK").await;
    write.await.unwrap().unwrap();
    insert(&store, "the store goes on").await;
    blocker.end().await;
    look.end().await;
}

/// The work of a start grows with the tables, and is not bounded like what a client asks for. A trigger notes the
/// time that the server gives each statement; 0 is no limit.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_start_may_take_longer_than_a_statement_of_a_client() {
    let engine = Engine::postgres().await;
    let store = engine.open().await;
    let id = insert(&store, "a").await;
    store.close().await;
    engine
        .execute(
            "UPDATE notes SET position = position + 1000000000; \
             CREATE TABLE given (time TEXT); \
             CREATE FUNCTION given() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN \
             INSERT INTO given VALUES (current_setting(''statement_timeout'')); RETURN NEW; END'; \
             CREATE TRIGGER given BEFORE UPDATE ON notes FOR EACH STATEMENT EXECUTE FUNCTION given()",
        )
        .await;
    let look = Session::of(&engine).await;
    let given = async |time: &str| {
        look.number(&format!("SELECT count(*) FROM given WHERE time = '{time}'")).await
    };
    let store = engine.open().await;
    let updates = look.number("SELECT count(*) FROM given").await;
    assert!(updates > 0, "the start has renumbered the rows");
    assert_eq!(given("0").await, updates);
    rename(&store, id, "b").await;
    assert_eq!((given("0").await, given("10s").await), (updates, 1));
    look.end().await;
}

/// A program starts while another one on the same database writes. It has the number of its transaction by then, and
/// finds what was written under a later one.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_start_beside_a_write_renumbers_nothing() {
    let engine = Engine::postgres().await;
    let engine = Arc::new(engine);
    let store = engine.open().await;
    store.heartbeat(&NOTES).await.unwrap();
    let latest = ownership(&store).await.position;
    until(async || changes(&store, FeedCursor::START, 100).await.covered >= latest).await;
    let page = changes(&store, FeedCursor::START, 100).await;
    let (blocker, writer) = (Session::of(&engine).await, Session::of(&engine).await);
    blocker.run("BEGIN; LOCK TABLE notes IN ACCESS EXCLUSIVE MODE").await;
    let second = {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move { engine.open().await })
    };
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation' AND \
                 relation = 'notes'::regclass";
    until(async || writer.number(waits).await == 1).await;
    writer.run("UPDATE banyan_marks SET position = pg_current_xact_id()::text::bigint").await;
    blocker.run("COMMIT").await;
    second.await.unwrap();
    let next = store.changes(&NOTES, &page.cursor, Some(&page.heard()), 100).await;
    assert!(next.is_ok(), "{next:?}");
    blocker.end().await;
    writer.end().await;
}

/// Rows that another server numbered, as after `pg_dump` and `pg_restore`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_database_that_came_to_another_server_is_numbered_anew() {
    let engine = Engine::postgres().await;
    let store = engine.open().await;
    insert(&store, "a").await;
    let latest = ownership(&store).await.position;
    until(async || changes(&store, FeedCursor::START, 100).await.covered >= latest).await;
    let page = changes(&store, FeedCursor::START, 100).await;
    store.close().await;
    engine.execute("UPDATE notes SET position = position + 1000000000").await;
    let store = engine.open().await;
    insert(&store, "b").await;
    let copy = engine.another().await.open().await;
    follow(&copy, &store).await;
    catch_up(&copy, &store, 100).await;
    assert_eq!(rows(&copy).await, rows(&store).await);
    let went = store.changes(&NOTES, &page.cursor, Some(&page.heard()), 100).await;
    assert!(matches!(went, Err(MoveError::WentBack)), "{went:?}");
}
