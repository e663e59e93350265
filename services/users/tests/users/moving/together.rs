//! Two programs on one PostgreSQL database.

use std::time::{Duration, Instant};

use harness::{Setup, postgres};
use serde_json::{Value, json};

use super::{USERS, create, digest, position, source_with};
use crate::BINARY;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_program_knows_what_another_one_wrote_when_a_reader_says_so() {
    let database = postgres().await;
    let setup = Setup::new(BINARY).postgres(database);
    let (one, other) = (setup.clone().start().await, setup.start().await);
    for number in 0..20 {
        let written = create(&one, &format!("u{number}")).await;
        let said = [("banyan-position", written.header("banyan-position"))];
        let read = other.send("GET", written.header("location"), &said, "").await;
        assert_eq!(read.status, 200, "{}", read.body);
        assert!(position(&read) >= position(&written), "{:?}", position(&read));
    }
    let known = position(&other.get("/api/users").await);
    for said in ["999.0", "1", ""] {
        let read = other.send("GET", "/api/users", &[("banyan-position", said)], "").await;
        assert_eq!((read.status, position(&read)), (200, known), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_program_that_is_asked_as_the_primary_knows_that_another_one_gave_the_collection_away() {
    let (database, target) = (postgres().await, postgres().await);
    let setup = Setup::new(BINARY).movable().postgres(database);
    let target = Setup::new(BINARY).movable().postgres(target).start().await;
    let (one, other) = (setup.clone().start().await, setup.start().await);
    let created = create(&one, "bmo").await;
    let asked = [("banyan-read", "primary")];
    let read = other.send("HEAD", created.header("location"), &asked, "").await;
    assert_eq!(read.status, 200);
    target.follow(USERS, &one).await;
    one.hand_over(USERS, &target).await;
    let read = other.send("HEAD", created.header("location"), &asked, "").await;
    assert_eq!(read.status, 421);
    assert_eq!(read.header("banyan-primary"), target.collection(USERS));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn both_together_go_no_faster_than_one_of_them_was_told() {
    let database = postgres().await;
    let source = source_with(40).await;
    let setup = Setup::new(BINARY).movable().postgres(database);
    let (one, other) = (setup.clone().start().await, setup.start().await);
    let start = Instant::now();
    let slow = json!({"source": source.collection(USERS), "maxRowsPerSecond": 20});
    one.done(USERS, "follow", slow).await;
    let copied = |document: &Value| document["followed"]["copied"] == true;
    other.ownership_is(USERS, "everything is copied", copied).await;
    assert!(start.elapsed() > Duration::from_millis(1_200), "{:?}", start.elapsed());
    assert_eq!(digest(&other).await, digest(&source).await);
}
