//! States of the control plane that version 0.1.0 of Banyan left behind: they open, and moves go on from them.
//!
//! `version_1/` has what that version stored of one application and the move of its users: before a switch (`following`,
//! `verified`), while one was under way (`switch_*`, `reverse_granted`: the name ends with the step that was done last) and
//! after it. `stack` is the state that `banyan up` left after its first start.

use std::fs::{DirBuilder, read_to_string};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use harness::{Setup, free_port, until};
use replication::Role;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::fake::{Fake, World};
use crate::fixture::{Fixture, setup};

/// Writes a state into the data folder, for these programs; gives the path of its application, and what was pending.
fn write(setup: &Setup, state: &str, source: &Fake, target: &Fake) -> (String, Option<Value>) {
    let folder = setup.folder().join(".refactor");
    DirBuilder::new().mode(0o700).create(&folder).unwrap();
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/moves/version_1");
    let read = |name: &str| read_to_string(stored.join(format!("{name}.sql"))).unwrap();
    let store = |side: &Fake| side.with(|copy| copy.store.clone());
    let free = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let rows = read(state)
        .replace("SOURCE_URL", &source.url)
        .replace("TARGET_URL", &target.url)
        .replace("SOURCE_STORE", &store(source))
        .replace("TARGET_STORE", &store(target))
        .replace("PROXY_ADDRESS", &free.to_string());
    let connection = Connection::open(folder.join("state.db")).unwrap();
    connection.execute_batch(&format!("{}{rows}PRAGMA user_version = 1", read("schema"))).unwrap();
    let sql = "SELECT document FROM moves";
    let Ok(text) = connection.query_row(sql, [], |row| row.get::<_, String>(0)) else {
        return (String::new(), None);
    };
    let record: Value = serde_json::from_str(&text).unwrap();
    let [environment, application] =
        ["environment", "application"].map(|name| record[name].as_str().unwrap());
    let path = format!("/environments/{environment}/applications/{application}");
    (path, Some(record["pending"].clone()).filter(|pending| !pending.is_null()))
}

/// A control plane that opens this state, between a source with ten rows and a target that is as `sides` makes them.
async fn opened(state: &str, sides: impl FnOnce(&Fake, &Fake)) -> Fixture {
    let world = World::default();
    let (source, target) = (world.program(), world.program());
    source.write(1..=10);
    target.follow(&source);
    sides(&source, &target);
    let setup = setup();
    let (application, _) = write(&setup, state, &source, &target);
    let faults = setup.folder().join("faults");
    std::fs::create_dir_all(&faults).unwrap();
    let setup = setup.env("BANYAN_FAULTS", faults.to_str().unwrap());
    Fixture { program: setup.start().await, source, target, faults, application }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_goes_on_where_it_was() {
    for (state, diff) in [("following", "not done"), ("verified", "stale")] {
        let fixture = opened(state, |_, _| ()).await;
        let users = fixture.users().await;
        assert_eq!((users.phase.as_str(), users.diff.state.as_str()), ("following", diff));
        fixture.compare().await;
        fixture.done("switch").await;
        assert!(fixture.target.is_primary());
        assert_eq!(fixture.route().await.as_deref(), Some("ACTIVE"));
        fixture.done("reverse").await;
        assert!(fixture.source.is_primary());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pending_goes_back_before_the_handover_and_forward_after_it() {
    let handed_over = |source: &Fake, target: &Fake| source.hand_over(target, 2);
    let back = |source: &Fake, target: &Fake| {
        source.hand_over(target, 2);
        target.promote(2);
        source.follow(target);
        source.with(|copy| copy.handover = None);
        target.hand_over(source, 3);
    };
    let untouched = |_: &Fake, _: &Fake| ();
    type Sides = fn(&Fake, &Fake);
    for (state, sides, target_has_it) in [
        ("switch_intent", untouched as Sides, false),
        ("switch_intent", handed_over as Sides, true),
        ("switch_promoted", handed_over as Sides, true),
        ("switch_flipped", handed_over as Sides, true),
        ("reverse_granted", back as Sides, false),
    ] {
        let fixture = opened(state, sides).await;
        until("nothing is pending", async || fixture.users().await.pending.is_none()).await;
        assert_eq!(fixture.target.is_primary(), target_has_it, "{state}");
        assert_eq!(fixture.source.is_primary(), !target_has_it, "{state}");
        let route = if target_has_it { "ACTIVE" } else { "INACTIVE" };
        assert_eq!(fixture.route().await.as_deref(), Some(route), "{state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_switched_is_protected_and_goes_back() {
    let fixture = opened("switched", |source, target| source.hand_over(target, 2)).await;
    assert_eq!(fixture.users().await.phase, "switched");
    let refused = fixture.delete_route("/users").await.unwrap_err();
    assert!(refused.contains("banyan reverse users"), "{refused}");
    fixture.compare().await;
    fixture.done("reverse").await;
    assert!(fixture.source.is_primary());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_completed_or_given_up_stays_so() {
    let fixture = opened("completed", |source, target| {
        source.hand_over(target, 2);
        target.promote(2);
        source.with(|copy| copy.role = Role::Retired);
    })
    .await;
    let users = fixture.users().await;
    assert_eq!(users.phase, "completed");
    // The steps of its last command have the new names.
    assert!(users.last.unwrap().done);
    let fixture = opened("forced", |source, target| {
        source.with(|copy| copy.epoch = 5);
        target.with(|copy| copy.dead = true);
    })
    .await;
    let again = fixture.tell("reverse", json!({ "force": true })).await.unwrap();
    assert!(again.last.unwrap().outcome.contains("is the primary already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_there_with_what_it_made() {
    let world = World::default();
    let monolith = world.program();
    let setup = setup().env("MONOLITH_URL", &format!("{}/api", monolith.url));
    write(&setup, "stack", &monolith, &world.program());
    let program = setup.start().await;
    let fixture = Fixture {
        program,
        target: world.program(),
        source: monolith,
        faults: std::path::PathBuf::new(),
        application: String::new(),
    };
    let client = fixture.client();
    let get = async |path: &str| client.send(http::Method::GET, path, &Value::Null).await.unwrap();
    let environments = get("/environments").await;
    let environment = environments["EnvironmentSummaryList"][0]["EnvironmentId"].as_str().unwrap();
    let applications = get(&format!("/environments/{environment}/applications")).await;
    let applications = applications["ApplicationSummaryList"].as_array().unwrap();
    assert_eq!(applications.len(), 1, "the stack is not made twice");
    assert_eq!(applications[0]["State"], "ACTIVE");
}
