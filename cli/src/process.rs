//! One program of the board as a child process.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use files::LogFile;
use reqwest::{Client, StatusCode};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use crate::board::{self, Endpoint};
use crate::marker::{marker, restart};
use crate::passed_on::withheld;

/// Longer than a program takes to finish what is in flight.
const STOP_TIME: Duration = Duration::from_secs(28);
/// The health check of every program, as in the manifests.
pub(crate) const HEALTH_PATH: &str = "/healthz";
/// How long a program may take to answer its health check.
pub(crate) const HEALTH_TIME: Duration = Duration::from_secs(5);
/// How long a program may be unhealthy after its start.
pub(crate) const GRACE_PERIOD: Duration = Duration::from_secs(90);
/// How long a program may take to say that it is ready.
const READY_TIME: Duration = Duration::from_secs(1);

/// How to start a program, again and again.
#[derive(Clone)]
pub(crate) struct ProcessSpec {
    pub(crate) endpoint: Endpoint,
    binary: PathBuf,
    environment: Vec<(String, String)>,
    pub(crate) log: PathBuf,
    /// A file that is there while the program is to stand still.
    pub(crate) pause: PathBuf,
    /// A file that is there while the program is to be restarted.
    pub(crate) restart: PathBuf,
}

/// Shows the names of the variables alone: their values hold tokens and passwords.
impl fmt::Debug for ProcessSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<_> = self.environment.iter().map(|(name, _)| name).collect();
        let mut shown = f.debug_struct("ProcessSpec");
        shown.field("endpoint", &self.endpoint).field("binary", &self.binary);
        shown.field("variables", &variables).finish_non_exhaustive()
    }
}

/// A program that was started.
pub(crate) struct Process {
    child: Child,
    /// Ends when this is dropped, and the program with it.
    stdin: Option<ChildStdin>,
}

impl ProcessSpec {
    /// `binary` is this program's own path, asked for once: when it was built anew since, the system
    /// no longer tells a path that can be started.
    pub(crate) fn new(
        binary: &Path,
        endpoint: &Endpoint,
        environment: Vec<(String, String)>,
        data_dir: &Path,
    ) -> Self {
        let log = data_dir.join("logs").join(format!("{}.log", endpoint.name));
        let pause = marker(data_dir, &endpoint.name);
        let restart = restart(data_dir, &endpoint.name);
        let (endpoint, binary) = (endpoint.clone(), binary.to_owned());
        Self { endpoint, binary, environment, log, pause, restart }
    }

    /// Whether a second one takes over from the first, so that no request fails.
    pub(crate) fn takes_over(&self) -> bool {
        self.endpoint.name == board::REFACTOR
    }

    /// Starts the program with an empty log.
    pub(crate) fn start_fresh(&self) -> io::Result<Process> {
        self.start(|| {
            self.log.parent().map_or(Ok(()), files::make_folder)?;
            LogFile::begin_anew(&self.log)
        })
    }

    /// Starts the program again, writing on in its log.
    pub(crate) fn start_again(&self) -> io::Result<Process> {
        self.start(|| Ok(()))
    }

    fn start(&self, prepare_log: impl FnOnce() -> io::Result<()>) -> io::Result<Process> {
        let log = prepare_log().and_then(|()| files::append(&self.log)).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot write {}: {error}", self.log.display()))
        })?;
        let mut command = Command::new(&self.binary);
        for name in withheld(&self.endpoint.name) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["serve", &self.endpoint.name, "--until-stdin-ends"])
            .env("LOG_FILE", &self.log)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            // A group of its own, so that Ctrl-C reaches `up` alone and the end is in order.
            .process_group(0)
            .spawn()?;
        // tokio closes an input that it still holds before it waits for the end.
        let stdin = child.stdin.take();
        Ok(Process { child, stdin })
    }

    /// The last line of the program's log that says what went wrong.
    pub(crate) fn last_words(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines = log.lines().rev();
        let mut lines = lines.filter(|line| !line.ends_with(" stopped"));
        lines.next().unwrap_or("it wrote nothing").to_owned()
    }

    /// The folder of the program's state, if it is one that takes over.
    fn state_folder(&self) -> Option<&Path> {
        let folder = self.environment.iter().find(|(name, _)| name == "DATA_DIR");
        folder.map(|(_, folder)| Path::new(folder))
    }

    /// What a process that was to take over told the one that goes on; else how it ended. The two share a log, so the log
    /// does not say which of them wrote a line.
    pub(crate) async fn why_not_taken_over(&self, id: Option<u32>, ended: &str) -> String {
        let folder = self.state_folder().map(Path::to_owned);
        let told = tokio::task::spawn_blocking(move || {
            refactor::why_not_taken_over(folder.as_deref()?, id?)
        });
        let told = told.await.ok().flatten();
        told.unwrap_or_else(|| format!("the new process {ended} (see {})", self.log.display()))
    }
}

/// Whether the program passes its health check.
pub(crate) async fn is_healthy(endpoint: &Endpoint, client: &Client) -> bool {
    let url = format!("{}{HEALTH_PATH}", endpoint.url());
    let answer = client.get(url).timeout(HEALTH_TIME).send().await;
    answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
}

/// Whether the program answers that it is ready.
pub(crate) async fn is_ready(endpoint: &Endpoint, client: &Client) -> bool {
    let url = format!("{}/readyz", endpoint.url());
    let answer = client.get(url).timeout(READY_TIME).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

impl Process {
    /// Its id; none once it has ended and was waited for.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Lets the program finish what is in flight; ends it by force where that takes too long.
    pub(crate) async fn stop(mut self) {
        drop(self.stdin.take());
        if timeout(STOP_TIME, self.child.wait()).await.is_err() {
            // If this fails, the process has just ended by itself.
            let _ = self.child.kill().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Endpoint, ProcessSpec};

    #[test]
    fn what_starts_a_program_is_shown_without_the_values_of_its_environment() {
        let endpoint = Endpoint {
            name: "users".into(),
            address: ([127, 0, 0, 1], 1).into(),
            path: String::new(),
        };
        let environment =
            [("MOVE_TOKEN", "hunter2"), ("DATABASE_SECRET", "{\"password\":\"hunter2\"}")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let spec =
            ProcessSpec::new(Path::new("banyan"), &endpoint, environment.into(), Path::new("data"));
        let shown = format!("{spec:?}");
        assert!(shown.contains("MOVE_TOKEN") && !shown.contains("hunter2"), "{shown}");
    }
}
