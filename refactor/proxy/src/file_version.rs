//! Whether a file is another one than before.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What tells one version of a file from another: its number, its time, and its size.
pub(crate) type FileVersion = (u64, i64, i64, u64);

/// The version of a file; none if it is not there.
pub(crate) fn file_version(path: &Path) -> Option<FileVersion> {
    let found = fs::metadata(path).ok()?;
    Some((found.ino(), found.mtime(), found.mtime_nsec(), found.size()))
}
