//! Open files: each connection is one.

use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows this process as many open files as it may allow itself. The lower limit that it starts with is
/// there for programs that still call `select`.
pub(crate) fn allow_all() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        log::warn!("no more than {current:?} files can be open at once: {error}");
    }
}

/// Whether a connection failed because this machine ran out of something: files (of the process or of the system) or
/// ports. Such a failure says nothing about the other machine.
pub(crate) fn are_short(error: &io::Error) -> bool {
    let code = Errno::from_io_error(error);
    matches!(code, Some(Errno::MFILE | Errno::NFILE | Errno::ADDRNOTAVAIL))
}

#[cfg(test)]
mod tests {
    use rustix::process::{Resource, getrlimit};

    #[test]
    fn all_files_that_may_be_open_are_allowed() {
        super::allow_all();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
