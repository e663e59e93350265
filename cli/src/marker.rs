//! The file in the data folder that says that a program is to stand still; `up` looks for it. Once the program has ended,
//! and will not be started again, `up` writes so into the file: an address without a listener may be that of a program
//! that crashed, and is about to be started.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;

/// How often a file is looked for, and a program asked whether it is ready.
pub(crate) const POLL: Duration = Duration::from_millis(50);

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
