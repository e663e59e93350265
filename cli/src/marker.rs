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

/// The file that says that a program is to be restarted. `up` removes it when that is done, or writes into it why not.
pub(crate) fn restart(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join(format!("{name}.restart"))
}

/// Says that a restart is over, as it went. A file that cannot be written is that of a command which waits in vain.
pub(crate) fn restarted(restart: &Path, done: Result<(), &str>) {
    let _ = match done {
        Ok(()) => fs::remove_file(restart),
        Err(why) => {
            files::open_existing(restart).and_then(|mut file| file.write_all(why.as_bytes()))
        }
    };
}

/// Waits until there is such a file that nothing was written into.
pub(crate) async fn is_asked(restart: &Path) {
    while !fs::metadata(restart).is_ok_and(|found| found.len() == 0) {
        sleep(POLL).await;
    }
}

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
    let files = names.iter().map(AsRef::as_ref);
    for file in files.flat_map(|name| [marker(data_dir, name), restart(data_dir, name)]) {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
