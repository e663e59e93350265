//! Asking the control plane about a collection.

use std::time::Duration;

use refactor::Move;
use serde_json::Value;
use tokio::time::sleep;

use super::args::MoveArgs;
use crate::control::ControlPort;

/// How long a command is certainly on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(20);
/// How often it is looked how something goes on.
pub(super) const POLL: Duration = Duration::from_millis(100);

/// How often the progress is shown.
pub(super) const SHOWN: Duration = Duration::from_secs(1);

/// The control plane, asked about one collection.
pub(super) struct MoveControl<'a> {
    port: ControlPort,
    what: &'a MoveArgs,
}

impl<'a> MoveControl<'a> {
    /// The control plane that the command line names.
    ///
    /// # Errors
    /// If no board runs on the data folder, or there are no keys.
    pub(super) fn new(what: &'a MoveArgs, http: reqwest::Client) -> Result<Self, String> {
        Ok(Self { port: what.control.open(http)?, what })
    }

    /// Carries a command out.
    ///
    /// # Errors
    /// What the control plane says, or that it does not answer.
    pub(super) async fn command(&self, verb: &str, mut options: Value) -> Result<Move, String> {
        options["application"] = self.what.application.clone().into();
        let collection = &self.what.collection;
        let mut answer = Box::pin(self.port.command(collection, verb, &options));
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
        let found = self.port.moves().await?.into_iter().find(same);
        found.ok_or_else(|| format!("{} does not move any more", seen.collection))
    }
}
