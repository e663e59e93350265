//! A new process takes over from the one that runs on the same data folder, and no request fails.
//!
//! The two talk over a Unix socket in the data folder (`wire`). The new process asks (`taking`), the old one gives
//! (`giving`):
//!
//! 1. The new process has read its configuration. It says `take 1` and its process id.
//! 2. The old one lets no more operations of the control plane begin, waits for those under way, and closes the file with
//!    the state. Its applications and its control port serve on; operations are 503. It sends `yes` and its listening
//!    sockets, that of the control port first. A reason not to is `no` with the reason.
//! 3. The new one opens the state, takes traffic on the same sockets, and makes all that it needs to serve. It changes
//!    nothing in the state that the old one keeps in memory. Then it says `ready`; or `failed` with the reason.
//! 4. The old one takes no more connections of the control port, and says `go`.
//! 5. The new one says `serves`, takes up what was unfinished, and serves the control port. The old one drains
//!    (`DataPlane::drain`). When no request can begin there any more it says `quiet`, and when it ends, the socket does.
//!
//! Until `serves` the old process goes on if the new one fails or is gone: it opens the state again. If the old one is
//! gone before `yes`, the new one asks again, and binds the ports itself if no process is there. If the old one is gone
//! later, the new one has all that it needs. An old process that was told to stop before `take` does not answer: the new
//! one waits for its end.
//!
//! Until `quiet` a change of routes waits in the new process, since the old one does not learn of it. Until its end, no
//! ownership is handed over, and reads go to the primary (`proxy::Beside`).
//!
//! Afterwards a supervisor can ask with `why` and the process id what a new process said when it failed.

mod giving;
mod reason;
mod taking;
mod wire;

pub(crate) use giving::{GivenOver, Giving};
pub use reason::why_not_taken_over;
pub(crate) use taking::{TakenOver, ask};

/// The socket in the data folder.
const SOCKET: &str = "takeover.sock";
/// What the new process says first: with the version of what they say, and its process id.
const TAKE: &str = "take 1 ";
/// The old one gives; so many sockets follow.
const YES: &str = "yes";
/// The old one does not give, and why.
const NO: &str = "no";
/// The new one takes traffic, and can serve.
const READY: &str = "ready";
/// The new one does not come so far, and why.
const FAILED: &str = "failed ";
/// The old one gives up control.
const GO: &str = "go";
/// The new one has control.
const SERVES: &str = "serves";
/// No request begins at the old one any more.
const QUIET: &str = "quiet";
/// Asks what the process of this id said when it failed.
const WHY: &str = "why ";
