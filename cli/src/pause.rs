//! `banyan stop`, `banyan start` and `banyan restart`: one program of a board that runs.

use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};

use reqwest::Client;
use tokio::time::sleep;

use crate::board::Endpoint;
use crate::marker::{self, POLL, forget, marker, stands_still};
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
    let endpoint = running(data_dir, name)?;
    let marker = marker(data_dir, name);
    let changed = if stops { files::open(&marker).map(drop) } else { forget(data_dir, &[name]) };
    changed.map_err(|error| format!("cannot write to {shown}: {error}"))?;
    loop {
        if lock::holder(data_dir).is_none() {
            return Err(format!("`banyan up` ended on {shown}"));
        }
        let done = if stops { stands_still(&marker) } else { is_ready(&endpoint, &http).await };
        if done {
            println!("{name} is {}", if stops { "stopped" } else { "ready" });
            return Ok(ExitCode::SUCCESS);
        }
        sleep(POLL).await;
    }
}

/// Restarts the program, and waits until it is ready and the earlier one has ended.
pub(crate) async fn restart(data_dir: &Path, name: &str, http: Client) -> Result<ExitCode, String> {
    let shown = data_dir.display();
    let endpoint = running(data_dir, name)?;
    if marker(data_dir, name).exists() {
        return Err(format!("{name} is stopped; `banyan start {name}` starts it again"));
    }
    let restart = marker::restart(data_dir, name);
    forget_restart(&restart)
        .and_then(|()| files::open(&restart).map(drop))
        .map_err(|error| format!("cannot write to {shown}: {error}"))?;
    loop {
        if lock::holder(data_dir).is_none() {
            return Err(format!("`banyan up` ended on {shown}"));
        }
        match fs::read_to_string(&restart) {
            Ok(why) if !why.is_empty() => {
                // If it stays, the next restart removes it.
                let _ = forget_restart(&restart);
                return Err(why);
            }
            Ok(_) => {}
            Err(_) if is_ready(&endpoint, &http).await => break,
            Err(_) => {}
        }
        sleep(POLL).await;
    }
    println!("{name} is restarted");
    Ok(ExitCode::SUCCESS)
}

fn forget_restart(restart: &Path) -> io::Result<()> {
    match fs::remove_file(restart) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A program of the board that runs.
fn running(data_dir: &Path, name: &str) -> Result<Endpoint, String> {
    let holder = lock::running(data_dir)?;
    let endpoint = board::find(&holder.endpoints, name).cloned();
    endpoint.ok_or_else(|| format!("there is no program {name} on {}", data_dir.display()))
}
