//! Holding a data folder: one `up` at a time, and its process id can be read.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::board::Endpoint;

const FILE: &str = "up.json";
/// Longer than `status` takes to look.
const GLANCE: Duration = Duration::from_millis(100);

/// The `up` that runs on a data folder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LockHolder {
    pub(crate) pid: u32,
    pub(crate) endpoints: Vec<Endpoint>,
}

/// The folder is ours until this is dropped, or the process ends in whatever way.
pub(crate) struct DataDirLock(File);

impl DataDirLock {
    /// Takes the folder; makes it where it does not exist.
    ///
    /// # Errors
    /// Names the process that holds it, or says why it cannot be written to.
    pub(crate) fn take(data_dir: &Path) -> Result<Self, String> {
        let shown = data_dir.display();
        let trouble = |error| {
            format!("cannot write to the data folder {shown}: {error}; choose one with --data-dir")
        };
        files::make_folder(data_dir).map_err(trouble)?;
        let file = files::open(&data_dir.join(FILE)).map_err(trouble)?;
        // `status` takes the lock for a moment, to see whether an `up` holds it.
        let locked = file.try_lock().or_else(|_held| {
            sleep(GLANCE);
            file.try_lock()
        });
        match locked {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::Error(error)) => Err(trouble(error)),
            Err(TryLockError::WouldBlock) => {
                let by = read(&file).map_or_else(
                    || "another `banyan up`, which is just starting".to_owned(),
                    |holder| {
                        let first = holder.endpoints.first().map(Endpoint::url).unwrap_or_default();
                        format!("`banyan up` with the process id {} at {first}", holder.pid)
                    },
                );
                Err(format!("{shown} is held by {by}; stop that one, or choose another --data-dir"))
            }
        }
    }

    /// Lets other commands see which process holds the folder.
    pub(crate) fn announce(&mut self, endpoints: &[Endpoint]) -> Result<(), String> {
        let holder = LockHolder { pid: std::process::id(), endpoints: endpoints.to_vec() };
        let json = serde_json::to_string(&holder).map_err(|error| error.to_string())?;
        let file = &mut self.0;
        let written = file.set_len(0).and_then(|()| file.rewind());
        let written = written.and_then(|()| file.write_all(json.as_bytes()));
        written.map_err(|error| format!("cannot write {FILE} in the data folder: {error}"))
    }
}

/// The process that runs on this folder now.
///
/// # Errors
/// Says that there is none, and what starts a board there.
pub(crate) fn running(data_dir: &Path) -> Result<LockHolder, String> {
    let shown = data_dir.display();
    holder(data_dir).ok_or_else(|| {
        format!("nothing runs on {shown}; `banyan up --data-dir {shown}` starts the board there")
    })
}

/// The process that runs on this folder now, if there is one.
pub(crate) fn holder(data_dir: &Path) -> Option<LockHolder> {
    let file = File::open(data_dir.join(FILE)).ok()?;
    // If the lock can be taken, no `up` holds the folder.
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| read(&file)).flatten()
}

fn read(mut file: &File) -> Option<LockHolder> {
    let mut json = String::new();
    file.read_to_string(&mut json).ok()?;
    serde_json::from_str(&json).ok()
}
