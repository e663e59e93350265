//! Folders and files with their modes.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::check;

/// The mode of a folder.
const FOLDER_MODE: u32 = 0o700;
/// The mode of a file.
const FILE_MODE: u32 = 0o600;

/// Makes the folder and those above it, or narrows the mode of one that is there.
///
/// # Errors
/// If it is a symbolic link or no folder, belongs to another user, or cannot be made.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path);
    // Its own error for a link that leads nowhere says only that something is there.
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(check::link());
    }
    made?;
    let folder = open_as_is(path, OpenOptions::new().read(true), OFlags::DIRECTORY)?;
    check::narrow(&folder, FOLDER_MODE)
}

/// Opens a file to read and write, and makes it if there is none. What it holds stays.
///
/// # Errors
/// If it is a symbolic link or no regular file, belongs to another user, or cannot be opened.
pub fn open(path: &Path) -> io::Result<File> {
    open_private(path, OpenOptions::new().read(true).write(true).create(true).truncate(false))
}

/// Opens a file that is there to read and write. What it holds stays.
///
/// # Errors
/// As [`open`]; also if there is none.
pub fn open_existing(path: &Path) -> io::Result<File> {
    open_private(path, OpenOptions::new().read(true).write(true))
}

/// Opens a file to write at its end, and makes it if there is none.
///
/// # Errors
/// As [`open`].
pub fn append(path: &Path) -> io::Result<File> {
    open_private(path, OpenOptions::new().append(true).create(true))
}

/// Makes the file of a SQLite database if there is none, so that SQLite finds one with the right mode; its log and its
/// index take the mode of the database (sqlite.org/tempfiles.html, 2.2 and 2.3).
///
/// # Errors
/// As [`open`].
pub fn make_database(path: &Path) -> io::Result<()> {
    open(path)?;
    for end in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(end);
        match open_existing(Path::new(&beside)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The text of a file that holds a secret.
///
/// # Errors
/// As [`open`]; also if other users can read it, since then it is no secret any more: the message says which mode it has.
pub fn read_secret(path: &Path) -> io::Result<String> {
    let mut file = open_as_is(path, OpenOptions::new().read(true), OFlags::NONBLOCK)?;
    check::is_regular(&file)?;
    let mode = file.metadata()?.mode() & 0o777;
    if mode & !FILE_MODE != 0 {
        return Err(check::refused(format!(
            "it holds a secret and has mode {mode:04o}, so that others can read it; run chmod 600 {}",
            path.display()
        )));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Writes a whole file: all of it or nothing, on disk when this returns.
///
/// # Errors
/// As [`open`].
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = Path::new(&unfinished);
    let mut file = open(unfinished)?;
    file.set_len(0)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(unfinished, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Without O_NONBLOCK, a named pipe without a reader would be waited for.
    let file = open_as_is(path, options.mode(FILE_MODE), OFlags::NONBLOCK)?;
    check::is_regular(&file)?;
    check::narrow(&file, FILE_MODE)?;
    Ok(file)
}

/// Opens what is there itself, and nothing that it leads to.
fn open_as_is(path: &Path, options: &mut OpenOptions, flags: OFlags) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | flags).bits();
    let file = options.custom_flags(flags.cast_signed()).open(path).map_err(|error| {
        let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        if is_link { check::link() } else { error }
    })?;
    check::owner(&file)?;
    Ok(file)
}
