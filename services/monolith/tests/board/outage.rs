//! PostgreSQL goes away and comes back.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::{Cut, Line, Setup, until};
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn while_postgresql_refuses_everything_is_a_503_and_afterwards_it_works_again() {
    let database = harness::postgres().await;
    let board = Setup::new(crate::BINARY).demo().postgres(database).start().await;
    let database = board.setup().database().unwrap();
    let name = database.url().rsplit_once('/').unwrap().1.split('?').next().unwrap().to_owned();
    // No new session gets in, and those that are in are ended.
    let admin = harness::postgres().await;
    admin.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
    let kick = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname";
    admin.execute(&format!("{kick} = '{name}'")).await;
    until("reads are refused", || async { board.get("/api/users").await.status == 503 }).await;
    let refused = board.get("/api/users").await;
    refused.problem(503);
    assert_eq!(refused.header("retry-after"), "1");
    let bmo = json!({"username": "bmo", "name": "BMO"});
    board.json("POST", "/api/users", &bmo).await.problem(503);
    board.get("/readyz").await.problem(503);
    assert_eq!(board.get("/healthz").await.status, 200, "alive, so it is not restarted");

    admin.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    until("it is ready again", || async { board.get("/readyz").await.status == 200 }).await;
    let created = board.json("POST", "/api/users", &bmo).await;
    assert_eq!(created.status, 201, "{}", created.body);
    harness::golden_reads(&board, &["threads", "posts"]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_program_waits_at_its_start_for_a_postgresql_that_is_asleep() {
    let database = harness::postgres().await;
    let front = Front::asleep_before(database.url()).await;
    let setup = Setup::new(crate::BINARY).demo().env("DATABASE_URL", &front.url);
    let starting = tokio::spawn(setup.start());
    until("the program has knocked twice", || ready(front.knocks() >= 2)).await;
    assert!(!starting.is_finished());
    front.wake();
    let board = starting.await.unwrap();
    harness::golden_reads(&board, &["users", "threads", "posts"]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_write_whose_commit_is_lost_is_a_502_that_asks_for_no_blind_repeat() {
    let database = harness::postgres().await;
    let line = Line::to(database.url()).await;
    let board = Setup::new(crate::BINARY).demo().env("DATABASE_URL", line.url()).start().await;
    let json = ("content-type", "application/json");
    let key = ("idempotency-key", "one");
    let bmo = json!({"username": "bmo", "name": "BMO"}).to_string();
    let name = json!({"name": "Another"}).to_string();
    for (method, path, body) in [
        ("POST", "/api/users", &*bmo),
        ("PATCH", "/api/users/1", &name),
        ("DELETE", "/api/users/2", ""),
    ] {
        line.cut(Cut::Unanswered, "COMMIT\0");
        let lost = board.send(method, path, &[json, key], body).await;
        lost.problem(502);
        assert_eq!(lost.header("retry-after"), "", "{method}");
        assert!(lost.body.contains("may be stored, or not"), "{method}: {}", lost.body);
    }
    // What it asks to do finds what was done.
    let again = board.send("POST", "/api/users", &[json, key], &bmo).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(board.get("/api/users/1").await.json()["name"], "Another");
    board.send("DELETE", "/api/users/2", &[], "").await.problem(404);
}

/// Accepts for a PostgreSQL, and passes on only once it is awake.
struct Front {
    url: String,
    knocks: Arc<AtomicUsize>,
    awake: watch::Sender<bool>,
}

impl Front {
    async fn asleep_before(database: &str) -> Self {
        let (before, rest) = database.split_once('@').expect("a user");
        let (address, name) = rest.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}@{}/{name}", listener.local_addr().unwrap());
        let (knocks, (awake, told)) = (Arc::new(AtomicUsize::new(0)), watch::channel(false));
        let (counted, address) = (Arc::clone(&knocks), address.to_owned());
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let (mut told, address) = (told.clone(), address.clone());
                tokio::spawn(async move {
                    // Nothing wakes it once the test is over.
                    if told.wait_for(|awake| *awake).await.is_ok() {
                        let mut server = TcpStream::connect(address).await.unwrap();
                        // Either side may end the connection in whatever way.
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { url, knocks, awake }
    }

    fn knocks(&self) -> usize {
        self.knocks.load(Ordering::Relaxed)
    }

    fn wake(&self) {
        self.awake.send_replace(true);
    }
}
