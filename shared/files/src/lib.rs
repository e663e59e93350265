//! Files and folders that hold data, keys or logs: private to the user that runs the program.
//!
//! Folders have mode 0700 and files 0600, whatever the umask is; one that was made wider before is narrowed when it is
//! opened. A symbolic link is never followed, and what belongs to another user is refused: else a folder that another
//! user prepared could lead a program to any file of its own user (CWE-59, CWE-377).
//!
//! ```
//! let place = tempfile::tempdir()?;
//! let folder = place.path().join("data");
//! files::make_folder(&folder)?;
//! files::replace(&folder.join("token"), b"secret")?;
//! assert_eq!(files::read_secret(&folder.join("token"))?, "secret");
//! # Ok::<(), std::io::Error>(())
//! ```

mod check;
mod log_file;
mod private;

pub use log_file::LogFile;
pub use private::{append, make_database, make_folder, open, open_existing, read_secret, replace};

#[cfg(test)]
mod tests;
