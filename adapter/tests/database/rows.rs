//! Rows come as PostgreSQL's own text, and keep their value to the bit.

use adapter::{Change, Feed, FeedError};
use harness::TestDatabase;
use replication::FeedCursor;

use crate::app::App;

pub(crate) const TYPES: &str = "
    CREATE TYPE mood AS ENUM ('fine', 'it''s \\ \"so\"');
    CREATE TYPE pair AS (a int, b text);
    CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
    CREATE TABLE things (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \"a Column\" text, n numeric, m numeric(30,10), f float8, g real,
        t timestamptz, l timestamp, d date, i interval, b bytea, j jsonb, o json, a int[], x text[], e mood, r int4range,
        s tstzrange, p positive, c pair, u uuid, v varchar(9), h char(5), k boolean, y inet, w bit varying, z money, q xml,
        ts tsvector, doubled numeric GENERATED ALWAYS AS (n * 2) STORED);";

/// The values are written with the server's own settings; a reader must not see them through the database's.
pub(crate) const VALUES: &str = r#"
    INSERT INTO things ("a Column", n, m, f, g, t, l, d, i, b, j, o, a, x, e, r, s, p, c, u, v, h, k, y, w, z, q, ts) VALUES
    (E'\\ ''q'' "d" \t\n é 🦀 \x01', 1.10, 12345678901234567890.0123456789, 0.1::float8 + 0.2::float8, 1e-45::real,
     '2001-02-03 04:05:06.123456+07', '0044-03-15 BC', 'infinity', '-1 year 2 mons -3 days 04:05:06.7', '\x00ff5c27',
     '{"b": 1.0, "a": ["\\", null, -0]}', '{"a":1,  "a":2}', '[0:1]={1,NULL}', ARRAY['NULL', NULL, '', 'a,"b\'],
     'it''s \ "so"', '[1,5)', '(2020-01-01 00:00+00,]', 0.001, (7, 'x"y,'), 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'v',
     'h', true, '10.1.2.3/8', B'0101', '1234.56', '<a>b</a>c', 'a:1A fat:2'),
    (NULL, 'NaN', NULL, '-infinity', '-0', '-infinity', 'infinity', '4713-01-01 BC', '0', '', 'null', 'null', '{}', '{}', NULL,
     'empty', NULL, NULL, NULL, NULL, '', '', false, '::1', B'', NULL, NULL, ''),
    ('', 'infinity', 0.0000000000, 'NaN', 'NaN', '294276-12-31 23:59:59.999999+00', '2000-01-01', '2000-01-01',
     '178000000 years', NULL, '"\u00e9"', '"\u0000"', NULL, '{{a,b},{c,d}}', 'fine', '(,)', '[,]', 1e100, '(,)', NULL, NULL,
     NULL, NULL, NULL, NULL, '-0.01', '', NULL)"#;

/// Makes the sessions of a database see values in another way.
pub(crate) async fn unpin(database: &TestDatabase) {
    database
        .execute(
            "DO $$ DECLARE s text; BEGIN FOREACH s IN ARRAY ARRAY['datestyle = ''SQL, DMY''', 'timezone = ''Asia/Kathmandu''',
             'intervalstyle = ''sql_standard''', 'extra_float_digits = -15', 'bytea_output = ''escape''',
             'xmloption = ''document''', 'standard_conforming_strings = off', 'default_transaction_isolation = ''serializable''']
             LOOP EXECUTE format('ALTER DATABASE %I SET %s', current_database(), s); END LOOP; END $$",
        )
        .await;
}

async fn changes(app: &App, collection: &adapter::Collection) -> Vec<Change> {
    let page = Feed::of(collection).page(&app.session, &FeedCursor::START, 1_000).await.unwrap();
    page.changes.into_iter().chain(page.ahead).collect()
}

