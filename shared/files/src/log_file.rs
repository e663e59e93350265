//! A log that does not grow without end.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

/// The size at which a log begins anew, in bytes. Two of them are kept: the one that is written, and the one before.
const LARGEST: u64 = 8 * 1024 * 1024;

/// A log file: lines go to its end. When it is full, what it holds becomes `NAME.1`, and it begins anew.
///
/// It stays the same file all along, so that what is written to it from elsewhere (the standard error of the same
/// process) stays in order with it.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    largest: u64,
}

impl LogFile {
    /// Opens the log, and makes it if there is none.
    ///
    /// # Errors
    /// As [`crate::open`].
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::with_largest(path, LARGEST)
    }

    pub(super) fn with_largest(path: &Path, largest: u64) -> io::Result<Self> {
        let file = crate::append(path)?;
        let size = file.metadata()?.len();
        // The program may change its folder later.
        Ok(Self { path: std::path::absolute(path)?, file, size, largest })
    }

    /// Removes what earlier runs wrote.
    ///
    /// # Errors
    /// If that cannot be done.
    pub fn begin_anew(path: &Path) -> io::Result<()> {
        crate::append(path)?.set_len(0)?;
        match fs::remove_file(before(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Keeps what is there as the log before. If that fails it is dropped: a full disk must not fill up with logs, nor
    /// stop the program.
    fn rotate(&mut self) -> io::Result<()> {
        let kept = self.keep();
        self.file.set_len(0)?;
        self.size = 0;
        if let Err(error) = kept {
            let line = format!("the earlier lines of this log could not be kept: {error}\n");
            self.append(line.as_bytes())?;
        }
        Ok(())
    }

    fn keep(&self) -> io::Result<()> {
        let mut full = crate::open(&self.path)?;
        let mut before = crate::open(&before(&self.path))?;
        before.set_len(0)?;
        full.rewind()?;
        io::copy(&mut full, &mut before).map(drop)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.size += bytes.len() as u64;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.size > 0 && self.size + bytes.len() as u64 > self.largest {
            self.rotate()?;
        }
        self.append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn before(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}
