//! Room on the disk for what takes a collection away from it.
//!
//! A store whose disk is full takes no writes, and could not even write down that another one owns its collections. So a
//! file lies beside the database that is given up for that, and only for that.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// More than all steps of a move write, with room for the database's log to grow in.
const BYTES: usize = 512 * 1024;

/// The file that keeps the room.
#[derive(Debug)]
pub(super) struct Reserve(PathBuf);

impl Reserve {
    /// The one beside this database.
    pub(super) fn of(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-reserve");
        Self(path.into())
    }

    /// Makes it, if it is not there. Where there is no room for it, says so, and the store does without.
    pub(super) fn keep(&self) {
        let whole = fs::symlink_metadata(&self.0).is_ok_and(|file| file.len() == BYTES as u64);
        if !whole && let Err(error) = self.make() {
            self.give_up();
            let path = self.0.display();
            log::warn!("store: {path}: no room is kept for a move off a full disk: {error}");
        }
    }

    fn make(&self) -> io::Result<()> {
        let mut file = files::open(&self.0)?;
        // A file of zeros may take no room.
        let bytes: Vec<u8> = (0..BYTES).map(|_| fastrand::u8(..)).collect();
        file.write_all(&bytes)?;
        file.sync_all()
    }

    /// Gives the room back to the disk.
    pub(super) fn give_up(&self) {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                log::warn!("store: {}: {error}", self.0.display());
            }
            _ => {}
        }
    }
}
