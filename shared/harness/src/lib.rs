//! Starts the real programs for black-box tests: on a free port, in a temporary folder, waiting for
//! conditions. What a program logs is shown when its test fails, and it ends with its test.

mod answer;
mod bouncer;
mod golden;
mod line;
mod moving;
mod neighbour;
mod postgres;
mod program;

pub use answer::Answer;
pub use bouncer::Bouncer;
pub use golden::golden_reads;
pub use line::{Cut, Line};
pub use moving::MOVE_TOKEN;
pub use neighbour::{Manner, Neighbour};
pub use postgres::{TestDatabase, postgres};
pub use program::{Program, Setup, client};

use std::env;
use std::future::Future;
use std::process::Command;
use std::time::Duration;

/// Sends a signal, such as `TERM`, to a process.
///
/// # Panics
/// If that cannot be done.
pub fn signal(name: &str, pid: u32) {
    // The shell's own `kill`: the program of that name is not on every machine.
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
    assert!(sent.expect("there is a shell").success(), "no process {pid}");
}

/// The value of an environment variable that the running test needs. Such a test has
/// `#[ignore = "needs VARIABLE"]`, so that it only runs with `--include-ignored`.
///
/// # Panics
/// If the variable is not set.
pub fn needs(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| panic!("this test needs {variable}: see CONTRIBUTING.md"))
}

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

/// Makes a test of each case for each store: `async fn case(setup: Setup)` gets the program set up
/// with SQLite, and in an ignored test, which needs `TEST_DATABASE_URL`, with PostgreSQL.
#[macro_export]
macro_rules! on_both_stores {
    ($binary:expr; $($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case($crate::Setup::new($binary)).await;
            })*
        }
        mod postgresql {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs TEST_DATABASE_URL"]
            async fn $case() {
                let database = $crate::postgres().await;
                super::$case($crate::Setup::new($binary).postgres(database)).await;
            })*
        }
    };
}

/// Makes a test of each case for each pair of stores that a collection moves between: `async fn
/// case(source: Setup, target: Setup)` gets both programs set up, with a token. The tests with
/// PostgreSQL are ignored: they need `TEST_DATABASE_URL`.
#[macro_export]
macro_rules! on_store_pairs {
    ($binary:expr; $($case:ident),* $(,)?) => {
        mod sqlite_to_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let program = || $crate::Setup::new($binary).movable();
                super::$case(program(), program()).await;
            })*
        }
        mod sqlite_to_postgresql {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs TEST_DATABASE_URL"]
            async fn $case() {
                let program = || $crate::Setup::new($binary).movable();
                super::$case(program(), program().postgres($crate::postgres().await)).await;
            })*
        }
        mod postgresql_to_postgresql {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs TEST_DATABASE_URL"]
            async fn $case() {
                let program = || $crate::Setup::new($binary).movable();
                let (one, other) = ($crate::postgres().await, $crate::postgres().await);
                super::$case(program().postgres(one), program().postgres(other)).await;
            })*
        }
    };
}
