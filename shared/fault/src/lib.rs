//! Named places where a test can make a program crash, as a power cut would.
//!
//! In a debug build a program that runs with `BANYAN_FAULTS=FOLDER` looks, at each place, for a file of
//! the place's name in that folder, takes it away and aborts. So a test arms one place of one program
//! while it runs, and the program that is started again passes it. In a release build there is nothing.

/// The variable that names the folder.
pub const VARIABLE: &str = "BANYAN_FAULTS";

/// Aborts the process where a test has armed this place, such as `store.grant.before-commit`.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    use std::path::PathBuf;
    use std::sync::OnceLock;

    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| std::env::var_os(VARIABLE).map(PathBuf::from));
    // Whoever takes the file away is the one that crashes; of two that pass at once it is one.
    if folder.as_ref().is_some_and(|folder| std::fs::remove_file(folder.join(name)).is_ok()) {
        eprintln!("fault: {name}");
        std::process::abort();
    }
}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub fn point(_: &str) {}
