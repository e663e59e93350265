//! The header of the WAL index: whether anything was written since a moment.
//!
//! Every reader of a database in WAL mode takes its snapshot from this header (sqlite.org/walformat.html, 2.2). A commit becomes visible
//! by writing a new one, whichever connection or process commits: the second copy first, then the first. So while
//! the first copy stays the same, no reader has seen anything newer.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The size of one copy of the header, in bytes.
const HEADER: usize = 48;

/// What a SQLite file held at a moment. If two are equal, nothing was written between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot([u8; HEADER]);

/// The index of a database that is open.
///
/// Its file is never closed: that would take away the locks which SQLite holds on it in this process (fcntl(2)).
#[derive(Debug)]
pub(super) struct WalIndex(ManuallyDrop<File>);

impl WalIndex {
    /// The index of the database at this path, which a connection has open.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push("-shm");
        File::open(name).map(|file| Self(ManuallyDrop::new(file)))
    }

    /// What the database holds now; `None` if that cannot be read.
    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        let mut header = [0; HEADER];
        self.0.read_exact_at(&mut header, 0).ok()?;
        Some(Snapshot(header))
    }
}
