//! `banyan status`: what runs, and whether it is ready.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use reqwest::Client;
use tokio::runtime;

use crate::board::{self, Seat};
use crate::process::{is_ready, is_there};
use crate::{DEFAULT_DATA_DIR, hold, moves, pause};

/// Exit code 0 where everything is ready, 1 otherwise.
pub(crate) fn run(data_dir: &Path) -> Result<ExitCode, String> {
    let holder = hold::running(data_dir)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let client = server::http_client(false).map_err(|error| format!("cannot ask: {error}"))?;
    let (states, routes, moves) = runtime.block_on(async {
        let states = states(&holder.seats, data_dir, &client).await;
        let routes = routes(&holder.seats, data_dir, &client).await;
        (states, routes, moves(&holder.seats, data_dir, &client).await)
    });
    println!("`banyan up` runs on {} with the process id {}.\n", data_dir.display(), holder.pid);
    print!("{}\n{routes}\n{moves}", table(&holder.seats, data_dir, states.iter().copied()));
    let well = states.iter().all(|state| [READY, STOPPED].contains(state));
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const READY: &str = "ready";
/// As somebody wanted it.
const STOPPED: &str = "stopped";

async fn states(seats: &[Seat], data_dir: &Path, client: &Client) -> Vec<&'static str> {
    let mut states = Vec::new();
    for seat in seats {
        states.push(if pause::marker(data_dir, &seat.name).exists() {
            if is_there(seat).await { "stopping" } else { STOPPED }
        } else if is_ready(seat, client).await {
            READY
        } else {
            "not ready"
        });
    }
    states
}

/// The programs, a line each.
pub(crate) fn table(
    seats: &[Seat],
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
    // Whoever serves every path has all collections; its docs begin with the first.
    let own = |seat: &&Seat| !["", "/"].contains(&seat.path.as_str());
    let first = seats.iter().find(own).map_or("/api", |seat| &seat.path);
    let mut text = String::new();
    for (seat, state) in seats.iter().zip(states) {
        let (name, url) = (&seat.name, seat.url());
        let more = match seat.path.as_str() {
            "" => format!("for the AWS CLI: eval \"$({banyan} env{folder})\""),
            "/" => format!("{url}{first}/docs"),
            path => format!("{url}{path}/docs"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:10}{url}  {state:10}{more}");
    }
    text
}

/// Who owns each collection and who follows, a line each; or why that is not known.
pub(crate) async fn moves(seats: &[Seat], data_dir: &Path, client: &Client) -> String {
    let Some(control) = board::refactor(seats) else { return String::new() };
    let found = async {
        let keys = refactor::Keys::read(&board::refactor_folder(data_dir))?;
        refactor::Client::new(client.clone(), control.url(), keys).moves().await
    };
    match found.await {
        Ok(found) => moves::table(&found),
        Err(error) => format!("  who owns which collection is not known: {error}\n"),
    }
}

/// Where the proxy sends each path, a line each; or why that is not known.
pub(crate) async fn routes(seats: &[Seat], data_dir: &Path, client: &Client) -> String {
    let Some(control) = board::refactor(seats) else { return String::new() };
    let traffic = async {
        let keys = refactor::Keys::read(&board::refactor_folder(data_dir))?;
        refactor::Client::new(client.clone(), control.url(), keys).traffic().await
    };
    match traffic.await {
        Ok(routes) => {
            let width = routes.iter().map(|route| route.from.len()).max().unwrap_or_default();
            let line = |route: refactor::Traffic| {
                let refactor::Traffic { from, state, service, to } = route;
                let note = if state == "ACTIVE" { String::new() } else { format!(", {state}") };
                format!("  {from:width$}  -> {to}  ({service}{note})\n")
            };
            routes.into_iter().map(line).collect()
        }
        Err(error) => format!("  where the paths go is not known: {error}\n"),
    }
}
