//! The file that a store is in.

use std::fs::metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// A database file, by its path and by what was there when it was opened.
#[derive(Clone, Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl DatabaseFile {
    /// The file at this path, which exists.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        // A relative path would lead elsewhere once the program changed its folder.
        let path = std::path::absolute(path)?;
        Ok(Self { identity: identity(&path)?, path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether its path still leads to it. SQLite would go on writing to a file that was deleted or moved away, and
    /// those writes would be lost.
    pub(super) fn still_there(&self) -> Result<(), StoreError> {
        match identity(&self.path) {
            Ok(found) if found == self.identity => Ok(()),
            Ok(_) => Err(self.gone("another file is there now")),
            Err(error) => Err(self.gone(&error.to_string())),
        }
    }

    fn gone(&self, how: &str) -> StoreError {
        let path = self.path.display();
        let message = format!("{path} was deleted or moved away ({how}); start the program again");
        StoreError::unavailable(io::Error::other(message))
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    metadata(path).map(|file| (file.dev(), file.ino()))
}
