//! The whole board in one program, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crash;
mod deleted;
mod disk_full;
mod hostile;
mod million;
mod moving;
mod outage;
mod references;
mod start;
mod stop;
mod texts;

const BINARY: &str = env!("CARGO_BIN_EXE_monolith");

harness::on_both_stores!(
    crate::BINARY;
    the_golden_reads_are_given_to_the_byte,
);

async fn the_golden_reads_are_given_to_the_byte(setup: harness::Setup) {
    let board = setup.demo().start().await;
    harness::golden_reads(&board, &["users", "threads", "posts"]).await;
    for collection in ["users", "threads", "posts"] {
        let document = board.get(&format!("/api/{collection}/openapi.json")).await.json();
        assert_eq!(document["info"]["title"], collection);
    }
}
