//! `banyan status`: what runs, and whether it is ready.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use tokio::runtime;

use crate::board::Seat;
use crate::hold;
use crate::process::is_ready;

/// Exit code 0 where everything is ready, 1 otherwise.
pub(crate) fn run(data_dir: &Path) -> Result<ExitCode, String> {
    let Some(holder) = hold::holder(data_dir) else {
        let shown = data_dir.display();
        return Err(format!(
            "nothing runs on {shown}; `banyan up --data-dir {shown}` starts the board there"
        ));
    };
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let states = runtime.block_on(states(&holder.seats))?;
    let all_ready = states.iter().all(|state| *state == READY);
    println!("`banyan up` runs on {} with the process id {}.\n", data_dir.display(), holder.pid);
    print!("{}", table(&holder.seats, states));
    Ok(if all_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const READY: &str = "ready";

async fn states(seats: &[Seat]) -> Result<Vec<&'static str>, String> {
    let client = server::http_client(false).map_err(|error| format!("cannot ask: {error}"))?;
    let mut states = Vec::new();
    for seat in seats {
        let ready = is_ready(seat, &client).await;
        states.push(if ready { READY } else { "not ready" });
    }
    Ok(states)
}

/// The programs, a line each.
pub(crate) fn table(seats: &[Seat], states: impl IntoIterator<Item = &'static str>) -> String {
    // Whoever serves every path has all collections; its docs begin with the first.
    let first = seats.iter().find(|seat| seat.path != "/").map_or("/api", |seat| &seat.path);
    let mut text = String::new();
    for (seat, state) in seats.iter().zip(states) {
        let (name, url) = (&seat.name, seat.url());
        let path = if seat.path == "/" { first } else { &seat.path };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:10}{url}  {state:10}{url}{path}/docs");
    }
    text
}
