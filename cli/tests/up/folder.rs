//! A data folder, and what runs on it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use crate::banyan::{Banyan, Ended};
use crate::board::Board;

/// A data folder of a test's own, not made yet. When this is dropped, every program on it is killed.
pub(crate) struct Folder {
    temporary: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { temporary: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.parent().join("data")
    }

    /// The folder in which `banyan` is started; the data folder is made there.
    pub(crate) fn parent(&self) -> &Path {
        self.temporary.path()
    }

    /// `banyan` with these arguments alone, and nothing in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
        command.args(arguments).env_clear().current_dir(self.parent());
        command
    }

    /// Starts `banyan` with these arguments, on this folder.
    pub(crate) fn banyan(&self, arguments: &[&str]) -> Banyan {
        let mut command = self.command(arguments);
        command.arg("--data-dir").arg(self.data());
        Banyan::start(command)
    }

    /// Starts `banyan` with these arguments, on this folder, and waits until it has ended.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.banyan(arguments).ended().await
    }

    /// The board that `banyan up` runs on this folder.
    pub(crate) async fn up(&self) -> Board {
        let _alone = alone().await;
        Board::of(self.banyan(&["up", "--port-base", "0"])).await
    }

    /// Makes the services the primaries of these collections.
    pub(crate) async fn switch(&self, collections: &[&str]) {
        for collection in collections {
            let switched = self.run(&["switch", collection, "--force"]).await;
            assert_eq!(switched.code, Some(0), "{}", switched.stderr);
        }
    }

    /// The process id of every program that runs on this folder, no matter what started it.
    pub(crate) fn programs(&self) -> BTreeMap<String, u32> {
        programs(self.parent())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for (name, pid) in self.programs() {
            if thread::panicking() {
                let log = self.data().join("logs").join(format!("{name}.log"));
                eprintln!("--- log of {name} ---\n{}", fs::read_to_string(log).unwrap_or_default());
            }
            // If this fails, it has ended by itself.
            let _ = Command::new("sh").args(["-c", &format!("kill -KILL {pid}")]).status();
        }
    }
}

/// While this is held, no other test starts a board.
///
/// `up` chooses free ports and lets go of them before its programs take them: two that start at the
/// same time could choose the same.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    static STARTING: Mutex<()> = Mutex::const_new(());
    STARTING.lock().await
}

/// The programs that have their database, their state or their log below this folder. A process that has ended, and whose
/// parent does not wait for it, is not among them: its environment is gone.
fn programs(data: &Path) -> BTreeMap<String, u32> {
    let processes = fs::read_dir("/proc").expect("there is /proc").filter_map(Result::ok);
    let programs = processes.filter_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let environment = fs::read(process.path().join("environ")).ok()?;
        let environment = String::from_utf8_lossy(&environment);
        let value = |name| environment.split('\0').find_map(|it| it.strip_prefix(name));
        let place = value("DATABASE_URL=sqlite:").or_else(|| value("DATA_DIR="));
        let place = place.or_else(|| value("LOG_FILE="))?;
        let place = Path::new(place).strip_prefix(data).ok()?;
        Some((place.file_stem()?.to_str()?.to_owned(), pid))
    });
    programs.collect()
}
