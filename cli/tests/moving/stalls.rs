//! What keeps a follower behind is named, and while it does, nothing is switched.

use harness::until;

use crate::board::{Board, Engine, Plan};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_transaction_that_stays_open_is_named_and_nothing_is_switched() {
    let plan = Plan::users(Engine::Postgres, Engine::Sqlite);
    let board = Board::start_as(plan).await;
    let database = board.database("monolith").expect("it is on PostgreSQL").url().to_owned();
    let (client, connection) =
        tokio_postgres::connect(&database, tokio_postgres::NoTls).await.expect("it is there");
    let connection = tokio::spawn(connection);
    // A transaction that stays open: the feed cannot go past it.
    client.batch_execute("BEGIN; CREATE TABLE lunch (id int)").await.expect("it is allowed");
    let pid = client.query_one("SELECT pg_backend_pid()", &[]).await.expect("it says so");
    let pid = pid.get::<_, i32>(0).to_string();
    let named = format!("end the one with the pid {pid}");
    until("the transaction is named", async || status(&board).await.contains(&named)).await;
    let refused = board.run(&["switch", "users", "--force"]).await.expect_err("it lags");
    assert!(refused.contains(&named) && refused.contains("nothing was changed"), "{refused}");
    client.batch_execute("ROLLBACK").await.expect("it ends");
    drop(client);
    connection.await.expect("its task ends").expect("it ends in order");
    until("it is switched", async || board.run(&["switch", "users", "--force"]).await.is_ok())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_stands_still_is_named_and_nothing_is_switched() {
    let board = Board::start_as(Plan::users(Engine::Sqlite, Engine::Sqlite)).await;
    let pid = board.program("monolith").pid();
    harness::signal("STOP", pid);
    let monolith = board.url_of("monolith");
    until("the source is named", async || {
        let status = status(&board).await;
        status.contains(&monolith) && status.contains("is not reached")
    })
    .await;
    let refused = board.run(&["switch", "users", "--force"]).await.expect_err("it is silent");
    assert!(refused.contains(&monolith) && refused.contains("is not reached"), "{refused}");
    harness::signal("CONT", pid);
    assert_eq!(board.roles("users").await, ["primary", "follower"]);
    until("it is switched", async || board.run(&["switch", "users", "--force"]).await.is_ok())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_gets_nothing_is_named_and_nothing_is_switched() {
    let board = Board::start_as(Plan::users(Engine::Sqlite, Engine::Sqlite)).await;
    board.relay(crate::board::FEED).swallow();
    let named = "does not answer within";
    until("the silence is named", async || status(&board).await.contains(named)).await;
    let refused = board.run(&["switch", "users", "--force"]).await.expect_err("it lags");
    assert!(refused.contains("not known") && refused.contains(named), "{refused}");
    board.relay(crate::board::FEED).heal();
    until("it is switched", async || board.run(&["switch", "users", "--force"]).await.is_ok())
        .await;
}

/// What `banyan status` says. Its exit code says whether all is well, which it is not.
async fn status(board: &Board) -> String {
    board.run(&["status"]).await.unwrap_or_else(|said| said)
}
