//! Why a new process did not take over: what it said itself.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::wire::Wire;
use super::{SOCKET, WHY};

/// How long the process that runs may take to answer. It opens its state again before that.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// What a process that was to take over in this data folder said when it failed; `None` if it said nothing to the one
/// that runs, or none runs. Blocks for at most 5 s.
pub fn why_not_taken_over(folder: &Path, process: u32) -> Option<String> {
    let wire = Wire::new(UnixStream::connect(folder.join(SOCKET)).ok()?);
    wire.allow(Some(ANSWER_TIME)).ok()?;
    wire.say(&format!("{WHY}{process}")).ok()?;
    wire.hear().ok().flatten().filter(|reason| !reason.is_empty())
}
