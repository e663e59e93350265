//! A store follows another one, becomes the primary, and is followed.

use std::sync::Arc;

use adapter::MoveError;
use replication::Role;

use crate::app::{App, refusal};
use crate::pair::{Pair, pump};
use crate::rows::{TYPES, VALUES, unpin};

const PATH: &str = "/api/things";
const THINGS: &str = "CREATE TABLE things (id bigserial PRIMARY KEY, n int)";

async fn one(app: &App, sql: &str) -> String {
    let rows = app.client().await.simple_query(sql).await.unwrap();
    let row = rows.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => {
            Some(row.get(0).unwrap_or("NULL").to_owned())
        }
        _ => None,
    });
    row.unwrap_or_else(|| panic!("no row: {sql}"))
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn each_value_is_the_same_to_the_bit_and_what_is_computed_is_computed() {
    let pair = Pair::of(TYPES, VALUES, PATH, &["things"]).await;
    unpin(&pair.source.database).await;
    unpin(&pair.target.database).await;
    pair.pump(2).await.unwrap();
    pair.is_equal().await;
    let all = "SELECT string_agg(t::text, ';' ORDER BY id) FROM things t";
    assert_eq!(one(&pair.source, all).await, one(&pair.target, all).await);
    let sql = "UPDATE things SET n = 7.50, x = '{}', j = NULL WHERE id = 1; DELETE FROM things WHERE id = 2";
    pair.source.database.execute(sql).await;
    pair.pump(100).await.unwrap();
    pair.is_equal().await;
    assert_eq!(one(&pair.target, "SELECT doubled FROM things WHERE id = 1").await, "15.00");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_collection_goes_over_and_back_and_each_sequence_goes_on() {
    let rows = "INSERT INTO things (n) SELECT g FROM generate_series(1, 20) g; DELETE FROM things WHERE id > 17";
    let pair = Pair::of(THINGS, rows, PATH, &["things"]).await;
    pair.pump(7).await.unwrap();
    let client = pair.target.client().await;
    let early = client.batch_execute("DELETE FROM things WHERE id = 1").await;
    assert_eq!(refusal(early).0, "ZB002", "the copy takes no writes");
    pair.switch().await;
    let own = pair.to.ownership().await.unwrap();
    assert_eq!((own.role, own.epoch, pair.to.role()), (Role::Primary, 2, Role::Primary));
    assert_eq!(one(&pair.target, "INSERT INTO things (n) VALUES (-1) RETURNING id").await, "21");
    let late = pair.source.client().await;
    assert_eq!(refusal(late.batch_execute("DELETE FROM things").await).0, "ZB002");
    pump(&pair.to, &pair.from, 100).await.unwrap();
    pair.is_equal().await;
    assert_eq!(one(&pair.source, "SELECT n FROM things WHERE id = 21").await, "-1");
    let back = Pair { source: pair.target, target: pair.source, from: pair.to, to: pair.from };
    back.switch().await;
    assert_eq!(back.to.ownership().await.unwrap().epoch, 3);
    assert_eq!(one(&back.target, "INSERT INTO things (n) VALUES (-2) RETURNING id").await, "22");
    pump(&back.to, &back.from, 100).await.unwrap();
    back.is_equal().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_third_store_copies_what_the_second_one_applied() {
    let rows = "INSERT INTO things (n) SELECT g FROM generate_series(1, 9) g; DELETE FROM things WHERE id = 4";
    let pair = Pair::of(THINGS, rows, PATH, &["things"]).await;
    pair.pump(100).await.unwrap();
    pair.switch().await;
    let third = App::with(THINGS).await;
    third.install(PATH, &["things"]).await;
    let store = third.store(PATH).await;
    let own = pair.to.ownership().await.unwrap();
    let peer = replication::Peer { store: own.store, url: "http://second/api/things".to_owned() };
    store.follow(peer, &own.lineage, own.epoch, None).await.unwrap();
    pump(&pair.to, &store, 3).await.unwrap();
    let (one, other) = (pair.to.digest(None, None, 100).await, store.digest(None, None, 100).await);
    assert_eq!(one.unwrap().hash, other.unwrap().hash);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_page_is_applied_once() {
    let pair = Pair::of(THINGS, "INSERT INTO things (n) VALUES (1), (2)", PATH, &["things"]).await;
    let cursor = pair.cursor().await;
    let page = Arc::new(pair.from.changes(&cursor, None, 1).await.unwrap());
    pair.to.apply(cursor.clone(), Arc::clone(&page)).await.unwrap();
    let again = pair.to.apply(cursor, page).await;
    assert!(matches!(again, Err(MoveError::OtherCursor { .. })), "{again:?}");
    pair.pump(100).await.unwrap();
    pair.is_equal().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_triggers_of_the_application_rest_while_its_table_follows() {
    let tables = "CREATE TABLE things (id bigint PRIMARY KEY, n int); CREATE TABLE audit (t text);
        CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := 1000; INSERT INTO public.audit VALUES (TG_NAME); RETURN NEW; END $$;
        CREATE TRIGGER plain BEFORE INSERT OR UPDATE ON things FOR EACH ROW EXECUTE FUNCTION audit();
        CREATE TRIGGER always BEFORE INSERT ON things FOR EACH ROW EXECUTE FUNCTION audit();
        CREATE TRIGGER off BEFORE INSERT ON things FOR EACH ROW EXECUTE FUNCTION audit();
        ALTER TABLE things ENABLE ALWAYS TRIGGER always, DISABLE TRIGGER off";
    let pair = Pair::of(tables, "INSERT INTO things VALUES (1, 1)", PATH, &["things"]).await;
    pair.source.database.execute("ALTER TABLE things DISABLE TRIGGER plain, DISABLE TRIGGER always; INSERT INTO things VALUES (2, 2)").await;
    pair.pump(100).await.unwrap();
    pair.is_equal().await;
    assert_eq!(one(&pair.target, "SELECT count(*) FROM audit").await, "0");
    // One that is made meanwhile rests too.
    pair.target
        .database
        .execute(
            "CREATE TRIGGER late BEFORE INSERT ON things FOR EACH ROW EXECUTE FUNCTION audit()",
        )
        .await;
    pair.source.database.execute("INSERT INTO things VALUES (3, 3)").await;
    pair.pump(100).await.unwrap();
    pair.switch().await;
    assert_eq!(one(&pair.target, "SELECT count(*) FROM audit").await, "0");
    let states = "SELECT string_agg(tgname || ':' || tgenabled::text, ' ' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 'things'::regclass AND tgname !~ '^banyan'";
    assert_eq!(one(&pair.target, states).await, "always:A late:O off:D plain:O");
    pair.target.database.execute("INSERT INTO things VALUES (4, 4)").await;
    assert_eq!(
        one(&pair.target, "SELECT string_agg(t, ' ' ORDER BY t) FROM audit").await,
        "always late plain"
    );
    assert_eq!(one(&pair.target, "SELECT n FROM things WHERE id = 4").await, "1000");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_column_that_only_one_side_has_stops_the_copy_until_both_agree() {
    let pair = Pair::of(THINGS, "INSERT INTO things (n) VALUES (1)", PATH, &["things"]).await;
    pair.pump(100).await.unwrap();
    let fails = async |name: &str| {
        let stopped = pair.pump(100).await.unwrap_err().to_string();
        assert!(stopped.contains(name), "{stopped}");
    };
    pair.source
        .database
        .execute("ALTER TABLE things ADD note text DEFAULT 'x'; UPDATE things SET n = 2")
        .await;
    fails("no column note").await;
    pair.target.database.execute("ALTER TABLE things ADD note text").await;
    pair.pump(100).await.unwrap();
    pair.target.database.execute("ALTER TABLE things ADD more text").await;
    pair.source.database.execute("UPDATE things SET n = 3").await;
    fails("the column more").await;
    pair.target.database.execute("ALTER TABLE things DROP more").await;
    pair.pump(100).await.unwrap();
    pair.source
        .database
        .execute("ALTER TABLE things ALTER n TYPE text; UPDATE things SET n = 'many'")
        .await;
    fails("the column n").await;
    pair.target.database.execute("ALTER TABLE things ALTER n TYPE text").await;
    pair.pump(100).await.unwrap();
    pair.is_equal().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_value_that_another_type_would_change_stops_the_copy() {
    for (one, other, value) in [
        ("text", "varchar(5)", "abcdefgh"),
        ("numeric", "numeric(10,2)", "1.234"),
        ("timestamptz", "date", "2026-01-02 03:04:05+00"),
    ] {
        let tables = format!("CREATE TABLE things (id bigint PRIMARY KEY, v {one})");
        let rows = format!("INSERT INTO things VALUES (1, NULL), (2, '{value}')");
        let pair = Pair::of(&tables, &rows, PATH, &["things"]).await;
        let narrow = format!("ALTER TABLE things ALTER v TYPE {other}");
        pair.target.database.execute(&narrow).await;
        for limit in [1, 100] {
            let stopped = pair.pump(limit).await.unwrap_err().to_string();
            assert!(stopped.contains("the column v of"), "{other}: {stopped}");
        }
        pair.source.database.execute("UPDATE things SET v = NULL").await;
        pair.pump(100).await.unwrap();
        pair.is_equal().await;
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_copy_that_is_cancelled_is_as_if_never_used_and_can_be_removed() {
    let pair = Pair::of(THINGS, "INSERT INTO things (n) VALUES (1), (2)", PATH, &["things"]).await;
    pair.pump(100).await.unwrap();
    let own = pair.to.cancel().await.unwrap();
    assert_eq!((own.rows, own.role, own.epoch), (false, Role::Primary, 1));
    assert!(own.forwarded.is_some());
    assert_eq!(one(&pair.target, "SELECT count(*) FROM things").await, "0");
    pair.to.cancel().await.unwrap();
    let source = pair.from.ownership().await.unwrap();
    let peer = replication::Peer { store: source.store, url: "http://again/api/things".to_owned() };
    pair.to.follow(peer, &source.lineage, source.epoch, None).await.unwrap();
    pair.pump(1).await.unwrap();
    pair.is_equal().await;
    pair.to.cancel().await.unwrap();
    let removed = adapter::remove(&pair.target.session, "banyan", &crate::app::name(PATH)).await;
    assert!(removed.unwrap());
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_store_that_retires_keeps_its_rows_or_not() {
    let pair = Pair::of(THINGS, "INSERT INTO things (n) VALUES (1), (2)", PATH, &["things"]).await;
    pair.pump(100).await.unwrap();
    pair.switch().await;
    let own = pair.from.retire(true).await.unwrap();
    assert_eq!(own.role, Role::Retired);
    assert_eq!(one(&pair.source, "SELECT count(*) FROM things").await, "2");
    pair.from.retire(false).await.unwrap();
    assert_eq!(one(&pair.source, "SELECT count(*) FROM things").await, "0");
    let late = pair.source.client().await.batch_execute("INSERT INTO things (n) VALUES (9)").await;
    assert_eq!(refusal(late).0, "ZB002");
}
