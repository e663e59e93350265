//! A command that runs.

use tokio::process::Child;

use super::case::Verb;
use crate::board::Board;

/// For how long writes may be fenced: short, so that a test can outlast it.
pub(crate) const DEADLINE_MS: &str = "800";

/// A `banyan switch` or `reverse` that runs; killed when this is dropped.
pub(crate) struct Run(Child);

impl Run {
    pub(crate) fn start(board: &Board, verb: Verb) -> Self {
        let word = verb.word();
        let mut arguments = vec![word, "users", "--deadline-ms", DEADLINE_MS];
        if verb == Verb::Switch {
            // Without a comparison, which has tests of its own.
            arguments.push("--force");
        }
        Self(board.banyan(&arguments).spawn().expect("banyan can be started"))
    }

    /// Kills it.
    pub(crate) async fn kill(&mut self) {
        self.0.kill().await.expect("it can be killed");
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("it can be waited for").is_some()
    }

    /// Waits until it has ended; says how, unless it succeeded.
    pub(crate) async fn ended(self) -> Result<(), String> {
        let output = self.0.wait_with_output().await.expect("it ends");
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)))
    }
}
