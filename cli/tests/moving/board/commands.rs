//! What a board is told: by `banyan`, and by the API of the control plane.

use std::process::Stdio;

use harness::until;
use refactor::{Client, Keys, Move};
use replication::FollowerState;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Board, CLI, CONTROL, LAG_MS};

impl Board {
    /// `banyan` with these arguments, on this board. Killed when it is dropped.
    pub(crate) fn banyan(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
        let folder = self.setup_of(CONTROL).folder();
        command.args(arguments).arg("--data-dir").arg(folder).env_clear();
        command.env("BANYAN_FAULTS", self.faults(CLI)).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }

    /// Runs `banyan` with these arguments, on this board: what it said, on either output, and whether it succeeded.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.banyan(arguments).output().await.expect("banyan can be started");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if output.status.success() { Ok(said) } else { Err(said) }
    }

    /// The same, for what has to succeed.
    pub(crate) async fn succeeds(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        ended.unwrap_or_else(|said| panic!("banyan {arguments:?}: {said}"))
    }

    pub(crate) fn control(&self) -> Client {
        let setup = self.program(CONTROL).setup();
        let keys = Keys::read(&setup.folder().join("refactor")).expect("it has keys");
        let http = runtime::http_client(false).expect("a client");
        Client::new(http, self.program(CONTROL).url(), keys)
    }

    /// Tells the control plane to do something with a collection.
    pub(crate) async fn tell(
        &self,
        collection: &str,
        verb: &str,
        options: Value,
    ) -> Result<Move, String> {
        let told = self.control().command(collection, verb, &options).await;
        told.map_err(|error| error.to_string())
    }

    /// The same, for what has to succeed.
    pub(crate) async fn done(&self, collection: &str, verb: &str) -> Move {
        let told = self.tell(collection, verb, json!({ "maxLagMs": LAG_MS })).await;
        told.unwrap_or_else(|error| panic!("{verb} {collection}: {error}"))
    }

    /// Compares a collection with its copy; gives the move when that has ended.
    pub(crate) async fn compare(&self, collection: &str) -> Move {
        self.done(collection, "diff").await;
        until("the comparison has ended", async || {
            self.look(collection).await.diff.state != "running"
        })
        .await;
        self.look(collection).await
    }

    /// The move of a collection as it is now.
    pub(crate) async fn look(&self, collection: &str) -> Move {
        let moves = self.control().moves().await.expect("the control plane answers");
        let found = moves.into_iter().find(|found| found.collection == collection);
        found.unwrap_or_else(|| panic!("{collection} does not move"))
    }

    /// Waits until nothing is pending, and the copy that does not own the collection follows the other one, as far behind as
    /// a change of the primary allows.
    pub(crate) async fn settled(&self, collection: &str) -> Move {
        until("it is settled", async || {
            let found = self.look(collection).await;
            found.pending.is_none() && follows_closely(&found)
        })
        .await;
        self.look(collection).await
    }

    /// The roles of both sides, source first.
    pub(crate) async fn roles(&self, collection: &str) -> [&'static str; 2] {
        let found = self.look(collection).await;
        [found.source, found.target].map(|side| side.ownership.expect("it answers").role.name())
    }
}

/// Whether the copy that does not own the collection follows, and says how far behind it is.
fn follows_closely(found: &Move) -> bool {
    let follower = match found.phase.as_str() {
        "following" => &found.target,
        "switched" => &found.source,
        _ => return false,
    };
    let following = follower.ownership.as_ref().and_then(|ownership| ownership.following.as_ref());
    following.is_some_and(|following| {
        following.state == FollowerState::Following
            && following.lag_ms.is_some_and(|ms| ms <= LAG_MS)
    })
}
