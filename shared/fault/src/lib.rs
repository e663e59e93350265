//! Named places where a test can make a program crash, as a power cut would, or stand still.
//!
//! In a debug build, a program that runs with `BANYAN_FAULTS=FOLDER` looks at each place for a file with the place's name
//! in that folder. If it is there, the program removes it and aborts. So a test arms one place of one program while the
//! program runs, and after the restart the program passes that place. If the file says `stop`, the program stands still
//! until it gets the signal `CONT`, like a program on a machine that froze. In a release build, a place does nothing.
//!
//! ```
//! fn write(row: &str) {
//!     fault::point("store.insert.before-commit");
//!     // The row is stored here.
//!     fault::point("store.insert.committed");
//! }
//! ```

/// The variable that names the folder.
pub const VARIABLE: &str = "BANYAN_FAULTS";

/// The content of a file at whose place the program stands still.
pub const STOP: &str = "stop";

/// Aborts or stops the process if a test has armed this place, such as `store.handover.before-commit`.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    use std::path::PathBuf;
    use std::sync::OnceLock;

    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| std::env::var_os(VARIABLE).map(PathBuf::from));
    let Some(file) = folder.as_ref().map(|folder| folder.join(name)) else { return };
    let Ok(says) = std::fs::read_to_string(&file) else { return };
    // The caller that removes the file acts; if two pass at once, only one can remove it.
    if std::fs::remove_file(file).is_err() {
        return;
    }
    eprintln!("fault: {name}");
    if says != STOP {
        std::process::abort();
    }
    let kill = format!("kill -STOP {}", std::process::id());
    let stopped = std::process::Command::new("/bin/sh").args(["-c", &kill]).status();
    assert!(stopped.is_ok_and(|status| status.success()), "fault: {name}: it cannot stand still");
}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub fn point(_: &str) {}
