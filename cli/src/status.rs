//! `banyan status`: what runs, and whether it is ready.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use refactor::{Move, Traffic};
use reqwest::Client;

use crate::board::{self, Endpoint};
use crate::data_dir::DEFAULT_DATA_DIR;
use crate::process::is_ready;
use crate::{lock, marker, moves};

/// Exit code 0 where every program is ready or was stopped by command, and the control plane answers; 1 otherwise.
pub(crate) async fn run(data_dir: &Path, client: Client) -> Result<ExitCode, String> {
    let holder = lock::running(data_dir)?;
    let states = states(&holder.endpoints, data_dir, &client).await;
    let told = Told::ask(&holder.endpoints, data_dir, &client).await;
    println!("`banyan up` runs on {} with the process id {}.\n", data_dir.display(), holder.pid);
    print!("{}\n{}", table(&holder.endpoints, data_dir, states.iter().copied()), told.shown());
    let ready = states.iter().all(|state| [READY, STOPPED].contains(state));
    Ok(if ready && told.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const READY: &str = "ready";
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
            "not ready"
        });
    }
    states
}

/// The programs, a line each.
pub(crate) fn table(
    endpoints: &[Endpoint],
    data_dir: &Path,
    states: impl IntoIterator<Item = &'static str>,
) -> String {
    // As this program was called, so that what is printed can be pasted.
    let banyan = std::env::args().next().unwrap_or_else(|| "banyan".to_owned());
    let folder = if data_dir == Path::new(DEFAULT_DATA_DIR) {
        String::new()
    } else {
        format!(" --data-dir {}", data_dir.display())
    };
    // A program that serves every path has all collections; its docs begin with the first.
    let own = |endpoint: &&Endpoint| !["", "/"].contains(&endpoint.path.as_str());
    let first = endpoints.iter().find(own).map_or("/api", |endpoint| &endpoint.path);
    let mut text = String::new();
    for (endpoint, state) in endpoints.iter().zip(states) {
        let (name, url) = (&endpoint.name, endpoint.url());
        let more = match endpoint.path.as_str() {
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
pub(crate) struct Told {
    routes: Result<Vec<Traffic>, String>,
    moves: Result<Vec<Move>, String>,
}

impl Told {
    pub(crate) async fn ask(endpoints: &[Endpoint], data_dir: &Path, client: &Client) -> Self {
        match board::control(endpoints, data_dir, client.clone()) {
            Ok(control) => Self { routes: control.traffic().await, moves: control.moves().await },
            Err(error) => Self { routes: Err(error.clone()), moves: Err(error) },
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
                format!("{routes}\n{moves}")
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
