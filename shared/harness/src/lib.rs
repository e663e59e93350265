//! Starts the real programs for black-box tests: on a free port, in a temporary folder, waiting for
//! conditions. What a program logs is shown when its test fails, and it ends with its test.

mod answer;
mod golden;
mod postgres;
mod program;

pub use answer::Answer;
pub use golden::golden_reads;
pub use postgres::{TestDatabase, postgres};
pub use program::{Program, Setup};

use std::future::Future;
use std::time::Duration;

/// How long a condition may take to come true before its test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the condition is true.
///
/// # Panics
/// After a minute.
pub async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "still waiting until {what}");
}
