//! A PostgreSQL that has room for one connection only: others took the rest.

use std::sync::atomic::{AtomicBool, Ordering};

use harness::{Program, Setup};
use serde_json::json;

/// It is asked all the time, and yet its collections can be given to another program.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_collection_leaves_a_server_that_has_one_connection_for_it() {
    let database = harness::postgres().await;
    let role = format!("one_{}", std::process::id());
    let made = format!("CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public TO {role}");
    database.execute(&made).await;
    let url = database.url().replacen("postgres@", &format!("{role}@"), 1);
    let setup = Setup::new(crate::BINARY).movable().demo();
    let crowded = setup.env("DATABASE_URL", &url).start().await;
    let other = Setup::new(crate::BINARY).movable().start().await;
    other.follow("posts", &crowded).await;
    let end =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'");
    database.execute(&format!("ALTER ROLE {role} CONNECTION LIMIT 1; {end}")).await;

    let stop = AtomicBool::new(false);
    let client = || busy(&crowded, &stop);
    let leave = async {
        other.catch_up("posts", &crowded).await;
        let epoch = crowded.ownership("posts").await["epoch"].clone();
        let to = other.ownership("posts").await["store"].clone();
        crowded.done("posts", "fence", json!({"id": "h", "epoch": epoch, "ms": 30_000})).await;
        other.catch_up("posts", &crowded).await;
        let to = json!({"store": to, "url": other.collection("posts")});
        crowded.done("posts", "handover", json!({"id": "h", "epoch": epoch, "to": to})).await;
        other
            .ownership_is("posts", "it is the primary", |document| document["role"] == "primary")
            .await;
        stop.store(true, Ordering::Relaxed);
    };
    let (one, two, three, ()) = tokio::join!(client(), client(), client(), leave);
    for id in [one, two, three].concat() {
        assert_eq!(other.get(&format!("/api/posts/{id}")).await.status, 200, "{id} is lost");
    }
    drop((crowded, other));
    let dropped = format!("{end}; DROP OWNED BY {role} CASCADE; DROP ROLE {role}");
    database.execute(&dropped).await;
}

/// Writes until it is stopped; the ids that were answered.
async fn busy(program: &Program, stop: &AtomicBool) -> Vec<u64> {
    let mut stored = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let post = json!({"thread": 1, "text": "x", "user": 1});
        let answer = program.json("POST", "/api/posts", &post).await;
        if answer.status == 201 {
            stored.extend(answer.json()["id"].as_u64());
        }
    }
    stored
}
