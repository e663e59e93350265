//! Installing and removing can be interrupted anywhere, and repeated. Removing leaves no trace.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use adapter::{Fault, remove, status};

use crate::app::{App, SCHEMA, name};

const PATH: &str = "/api/products";
const TABLES: &str = "CREATE TABLE products (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0);
    INSERT INTO products SELECT generate_series(1, 9);
    CREATE TABLE events (id bigint PRIMARY KEY) PARTITION BY HASH (id);
    CREATE TABLE events_0 PARTITION OF events FOR VALUES WITH (MODULUS 1, REMAINDER 0);
    INSERT INTO events VALUES (1);";

fn adapter(app: &App, command: &str, more: &[&str], faults: Option<&Path>) -> Output {
    let mut run = Command::new(env!("CARGO_BIN_EXE_adapter"));
    run.args([command, "--database", app.database.url()]).args(more);
    if let Some(faults) = faults {
        run.env(fault::VARIABLE, faults);
    }
    run.output().unwrap()
}

const INSTALL: [&str; 6] = ["--path", PATH, "--table", "products", "--table", "events"];
const REMOVE: [&str; 2] = ["--path", PATH];

fn says(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn works(output: &Output) {
    assert!(output.status.success(), "{}", says(output));
}

/// The schema as `pg_dump` writes it, without what it makes up anew each time.
fn dump(app: &App) -> String {
    let output = Command::new("pg_dump")
        .args(["--schema-only", "--dbname", app.database.url()])
        .output()
        .unwrap();
    works(&output);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.contains("restrict ")).collect::<Vec<_>>().join("\n")
}

async fn is_whole(app: &App) {
    let found = status(&app.session, SCHEMA, &name(PATH)).await.unwrap().unwrap();
    assert_eq!(found.faults, []);
    let seen = app.seen(&found.collection.unwrap()).await;
    assert_eq!(seen.len(), 10, "{seen:?}");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn removing_leaves_no_trace_and_both_can_be_repeated() {
    let app = App::with(TABLES).await;
    let before = dump(&app);
    let dry = adapter(&app, "install", &[&INSTALL[..], &["--dry-run"]].concat(), None);
    works(&dry);
    assert_eq!(dump(&app), before, "a dry run changes nothing");
    works(&adapter(&app, "install", &INSTALL, None));
    is_whole(&app).await;
    let installed = dump(&app);
    works(&adapter(&app, "install", &INSTALL, None));
    assert_eq!(dump(&app), installed);
    works(&adapter(&app, "status", &[], None));
    works(&adapter(&app, "remove", &REMOVE, None));
    assert_eq!(dump(&app), before);
    works(&adapter(&app, "remove", &REMOVE, None));

    // What a dry run prints is what makes it, but for the portions.
    let sql = String::from_utf8(dry.stdout).unwrap();
    let (sql, _) = sql.split_once("\n-- again and again").unwrap();
    app.database.execute(sql).await;
    assert_eq!(dump(&app), installed);
}

/// Runs `install` so that it is killed at this place; false if it did not come there.
fn is_killed_at(app: &App, faults: &Path, place: &str) -> bool {
    let armed = faults.join(place);
    fs::write(&armed, "").unwrap();
    let output = adapter(app, "install", &INSTALL, Some(faults));
    let was_killed = !armed.exists();
    assert_eq!(output.status.success(), !was_killed, "{place}: {}", says(&output));
    was_killed
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn an_installation_that_is_killed_anywhere_can_be_repeated_or_removed() {
    let app = App::with(TABLES).await;
    let before = dump(&app);
    let faults = tempfile::tempdir().unwrap();
    assert!(is_killed_at(&app, faults.path(), "adapter.fill"));
    works(&adapter(&app, "install", &INSTALL, None));
    is_whole(&app).await;
    works(&adapter(&app, "remove", &REMOVE, None));
    let mut sent = 0;
    while is_killed_at(&app, faults.path(), &format!("adapter.{sent}")) {
        // The application goes on.
        app.database.execute("UPDATE products SET n = n + 1; UPDATE events SET id = id").await;
        if sent % 2 == 0 {
            works(&adapter(&app, "install", &INSTALL, None));
            is_whole(&app).await;
        }
        works(&adapter(&app, "remove", &REMOVE, None));
        assert_eq!(dump(&app), before, "adapter.{sent}");
        sent += 1;
    }
    assert!(sent > 20, "killed only {sent} times");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_removal_that_is_killed_anywhere_can_be_repeated() {
    let app = App::with(TABLES).await;
    let before = dump(&app);
    let faults = tempfile::tempdir().unwrap();
    let mut killed = 0;
    for sent in 1.. {
        works(&adapter(&app, "install", &INSTALL, None));
        let armed = faults.path().join(format!("adapter.{sent}"));
        fs::write(&armed, "").unwrap();
        let output = adapter(&app, "remove", &REMOVE, Some(faults.path()));
        if armed.exists() {
            works(&output);
            assert_eq!(dump(&app), before);
            break;
        }
        killed += 1;
        app.database.execute("UPDATE products SET n = n + 1; UPDATE events SET id = id").await;
        if let Some(found) = status(&app.session, SCHEMA, &name(PATH)).await.unwrap()
            && found.faults.contains(&Fault::Removing)
        {
            // Its triggers may have been idle for a while, so it cannot go on as if nothing was.
            let again = adapter(&app, "install", &INSTALL, None);
            assert!(
                !again.status.success() && says(&again).contains("adapter remove"),
                "{}",
                says(&again)
            );
        }
        works(&adapter(&app, "remove", &REMOVE, None));
        assert_eq!(dump(&app), before, "adapter.{sent}");
    }
    assert!(killed > 10, "killed only {killed} times");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_trigger_that_was_dropped_or_disabled_is_named_and_comes_back() {
    let app = App::with(TABLES).await;
    app.install(PATH, &["products", "events"]).await;
    for (sql, trigger) in [
        ("DROP TRIGGER banyan_insert ON products", "banyan_insert"),
        ("ALTER TABLE products DISABLE TRIGGER banyan_update", "banyan_update"),
        ("ALTER TABLE products ENABLE TRIGGER banyan_truncate", "banyan_truncate"),
        ("ALTER TABLE events_0 DISABLE TRIGGER banyan_rows", "banyan_rows"),
        (
            "CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
             CREATE TRIGGER moves BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION moves()",
            "banyan_key",
        ),
        (
            "CREATE TABLE more () INHERITS (products); ALTER TABLE more ADD PRIMARY KEY (id)",
            "banyan_insert",
        ),
    ] {
        app.database.execute(sql).await;
        let found = status(&app.session, SCHEMA, &name(PATH)).await.unwrap().unwrap();
        let named = |fault: &Fault| matches!(fault, Fault::Trigger { trigger: t, .. } if t == trigger);
        assert!(found.faults.iter().any(named), "{sql}: {:?}", found.faults);
        let output = adapter(&app, "status", &[], None);
        assert!(!output.status.success() && says(&output).contains(trigger), "{}", says(&output));
        app.install(PATH, &["products", "events"]).await;
        let found = status(&app.session, SCHEMA, &name(PATH)).await.unwrap().unwrap();
        assert_eq!(found.faults, [], "{sql}");
    }
    assert!(remove(&app.session, SCHEMA, &name(PATH)).await.unwrap());
}
