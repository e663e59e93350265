//! Asking the control plane of a board that runs.

use std::process::ExitCode;
use std::time::Duration;

use refactor::{Client, Move};
use serde_json::Value;
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::data_dir::DataDir;
use crate::{board, lock};

/// How long a command is certainly on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(20);
/// How often it is looked how something goes on.
pub(super) const POLL: Duration = Duration::from_millis(100);

/// The control plane of a board.
pub(super) struct Control(Client);

/// Does something with the control plane of the board in a data folder.
///
/// # Errors
/// If no board runs there, and what `work` says.
pub(super) fn run(
    data: &DataDir,
    work: impl AsyncFnOnce(Control) -> Result<ExitCode, String>,
) -> Result<ExitCode, String> {
    let holder = lock::running(&data.data_dir)?;
    let http = runtime::http_client(false).map_err(|error| format!("cannot ask: {error}"))?;
    let control = board::control(&holder.endpoints, &data.data_dir, http)?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(work(Control(control)))
}

impl Control {
    /// Carries a command out.
    ///
    /// # Errors
    /// What the control plane says, or that it does not answer.
    pub(super) async fn command(
        &self,
        collection: &str,
        verb: &str,
        options: &Value,
    ) -> Result<Move, String> {
        let mut answer = Box::pin(self.0.command(collection, verb, options));
        let answered = tokio::select! {
            biased;
            answered = &mut answer => Some(answered),
            () = sleep(ON_ITS_WAY) => None,
        };
        fault::point("cli.sent");
        let answered = match answered {
            Some(answered) => answered,
            None => answer.await,
        };
        fault::point("cli.answered");
        answered
    }

    /// The move of a collection, as it is now.
    ///
    /// # Errors
    /// As [`Control::command`]; and where there is no such move any more.
    pub(super) async fn look(&self, seen: &Move) -> Result<Move, String> {
        let same = |found: &Move| {
            found.collection == seen.collection && found.application == seen.application
        };
        let found = self.0.moves().await?.into_iter().find(same);
        found.ok_or_else(|| format!("{} does not move any more", seen.collection))
    }
}
