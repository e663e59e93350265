//! Named places where a test can make a program crash, as a power cut would, or stand still.
//!
//! In a debug build a program that runs with `BANYAN_FAULTS=FOLDER` looks, at each place, for a file of
//! the place's name in that folder, takes it away and aborts. So a test arms one place of one program
//! while it runs, and the program that is started again passes it. If the file says `stop`, the
//! program stands still instead, as on a machine that froze, until it gets the signal `CONT`. In a
//! release build there is nothing.

/// The variable that names the folder.
pub const VARIABLE: &str = "BANYAN_FAULTS";

/// What a file says at whose place the program is to stand still.
pub const STOP: &str = "stop";

/// Aborts or stops the process where a test has armed this place, such as `store.handover.before-commit`.
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
