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
        self.temporary.path().join("data")
    }

    /// Starts `banyan` with these arguments, on this folder.
    pub(crate) fn banyan(&self, arguments: &[&str]) -> Banyan {
        let data = self.data();
        let data = ["--data-dir", data.to_str().expect("a temporary folder's name is text")];
        Banyan::start(&[arguments, &data].concat())
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

    /// The process id of every program that runs on this folder, whoever started it.
    pub(crate) fn programs(&self) -> BTreeMap<String, u32> {
        programs(&self.data())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for (name, pid) in self.programs() {
            if thread::panicking() {
                let log = self.data().join("logs").join(format!("{name}.log"));
                eprintln!("--- log of {name} ---\n{}", fs::read_to_string(log).unwrap_or_default());
            }
            // Where this fails it has ended by itself.
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
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

/// The programs that have their database in this folder. A process that has ended, and is waited for
/// by nobody, is not among them: its environment is gone.
fn programs(data: &Path) -> BTreeMap<String, u32> {
    let processes = fs::read_dir("/proc").expect("there is /proc").filter_map(Result::ok);
    let programs = processes.filter_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let environment = fs::read(process.path().join("environ")).ok()?;
        let environment = String::from_utf8_lossy(&environment);
        let database = environment.split('\0').find_map(|it| it.strip_prefix("DATABASE_URL="))?;
        let database = Path::new(database.strip_prefix("sqlite:")?).strip_prefix(data).ok()?;
        Some((database.file_stem()?.to_str()?.to_owned(), pid))
    });
    programs.collect()
}
