//! Whatever ends at whatever step while one process takes over from another, exactly one is left, and it serves.

use std::fs;
use std::path::{Path, PathBuf};

use harness::{Manner, Neighbour, Program, Setup, signal, until};
use serde_json::json;
use tokio::task::JoinSet;

use crate::client::{application, call, fallback, get, post, service, setup};

/// The steps of the old process, in their order.
const OLD: [&str; 7] = ["asked", "closed", "given", "ready", "paused", "gone", "serving"];
/// Those of the new one.
const NEW: [&str; 5] = ["asked", "taken", "open", "ready", "go"];

/// A process that takes traffic, and what it leads to.
struct Running {
    program: Program,
    /// The path of the application on the control port.
    application: String,
    /// Its URL behind the proxy.
    url: String,
    _upstream: Neighbour,
}

impl Running {
    async fn start() -> Self {
        Self::of(setup()).await
    }

    async fn of(setup: Setup) -> Self {
        let upstream = Neighbour::start(Manner::Has(vec![1]));
        let faults = folder(setup.folder(), "old");
        let program = setup.env(fault::VARIABLE, &faults.display().to_string()).start().await;
        let application = application(&program).await;
        let id = service(&program, &application, upstream.url()).await;
        post(&program, &format!("{application}/routes"), &fallback(&id)).await;
        let shown = get(&program, &application).await;
        let url = shown["ApiGatewayProxy"]["ProxyUrl"].as_str().unwrap();
        Self { url: format!("{url}/users/1"), application, program, _upstream: upstream }
    }

    /// What takes over.
    fn next(&self) -> Setup {
        let setup = self.program.setup().clone().env("TAKE_OVER", "true");
        let faults = folder(setup.folder(), "new");
        setup.env(fault::VARIABLE, &faults.display().to_string())
    }

    /// Lets the old or the new process act at a step of its own.
    fn arm(&self, which: &str, step: &str, act: &str) -> PathBuf {
        let place = folder(self.program.setup().folder(), which);
        let place = place.join(format!("takeover.{which}.{step}"));
        fs::write(&place, act).unwrap();
        place
    }

    /// Waits until a process answers clients and operators.
    async fn serves(&self, program: &Program, case: &str) {
        let new = json!({ "Name": "svc", "EndpointType": "URL", "UrlEndpoint": { "Url": "http://127.0.0.1:1" } });
        let services = format!("{}/services", self.application);
        until(&format!("{case}: it answers operators"), async || {
            call(program, "POST", &services, &new).await.status == 200
        })
        .await;
        assert_eq!(reqwest::get(&self.url).await.unwrap().status(), 200, "{case}");
        assert_eq!(program.get("/readyz").await.status, 200, "{case}");
    }
}

/// The folder in which places of a process are armed.
fn folder(data: &Path, which: &str) -> PathBuf {
    let folder = data.join(which);
    fs::create_dir_all(&folder).unwrap();
    folder
}

async fn killed(step: &str) {
    let mut running = Running::start().await;
    running.arm("old", step, "");
    let new = running.next().start().await;
    assert!(!running.program.ended().await.success(), "{step}: it was killed");
    running.serves(&new, step).await;
}

async fn told_to_stop(step: &str) {
    let mut running = Running::start().await;
    let place = running.arm("old", step, fault::STOP);
    let (next, pid) = (running.next(), running.program.pid());
    let (new, ()) = tokio::join!(next.start(), async {
        until("the old one stands still", async || {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            !place.exists() && stat.rsplit(") ").next().unwrap().starts_with('T')
        })
        .await;
        signal("TERM", pid);
        signal("CONT", pid);
    });
    let ended = running.program.ended().await;
    assert!(ended.success(), "{step}: {}", running.program.log());
    running.serves(&new, step).await;
}

async fn new_one_killed(step: &str) {
    let running = Running::start().await;
    running.arm("new", step, "");
    let (code, log) = running.next().run().await;
    assert_eq!(code, None, "{step}: it was killed: {log}");
    running.serves(&running.program, step).await;
    // And the next one takes over.
    let new = running.next().start().await;
    running.serves(&new, step).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_process_that_is_killed_at_any_step_leaves_the_new_one() {
    let mut cases: JoinSet<()> = OLD.into_iter().map(killed).collect();
    while let Some(ended) = cases.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_process_that_is_told_to_stop_at_any_step_leaves_the_new_one() {
    let mut cases: JoinSet<()> = OLD.into_iter().map(told_to_stop).collect();
    while let Some(ended) = cases.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_process_that_is_killed_at_any_step_leaves_the_old_one() {
    let mut cases: JoinSet<()> = NEW.into_iter().map(new_one_killed).collect();
    while let Some(ended) = cases.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_process_waits_for_the_end_of_one_that_stops_already() {
    let mut running = Running::of(setup().env("DRAIN_DELAY_SECONDS", "1")).await;
    running.program.terminate();
    until("it stops", async || running.program.get("/readyz").await.status == 503).await;
    let new = running.next().start().await;
    assert!(running.program.ended().await.success(), "{}", running.program.log());
    running.serves(&new, "stopping").await;
}
