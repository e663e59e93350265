//! Conditions, and what a test needs of its machine.

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
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

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
