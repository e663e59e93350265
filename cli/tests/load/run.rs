//! Starts the program that is asked, and the one that asks.

use std::process::Stdio;

use harness::{Program, Setup};
use serde_json::Value;
use tokio::process::{Child, Command};

const BANYAN: &str = env!("CARGO_BIN_EXE_banyan");

/// How to start a monolith.
pub(crate) fn monolith() -> Setup {
    Setup::new(BANYAN).arg("serve").arg("monolith")
}

/// A `banyan load` that runs; killed when this is dropped.
pub(crate) struct Load(Child);

/// What it reported.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: Option<i32>,
    pub(crate) json: Value,
    pub(crate) stderr: String,
}

impl Load {
    /// Starts it with these arguments.
    pub(crate) fn start(url: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(BANYAN);
        command.env_clear().args(["load", "--json", "--url", url]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.kill_on_drop(true).spawn().expect("banyan can be started"))
    }

    pub(crate) fn interrupt(&self) {
        harness::signal("INT", self.0.id().expect("it has not ended"));
    }

    pub(crate) async fn report(self) -> Report {
        let output = self.0.wait_with_output().await.expect("it ends");
        let json = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Report { code: output.status.code(), json, stderr }
    }
}

/// Runs it against a program.
pub(crate) async fn load(program: &Program, arguments: &[&str]) -> Report {
    Load::start(&program.url(), arguments).report().await
}

impl Report {
    /// The places that differ.
    pub(crate) fn places(&self) -> Vec<&str> {
        let differences = self.json["differences"].as_array().expect("a list of differences");
        differences.iter().filter_map(|difference| difference["place"].as_str()).collect()
    }
}
