//! `banyan status`: what runs, and whether it is ready.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use refactor::{CanaryView, Move, Traffic};
use reqwest::Client;

use crate::board::{self, Endpoint};
use crate::control::{ControlArgs, ControlPlace, ControlPort};
use crate::data_dir::DEFAULT_DATA_DIR;
use crate::process::is_ready;
use crate::{lock, marker, moves};

/// Exit code 0 where every program is ready or was stopped by command, and the control plane answers; 1 otherwise.
pub(crate) async fn run(control: &ControlArgs, client: Client) -> Result<ExitCode, String> {
    match control.place()? {
        ControlPlace::Board(data_dir) => of_board(&data_dir, client).await,
        ControlPlace::Url(url) => of_port(&control.at(&url)?).await,
    }
}

/// A control plane that is no board's.
async fn of_port(port: &ControlPort) -> Result<ExitCode, String> {
    let told = ControlView::ask(Ok(port)).await;
    if let (Err(error), Err(_)) = (&told.routes, &told.moves) {
        return Err(error.clone());
    }
    let ready = port.is_ready().await;
    let state = if ready { READY } else { NOT_READY };
    print!("  {:10}{}  {state}\n\n{}", board::REFACTOR, port.url, told.shown());
    Ok(if ready && told.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The board that `banyan up` runs on a folder.
async fn of_board(data_dir: &Path, client: Client) -> Result<ExitCode, String> {
    let holder = lock::running(data_dir)?;
    let states = states(&holder.endpoints, data_dir, &client).await;
    let port = ControlPort::of_board(&holder.endpoints, data_dir, client);
    let told = ControlView::ask(port.as_ref()).await;
    println!("`banyan up` runs on {} with the process id {}.\n", data_dir.display(), holder.pid);
    print!("{}\n{}", table(&holder.endpoints, data_dir, states.iter().copied()), told.shown());
    let ready = states.iter().all(|state| [READY, STOPPED].contains(state));
    Ok(if ready && told.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const READY: &str = "ready";
const NOT_READY: &str = "not ready";
/// As a command wanted it.
const STOPPED: &str = "stopped";

async fn states(endpoints: &[Endpoint], data_dir: &Path, client: &Client) -> Vec<&'static str> {
    let mut states = Vec::new();
    for endpoint in endpoints {
        let marker = marker::marker(data_dir, &endpoint.name);
        states.push(if marker.exists() {
            if marker::stands_still(&marker) { STOPPED } else { "stopping" }
        } else if is_ready(endpoint, client).await {
            READY
        } else {
            NOT_READY
        });
    }
    states
}

/// As this program was called, so that what is printed can be pasted; and the option that names the folder.
fn called(data_dir: &Path) -> (String, String) {
    let banyan = std::env::args().next().unwrap_or_else(|| "banyan".to_owned());
    let folder = if data_dir == Path::new(DEFAULT_DATA_DIR) {
        String::new()
    } else {
        format!(" --data-dir {}", data_dir.display())
    };
    (banyan, folder)
}

/// The pages of the control plane, and what opens them.
pub(crate) fn console(endpoints: &[Endpoint], data_dir: &Path) -> String {
    let (banyan, folder) = called(data_dir);
    let url = board::refactor(endpoints).map(Endpoint::url).unwrap_or_default();
    format!("  console   {url}/console/\n  {:10}to sign in: {banyan} console --open{folder}\n", "")
}

/// The programs, a line each.
pub(crate) fn table(
    endpoints: &[Endpoint],
    data_dir: &Path,
    states: impl IntoIterator<Item = &'static str>,
) -> String {
    let (banyan, folder) = called(data_dir);
    // A program that serves every path has all collections; its docs begin with the first.
    let own = |endpoint: &&Endpoint| !["", "/"].contains(&endpoint.path.as_str());
    let first = endpoints.iter().find(own).map_or("/api", |endpoint| &endpoint.path);
    let mut text = String::new();
    for (endpoint, state) in endpoints.iter().zip(states) {
        let (name, url) = (&endpoint.name, endpoint.url());
        let more = match endpoint.path.as_str() {
            "" if *name == web::NAME => "the board in a browser".to_owned(),
            "" => format!("for the AWS CLI: eval \"$({banyan} env{folder})\""),
            "/" => format!("{url}{first}/docs"),
            path => format!("{url}{path}/docs"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:10}{url}  {state:10}{more}");
    }
    text
}

/// What the control plane says: where the proxy sends each path, and which program is primary for each collection.
pub(crate) struct ControlView {
    routes: Result<Vec<Traffic>, String>,
    moves: Result<Vec<Move>, String>,
    canaries: Vec<CanaryView>,
}

impl ControlView {
    pub(crate) async fn ask(port: Result<&ControlPort, &String>) -> Self {
        match port {
            Ok(port) => Self {
                routes: port.traffic().await,
                moves: port.moves().await,
                // A refactor before 0.2 knows none.
                canaries: port.canaries().await.unwrap_or_default(),
            },
            Err(error) => {
                Self { routes: Err(error.clone()), moves: Err(error.clone()), canaries: Vec::new() }
            }
        }
    }

    /// Whether it said all of it.
    fn is_whole(&self) -> bool {
        self.routes.is_ok() && self.moves.is_ok()
    }

    /// The moves, as far as they are known.
    pub(crate) fn moves(&self) -> &[Move] {
        self.moves.as_deref().unwrap_or_default()
    }

    /// A line for each path and each collection; or why that is not known.
    pub(crate) fn shown(&self) -> String {
        match (&self.routes, &self.moves) {
            (Err(error), Err(same)) if error == same => {
                format!("  the routes and the primaries are not known: {error}\n")
            }
            (routes, moves) => {
                let routes = match routes {
                    Ok(routes) => paths(routes),
                    Err(error) => format!("  where the paths go is not known: {error}\n"),
                };
                let moves = match moves {
                    Ok(moves) => moves::table(moves),
                    Err(error) => format!("  the primaries are not known: {error}\n"),
                };
                format!("{routes}{}\n{moves}", canaries(&self.canaries))
            }
        }
    }
}

/// The service to which the proxy sends each path, a line each.
fn paths(routes: &[Traffic]) -> String {
    let width = routes.iter().map(|route| route.from.len()).max().unwrap_or_default();
    let line = |route: &Traffic| {
        let Traffic { from, state, service, to } = route;
        let note = if state == "ACTIVE" { String::new() } else { format!(", {state}") };
        format!("  {from:width$}  -> {to}  ({service}{note})\n")
    };
    routes.iter().map(line).collect()
}

/// The canaries that rise by themselves, a line each.
fn canaries(canaries: &[CanaryView]) -> String {
    let line = |canary: &CanaryView| {
        let CanaryView { path, service, steps, percent, requests, failed, .. } = canary;
        let what = match &canary.rolled_back {
            Some(back) => format!("rolled back from {} %: {}", back.percent, back.reason),
            None => {
                let steps = steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                format!("steps {steps}; {failed} of {requests} reads failed in this step")
            }
        };
        format!("  canary {path}  {percent} % to {service}, {what}\n")
    };
    canaries.iter().map(line).collect()
}
