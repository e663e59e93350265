//! PostgreSQL goes away and comes back.

use harness::{Setup, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn while_postgresql_refuses_everything_is_a_503_and_afterwards_it_works_again() {
    let Some(database) = harness::postgres().await else { return };
    let board = Setup::new(crate::BINARY).demo().postgres(database).start().await;
    let database = board.setup().database().unwrap();
    let name = database.url().rsplit_once('/').unwrap().1.split('?').next().unwrap().to_owned();
    // Nobody new gets in, and whoever is in is thrown out.
    let admin = harness::postgres().await.unwrap();
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
    assert_eq!(board.get("/healthz").await.status, 200, "alive, so nobody restarts it");

    admin.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    until("it is ready again", || async { board.get("/readyz").await.status == 200 }).await;
    let created = board.json("POST", "/api/users", &bmo).await;
    assert_eq!(created.status, 201, "{}", created.body);
    harness::golden_reads(&board, &["threads", "posts"]).await;
}
