//! `banyan stop` and `banyan start`: one program of a board that runs.

use std::path::Path;
use std::process::ExitCode;

use reqwest::Client;
use tokio::time::sleep;

use crate::marker::{POLL, forget, marker, stands_still};
use crate::process::is_ready;
use crate::{board, lock};

/// Stops the program, and waits until it has ended; or starts it again, and waits until it is ready.
pub(crate) async fn change(
    data_dir: &Path,
    name: &str,
    stops: bool,
    http: Client,
) -> Result<ExitCode, String> {
    let shown = data_dir.display();
    let holder = lock::running(data_dir)?;
    let endpoint = board::find(&holder.endpoints, name);
    let endpoint = endpoint.ok_or_else(|| format!("there is no program {name} on {shown}"))?;
    let marker = marker(data_dir, name);
    let changed = if stops { files::open(&marker).map(drop) } else { forget(data_dir, &[name]) };
    changed.map_err(|error| format!("cannot write to {shown}: {error}"))?;
    loop {
        if lock::holder(data_dir).is_none() {
            return Err(format!("`banyan up` ended on {shown}"));
        }
        let done = if stops { stands_still(&marker) } else { is_ready(endpoint, &http).await };
        if done {
            println!("{name} is {}", if stops { "stopped" } else { "ready" });
            return Ok(ExitCode::SUCCESS);
        }
        sleep(POLL).await;
    }
}
