//! What a file or folder must be before anything is read from it or written to it.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use rustix::process::geteuid;

/// The system's own user, which can read and write everything anyway.
const ROOT: u32 = 0;

pub(super) fn owner(file: &File) -> io::Result<()> {
    let (owner, user) = (file.metadata()?.uid(), geteuid().as_raw());
    if is_trusted(owner, user) {
        return Ok(());
    }
    Err(refused(format!(
        "it belongs to user {owner}, and this program runs as user {user}; run it as that user, or choose another place"
    )))
}

fn is_trusted(owner: u32, user: u32) -> bool {
    owner == user || owner == ROOT
}

pub(super) fn is_regular(file: &File) -> io::Result<()> {
    if file.metadata()?.is_file() {
        return Ok(());
    }
    Err(refused("it is no regular file; remove it, or choose another place".to_owned()))
}

/// Takes from others what `mode` does not give them. A folder or file of root's stays as it is: the user that mounts a volume
/// for a container chooses its mode.
pub(super) fn narrow(file: &File, mode: u32) -> io::Result<()> {
    let found = file.metadata()?;
    if found.mode() & 0o077 & !mode == 0 || found.uid() != geteuid().as_raw() {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(found.mode() & mode))
}

pub(super) fn link() -> io::Error {
    refused("it is a symbolic link, which is not followed; name what it leads to".to_owned())
}

pub(super) fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

#[cfg(test)]
mod tests {
    use super::{ROOT, is_trusted};

    #[test]
    fn only_the_user_itself_and_root_are_trusted() {
        assert!(is_trusted(1_000, 1_000) && is_trusted(ROOT, 1_000));
        assert!(!is_trusted(1_001, 1_000));
        assert!(!is_trusted(1_000, ROOT), "a user could lead root to any file");
    }
}
