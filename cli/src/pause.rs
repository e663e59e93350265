//! `banyan stop` and `banyan start`: one program of a board that runs.
//!
//! A program that is to stand still has a file in the data folder; `up` looks for it. Once the program has ended, and
//! will not be started again, `up` writes so into the file: an address where nothing listens may be that of a program
//! that crashed, and is about to be started.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::process::is_ready;
use crate::supervisor::POLL;
use crate::{board, lock};

/// The file that says that a program is to stand still.
pub(crate) fn marker(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join(format!("{name}.stopped"))
}

/// What `up` writes into it when the program stands still.
const STANDS_STILL: &str = "stopped\n";

/// Waits until the program is told to stand still.
pub(crate) async fn is_told(marker: &Path) {
    while !marker.exists() {
        sleep(POLL).await;
    }
}

/// Says that the program stands still, and waits until it is to run again.
pub(crate) async fn stand_still(marker: &Path) {
    while marker.exists() {
        // Told to start and to stop again, the program stands still as before, and the file is another one.
        if !stands_still(marker) {
            // Only in a file that is there: one that is made here would outlast a `start`. If it cannot be written, the
            // next round tries again.
            let _ = files::open_existing(marker)
                .and_then(|mut file| file.write_all(STANDS_STILL.as_bytes()));
        }
        sleep(POLL).await;
    }
}

/// Whether `up` says that the program stands still.
pub(crate) fn stands_still(marker: &Path) -> bool {
    fs::read(marker).is_ok_and(|content| content == STANDS_STILL.as_bytes())
}

/// Lets all programs run again, as they do when `up` starts.
pub(crate) fn forget(data_dir: &Path, names: &[impl AsRef<str>]) -> io::Result<()> {
    for name in names {
        match fs::remove_file(marker(data_dir, name.as_ref())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Stops the program, and waits until it has ended.
pub(crate) fn stop(data_dir: &Path, name: &str) -> Result<ExitCode, String> {
    change(data_dir, name, true)
}

/// Starts it again, and waits until it is ready.
pub(crate) fn start(data_dir: &Path, name: &str) -> Result<ExitCode, String> {
    change(data_dir, name, false)
}

fn change(data_dir: &Path, name: &str, stops: bool) -> Result<ExitCode, String> {
    let shown = data_dir.display();
    let holder = lock::running(data_dir)?;
    let endpoint = board::find(&holder.endpoints, name);
    let endpoint = endpoint.ok_or_else(|| format!("there is no program {name} on {shown}"))?;
    let marker = marker(data_dir, name);
    let changed = if stops { files::open(&marker).map(drop) } else { forget(data_dir, &[name]) };
    changed.map_err(|error| format!("cannot write to {shown}: {error}"))?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let client = runtime::http_client(false).map_err(|error| format!("cannot ask: {error}"))?;
    runtime.block_on(async {
        loop {
            if lock::holder(data_dir).is_none() {
                return Err(format!("`banyan up` ended on {shown}"));
            }
            let done =
                if stops { stands_still(&marker) } else { is_ready(endpoint, &client).await };
            if done {
                println!("{name} is {}", if stops { "stopped" } else { "ready" });
                return Ok(ExitCode::SUCCESS);
            }
            sleep(POLL).await;
        }
    })
}
