//! What both engines do in the same way.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use journal::{Error, Journal, Value, values};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS notes (
        seq SEQUENCE,
        name TEXT NOT NULL UNIQUE,
        count NUMBER NOT NULL,
        is_new FLAG NOT NULL,
        content BYTES NOT NULL
    );
";

/// Writes and reads values of each kind, and rolls back what fails.
fn check(journal: &Journal) {
    journal.make_tables(SCHEMA).unwrap();
    journal.make_tables(SCHEMA).unwrap();
    let put = "INSERT INTO notes (name, count, is_new, content) VALUES (?1, ?2, ?3, ?4)";
    let row = |name: &str| {
        [Value::from(name), Value::from(-7_i64), Value::from(true), Value::from(&b"\0\xff"[..])]
    };
    journal
        .write(|state| {
            // In the order of bytes: another collation has b before B.
            ["b", "B", "\u{e4}", "a"].iter().try_for_each(|name| state.run(put, &row(name)))
        })
        .unwrap();
    let failed = journal.write(|state| {
        state.run(put, &row("c"))?;
        state.run(put, &row("a"))
    });
    assert!(failed.is_err(), "the name is there");
    let names = "SELECT name FROM notes ORDER BY name";
    let names = journal.read(|state| state.all(names, values![], |row| row.text(0))).unwrap();
    assert_eq!(names, ["B", "a", "b", "\u{e4}"]);
    let last =
        "SELECT name, count, is_new, content FROM notes WHERE is_new ORDER BY seq DESC LIMIT ?1";
    let read = |row: &journal::Row| Ok((row.text(0)?, row.number(1)?, row.flag(2)?, row.bytes(3)?));
    let last = journal.read(|state| state.one(last, values![1_i64], read)).unwrap();
    assert_eq!(last, Some(("a".to_owned(), -7, true, b"\0\xff".to_vec())));
    assert!(journal.read_only().write(|_| Ok::<_, Error>(())).is_err());
    assert!(!journal.is_over());
}

#[test]
fn sqlite_keeps_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    journal::make_folder(folder.path()).unwrap();
    check(&Journal::open(folder.path()).unwrap());
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn postgresql_keeps_the_same() {
    let database = harness::postgres().await;
    let url = database.url().parse().unwrap();
    tokio::task::spawn_blocking(move || check(&Journal::connect(&url).unwrap())).await.unwrap();
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_lead_ends_with_its_session_and_then_nothing_can_be_written() {
    let database = harness::postgres().await;
    let url: postgres::PostgresUrl = database.url().parse().unwrap();
    let work = move || {
        let sessions = [(); 4].map(|()| Journal::connect(&url).unwrap());
        let [one, other, first, second] = &sessions;
        let one = one.join(second, "one", "127.0.0.1:1").unwrap();
        let other = other.join(second, "other", "127.0.0.1:2").unwrap();
        assert!(first.lead(one).unwrap() && !second.lead(other).unwrap());
        let announce = |session: &Journal| session.write(|state| state.announce().map(drop));
        announce(first).unwrap();
        first.resign();
        while !second.lead(other).unwrap() {
            std::thread::yield_now();
        }
        assert!(first.is_over() && announce(first).is_err());
        announce(second).unwrap();
        assert_eq!(second.leader().unwrap().unwrap().name, "other");
        assert_eq!(sessions[1].beat(other, 0, &[]).unwrap(), 2, "two changes were told");
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}
