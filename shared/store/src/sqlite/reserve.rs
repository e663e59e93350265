//! Room on the disk for what takes a collection away from it.
//!
//! A store whose disk is full takes no writes, and could not even write down that another one owns its collections. So a
//! file lies beside the database that is given up for that, and only for that.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How much is kept, in bytes: the first that there is room for. Each is more than all steps of a move write, and the
/// largest leaves room for a start and for the database's log to grow in.
const SIZES: [usize; 3] = [512 * 1024, 256 * 1024, 128 * 1024];

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

    /// Makes it, if it is not there, or smaller than it should be. If there is no room for it, logs that, and the
    /// store does without.
    pub(super) fn keep(&self) {
        let found = files::open(&self.0).and_then(|file| file.metadata());
        let has = found.map_or(0, |file| file.len());
        if has == SIZES[0] as u64 {
            return;
        }
        let mut failed = None;
        for bytes in SIZES {
            match self.make(bytes) {
                Ok(()) => return,
                Err(error) => failed = Some(error),
            }
        }
        self.give_up();
        if let Some(error) = failed {
            let path = self.0.display();
            log::warn!("store: {path}: no room is kept for a move off a full disk: {error}");
        }
    }

    fn make(&self, bytes: usize) -> io::Result<()> {
        let mut file = files::open(&self.0)?;
        // A file of zeros may take no room.
        let noise: Vec<u8> = (0..bytes).map(|_| fastrand::u8(..)).collect();
        file.write_all(&noise)?;
        // A larger one may have been begun.
        file.set_len(bytes as u64)?;
        file.sync_all()
    }

    /// Gives the room back to the disk. Says whether there was any.
    pub(super) fn give_up(&self) -> bool {
        match fs::remove_file(&self.0) {
            Ok(()) => true,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    log::warn!("store: {}: {error}", self.0.display());
                }
                false
            }
        }
    }
}