fn literal(value: Option<&String>) -> String {
    value.map_or("NULL".to_owned(), |value| {
        format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
    })
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_row_that_is_read_and_written_again_is_the_same_to_the_bit() {
    let before =
        App::with(&format!("{TYPES}{VALUES}; CREATE TABLE copy (LIKE things INCLUDING GENERATED)"))
            .await;
    unpin(&before.database).await;
    // Its sessions begin with the settings of the database.
    let App { database, session } = before;
    drop(session);
    let session = adapter::Session::open(&database.url().parse().unwrap()).await.unwrap();
    let app = App { database, session };
    let collection = app.install("/api/things", &["things"]).await;
    let changes = changes(&app, &collection).await;
    assert_eq!(changes.len(), 3);
    let client = app.client().await;
    // The side that writes pins the same settings.
    client.batch_execute("SET datestyle = 'ISO, MDY'; SET timezone = 'UTC'; SET intervalstyle = 'postgres'; SET xmloption = 'content'").await.unwrap();
    for change in &changes {
        let row = change.row.as_ref().unwrap();
        assert_eq!(row.len(), 29, "all but the one that is computed");
        let names: Vec<_> = row.keys().map(|name| format!("\"{name}\"")).collect();
        let values: Vec<_> = row.values().map(|value| literal(value.as_ref())).collect();
        let sql = format!(
            "INSERT INTO copy ({}) OVERRIDING SYSTEM VALUE VALUES ({})",
            names.join(", "),
            values.join(", ")
        );
        client.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    // This operator compares the bytes of two records (manual, 9.24.6).
    let same = "SELECT count(*) FROM things t JOIN copy c USING (id) WHERE t.* *= c.*";
    let same: i64 = client.query_one(same, &[]).await.unwrap().get(0);
    assert_eq!(same, 3);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_row_comes_as_it_is_now_and_a_deleted_one_without_columns() {
    let app = App::with(
        "CREATE TABLE orders (id bigint PRIMARY KEY, n int); CREATE TABLE lines (of bigint, \"at\" text, PRIMARY KEY (of, \"at\"));
         INSERT INTO orders VALUES (1, 1), (2, 2); INSERT INTO lines VALUES (1, 'a''b\\c'), (2, '');",
    )
    .await;
    let collection = app.install("/api/orders", &["orders", "lines"]).await;
    app.database.execute("UPDATE orders SET n = 7 WHERE id = 1; UPDATE orders SET n = 8 WHERE id = 1; DELETE FROM lines WHERE of = 2").await;
    let changes = changes(&app, &collection).await;
    let show = |change: &Change| {
        let row = change.row.as_ref().map(|row| {
            row.values().map(|v| v.clone().unwrap_or_default()).collect::<Vec<_>>().join("|")
        });
        (change.key.as_str().to_owned(), row)
    };
    let mut shown: Vec<_> = changes.iter().map(show).collect();
    shown.sort();
    let expected = [
        ("lines/a1a'b\\c", Some("a'b\\c|1")),
        ("lines/a2", None),
        ("orders/a1", Some("1|8")),
        ("orders/a2", Some("2|2")),
    ];
    assert_eq!(shown, expected.map(|(key, row)| (key.to_owned(), row.map(str::to_owned))));
    let page = Feed::of(&collection).page(&app.session, &FeedCursor::START, 10).await.unwrap();
    let kinds =
        page.columns.iter().flatten().map(|column| format!("{} {}", column.name, column.kind));
    assert_eq!(kinds.collect::<Vec<_>>(), ["id bigint", "n integer", "of bigint", "at text"]);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn two_rows_with_one_key_are_named() {
    let app = App::with(
        "CREATE TABLE animals (id bigint PRIMARY KEY); CREATE TABLE dogs () INHERITS (animals);
         INSERT INTO animals VALUES (1); INSERT INTO dogs VALUES (1)",
    )
    .await;
    let collection = app.install("/api/animals", &["animals"]).await;
    let read = Feed::of(&collection).page(&app.session, &FeedCursor::START, 10).await;
    assert!(matches!(&read, Err(FeedError::Twice { key, .. }) if key == "a1"), "{read:?}");
}
