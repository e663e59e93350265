//! Each way to write: in the feed if it is allowed, and refused during a fence.

use adapter::status;

use crate::app::{App, SCHEMA, close, name, open, refusal};

const TABLES: &str = "
    CREATE TABLE users (id bigint PRIMARY KEY);
    INSERT INTO users SELECT generate_series(1, 20);
    CREATE TABLE products (id bigint PRIMARY KEY, name text UNIQUE, n int DEFAULT 0,
        buyer bigint REFERENCES users ON DELETE CASCADE ON UPDATE CASCADE);
    INSERT INTO products SELECT g, 'p' || g FROM generate_series(1, 9) g;
    INSERT INTO products VALUES (10, 'p10', 0, 7);
    CREATE VIEW offers AS SELECT * FROM products WHERE n >= 0;
    CREATE TABLE animals (id bigint PRIMARY KEY, name text);
    CREATE TABLE dogs (PRIMARY KEY (id)) INHERITS (animals);
    INSERT INTO animals VALUES (1, 'cat');
    INSERT INTO dogs VALUES (2, 'dog');
    CREATE TABLE events (id bigint, day int, n int DEFAULT 0, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
    CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20) PARTITION BY LIST (day);
    CREATE TABLE events_2_a PARTITION OF events_2 DEFAULT;
    INSERT INTO events VALUES (1, 1), (2, 12);
";

/// What writes to a table, and the keys that it changes.
struct Case {
    what: &'static str,
    sql: &'static str,
    keys: &'static [&'static str],
}

const fn case(what: &'static str, sql: &'static str, keys: &'static [&'static str]) -> Case {
    Case { what, sql, keys }
}

const PRODUCTS: &[Case] = &[
    case("INSERT", "INSERT INTO products VALUES (21), (22)", &["21", "22"]),
    case("UPDATE", "UPDATE products SET n = n + 1 WHERE id < 3", &["1", "2"]),
    case("DELETE", "DELETE FROM products WHERE id = 21", &["21"]),
    case("a statement without a row", "UPDATE products SET n = 1 WHERE id = 99", &[]),
    case("COPY", "COPY products (id) FROM PROGRAM 'echo 31; echo 32'", &["31", "32"]),
    case("a key that changes", "UPDATE products SET id = 41 WHERE id = 31", &["31", "41"]),
    case(
        "ON CONFLICT DO UPDATE",
        "INSERT INTO products VALUES (1, 'x'), (51, 'y') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        &["1", "51"],
    ),
    case("ON CONFLICT DO NOTHING", "INSERT INTO products VALUES (1), (52) ON CONFLICT DO NOTHING", &["52"]),
    case(
        "MERGE",
        "MERGE INTO products p USING (VALUES (2), (3), (61)) v (id) ON p.id = v.id
         WHEN MATCHED AND v.id = 2 THEN DELETE WHEN MATCHED THEN UPDATE SET n = 7
         WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)",
        &["2", "3", "61"],
    ),
    case(
        "a writable CTE",
        "WITH x AS (INSERT INTO products VALUES (71) RETURNING id), y AS (UPDATE products SET n = 3 WHERE id = 4)
         SELECT 1",
        &["4", "71"],
    ),
    case("a view", "UPDATE offers SET n = 5 WHERE id = 5", &["5"]),
    case("a function", "DO $$ BEGIN UPDATE products SET n = 5 WHERE id = 6; END $$", &["6"]),
    case(
        "session_replication_role",
        "BEGIN; SET LOCAL session_replication_role = replica; UPDATE products SET n = 8 WHERE id = 7; COMMIT",
        &["7"],
    ),
    case("a cascade", "DELETE FROM users WHERE id = 7", &["10"]),
    case("a cascade without a row", "DELETE FROM users WHERE id = 8", &[]),
    case(
        "a savepoint",
        "BEGIN; UPDATE products SET n = 1 WHERE id = 8; SAVEPOINT s; UPDATE products SET n = 1 WHERE id = 9;
         ROLLBACK TO s; COMMIT",
        &["8"],
    ),
];

const ANIMALS: &[Case] = &[
    case("through the parent", "UPDATE animals SET name = name || '!'", &["1", "2"]),
    case("only the parent", "UPDATE ONLY animals SET name = name || '!'", &["1"]),
    case("directly to the child", "INSERT INTO dogs VALUES (3, 'hound')", &["3"]),
    case("the child's row through the parent", "DELETE FROM animals WHERE id = 3", &["3"]),
];

const EVENTS: &[Case] = &[
    case("through the root", "INSERT INTO events VALUES (3, 3), (4, 14)", &["a3a3", "a4b14"]),
    case("directly to a partition", "UPDATE events_1 SET n = 1 WHERE id = 1", &["a1a1"]),
    case("directly to a partition below", "UPDATE events_2_a SET n = 1 WHERE id = 2", &["a2b12"]),
    case("a row that moves", "UPDATE events SET day = 15 WHERE id = 1", &["a1a1", "a1b15"]),
    case("a partition that came later", "INSERT INTO events_3 VALUES (5, 25)", &["a5b25"]),
    case("DELETE", "DELETE FROM events WHERE id = 4", &["a4b14"]),
];

