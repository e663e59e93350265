//! Clients that write through the proxy all the time, and remember what they were answered.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::board::Board;

/// Between two writes of the client that does not give up, and before it tries again.
const REST: Duration = Duration::from_millis(20);
/// Longer than anything may be down.
const PATIENCE: Duration = Duration::from_secs(60);

/// A `banyan load` that runs; killed when this is dropped.
pub(crate) struct Load(Child);

impl Load {
    /// Starts it with these arguments.
    pub(crate) fn start(board: &Board, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
        command.env_clear().args(["load", "--json", "--url", &board.proxy]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.kill_on_drop(true).spawn().expect("banyan can be started"))
    }

    /// Ends it, and gives its report once it has read the whole board.
    pub(crate) async fn end(self) -> Value {
        harness::signal("INT", self.0.id().expect("it has not ended"));
        self.report().await
    }

    /// Its report, when its time is up.
    pub(crate) async fn report(self) -> Value {
        let output = self.0.wait_with_output().await.expect("it ends");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// A client that makes users, and sends each until it is answered, and later again: with its `Idempotency-Key` that
/// makes one.
pub(crate) struct Stubborn {
    stop: Sender<bool>,
    task: JoinHandle<BTreeMap<u64, String>>,
}

impl Stubborn {
    pub(crate) fn start(board: &Board) -> Self {
        let (stop, stopped) = channel(false);
        let url = format!("{}/api/users", board.proxy);
        let task = tokio::spawn(async move {
            let (http, mut made) = (harness::client(), BTreeMap::new());
            while !*stopped.borrow() {
                let name = format!("stubborn-{}", made.len());
                let written = timeout(PATIENCE, write(&http, &url, &name, &stopped));
                let Some(id) = written.await.expect("the board takes writes again") else { break };
                read(&http, &url, id, &name).await;
                assert_eq!(made.insert(id, name), None, "the id {id} was given twice");
                // The primary of this moment knows what was answered before.
                let (id, name) = made.iter().nth(fastrand::usize(..made.len())).expect("one");
                let again = timeout(PATIENCE, write(&http, &url, name, &stopped));
                let again = again.await.expect("the board takes writes again");
                assert!(again.is_none_or(|again| again == *id), "{name}: {id} and {again:?}");
                sleep(REST).await;
            }
            made
        });
        Self { stop, task }
    }

    /// What it made: each user's id and name.
    pub(crate) async fn end(self) -> BTreeMap<u64, String> {
        self.stop.send_replace(true);
        self.task.await.expect("every answer was as it must be")
    }
}

/// Makes a user; `None` where the client is stopped before it knows.
async fn write(http: &Client, url: &str, name: &str, stopped: &Receiver<bool>) -> Option<u64> {
    let user = json!({ "username": name, "name": name }).to_string();
    let post = || {
        let request = http.post(url).header("idempotency-key", format!("\"{name}\""));
        request.header("content-type", "application/json").body(user.clone()).send()
    };
    loop {
        match post().await {
            Ok(answer) if answer.status() == 201 => {
                let location = answer.headers()["location"].to_str().expect("text");
                let (_, id) = location.rsplit_once('/').expect("a location");
                return Some(id.parse().expect("an id"));
            }
            Ok(answer) if [502, 503, 504].contains(&answer.status().as_u16()) => {}
            Ok(answer) => panic!("{name}: {}: {:?}", answer.status(), answer.text().await),
            Err(_) if *stopped.borrow() => return None,
            Err(_) => {}
        }
        sleep(REST).await;
    }
}

/// Reads what was just made, if a program answers.
async fn read(http: &Client, url: &str, id: u64, name: &str) {
    let Ok(answer) = http.get(format!("{url}/{id}")).send().await else { return };
    let status = answer.status();
    if status.is_server_error() {
        return;
    }
    let body = answer.text().await.unwrap_or_default();
    assert!(status == 200 && body.contains(name), "{name} at {id}: {status}: {body}");
}