async fn each_is_in_the_feed_or_refused(path: &str, table: &str, cases: &[Case]) {
    let app = App::with(TABLES).await;
    let collection = app.install(path, &[table]).await;
    let store = app.store(path).await;
    app.database
        .execute("CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (20) TO (30)")
        .await;
    let client = app.client().await;
    for Case { what, sql, keys } in cases {
        let before = app.seen(&collection).await;
        close(&store).await;
        let (code, message) = refusal(client.batch_execute(sql).await);
        assert_eq!(code, "ZB001", "{what}: {message}");
        // A script of several statements leaves its transaction open.
        client.batch_execute("ROLLBACK").await.unwrap();
        open(&store).await;
        assert!(
            app.changed(&collection, &before).await.is_empty(),
            "{what}: refused, and in the feed"
        );

        client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(app.changed(&collection, &before).await, *keys, "{what}");
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn each_write_to_a_table_is_in_the_feed_or_refused() {
    each_is_in_the_feed_or_refused("/api/products", "products", PRODUCTS).await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn each_write_to_a_table_with_children_is_in_the_feed_or_refused() {
    each_is_in_the_feed_or_refused("/api/animals", "animals", ANIMALS).await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn each_write_to_a_table_with_partitions_is_in_the_feed_or_refused() {
    each_is_in_the_feed_or_refused("/api/events", "events", EVENTS).await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_table_whose_deletes_a_fence_refuses_is_named() {
    let app = App::with(TABLES).await;
    app.database
        .execute(
            "CREATE TABLE shops (id bigint PRIMARY KEY); CREATE TABLE makers (id bigint PRIMARY KEY);
             ALTER TABLE products ADD shop bigint REFERENCES shops ON DELETE SET NULL, ADD maker bigint REFERENCES makers",
        )
        .await;
    app.install("/api/products", &["products"]).await;
    let found = status(&app.session, SCHEMA, &name("/api/products")).await.unwrap().unwrap();
    let cascades = found.cascades.iter().map(|c| (&*c.parent, &*c.child, &*c.action));
    assert_eq!(
        cascades.collect::<Vec<_>>(),
        [
            ("shops", "products", "ON DELETE SET NULL"),
            ("users", "products", "ON DELETE CASCADE ON UPDATE CASCADE"),
        ]
    );
    // What is not named passes.
    app.database.execute("INSERT INTO makers VALUES (1); INSERT INTO shops VALUES (1)").await;
    close(&app.store("/api/products").await).await;
    let client = app.client().await;
    client.batch_execute("DELETE FROM makers").await.unwrap();
    assert_eq!(refusal(client.batch_execute("DELETE FROM shops").await).0, "ZB001");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_truncate_is_always_refused() {
    let app = App::with(TABLES).await;
    for (path, table) in
        [("/api/products", "products"), ("/api/animals", "animals"), ("/api/events", "events")]
    {
        app.install(path, &[table]).await;
    }
    let client = app.client().await;
    for table in
        ["products", "users CASCADE", "animals", "dogs", "events", "events_1", "events_2_a"]
    {
        let (code, message) = refusal(client.batch_execute(&format!("TRUNCATE {table}")).await);
        assert_eq!(code, "ZB003", "{table}: {message}");
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_trigger_of_the_application_that_changes_a_key_hides_nothing() {
    let app = App::with(
        "CREATE TABLE products (id bigint PRIMARY KEY, n int);
         INSERT INTO products VALUES (1, 1), (2, 2);
         CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN NEW.id := OLD.id + 100; RETURN NEW; END $$;
         CREATE TRIGGER moves BEFORE UPDATE ON products FOR EACH ROW WHEN (NEW.n = 0) EXECUTE FUNCTION moves();",
    )
    .await;
    let collection = app.install("/api/products", &["products"]).await;
    let before = app.seen(&collection).await;
    app.database.execute("UPDATE products SET n = 0 WHERE id = 1").await;
    assert_eq!(app.changed(&collection, &before).await, ["1", "101"]);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_role_that_has_no_right_on_the_schema_goes_on_writing() {
    let app = App::with(TABLES).await;
    let collection = app.install("/api/products", &["products"]).await;
    let before = app.seen(&collection).await;
    let role = format!("writer_{}", std::process::id());
    let client = app.client().await;
    let grants = format!(
        "CREATE ROLE {role}; GRANT INSERT, UPDATE ON products TO {role}; SET ROLE {role}; SET search_path = ''"
    );
    client.batch_execute(&grants).await.unwrap();
    let wrote = client.batch_execute("INSERT INTO public.products VALUES (80)").await;
    client
        .batch_execute(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}"))
        .await
        .unwrap();
    wrote.unwrap();
    assert_eq!(app.changed(&collection, &before).await, ["80"]);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn several_tables_have_one_fence_and_one_feed() {
    let app = App::with(
        "CREATE TABLE orders (id bigint PRIMARY KEY); INSERT INTO orders VALUES (1);
         CREATE TABLE lines (of bigint REFERENCES orders, place int, PRIMARY KEY (of, place));",
    )
    .await;
    let collection = app.install("/api/orders", &["orders", "lines"]).await;
    let before = app.seen(&collection).await;
    assert_eq!(before.keys().collect::<Vec<_>>(), ["orders/a1"]);
    app.database
        .execute(
            "BEGIN; INSERT INTO orders VALUES (2); INSERT INTO lines VALUES (2, 1), (1, 1); COMMIT",
        )
        .await;
    let seen = app.seen(&collection).await;
    assert_eq!(
        seen.keys().collect::<Vec<_>>(),
        ["lines/a1a1", "lines/a2a1", "orders/a1", "orders/a2"]
    );
    assert_eq!(seen["lines/a1a1"], seen["orders/a2"], "one transaction, one place");
    close(&app.store("/api/orders").await).await;
    let client = app.client().await;
    for sql in ["INSERT INTO orders VALUES (3)", "DELETE FROM lines"] {
        assert_eq!(refusal(client.batch_execute(sql).await).0, "ZB001", "{sql}");
    }
}
