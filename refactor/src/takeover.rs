//! A new process takes over from the one that runs on the same data folder, and no request fails.
//!
//! The two talk over a Unix socket in the data folder (`wire`). The new process asks (`taking`), the old one gives
//! (`giving`):
//!
//! 1. The new process has read its configuration. It says `take 1`.
//! 2. The old one lets no more operations of the control plane begin, waits for those under way, and closes the file with
//!    the state. Its applications and its control port serve on; operations are 503. It sends `yes` and its listening
//!    sockets, that of the control port first. A reason not to is `no` with the reason.
//! 3. The new one opens the state, takes traffic on the same sockets, and says `ready`. If it does not come so far, the old
//!    one opens the state again and goes on. Else it takes no more connections of the control port, and answers `go`.
//! 4. The new one takes up what was unfinished, and serves the control port. The old one drains (`DataPlane::drain`). When
//!    no request can begin there any more it says `quiet`, and when it ends, the socket does.
//!
//! Until `quiet` a change of routes waits in the new process, since the old one does not learn of it. Until its end, no
//! ownership is handed over, and reads go to the primary (`proxy::Beside`).

mod giving;
mod taking;
mod wire;

pub(crate) use giving::{Given, Giving};
pub(crate) use taking::{Taken, ask};

/// The socket in the data folder.
const SOCKET: &str = "takeover.sock";
/// What the new process says first: with the version of what they say.
const TAKE: &str = "take 1";
/// The old one gives; so many sockets follow.
const YES: &str = "yes";
/// The old one does not give, and why.
const NO: &str = "no";
/// The new one takes traffic.
const READY: &str = "ready";
/// The old one ends.
const GO: &str = "go";
/// No request begins at the old one any more.
const QUIET: &str = "quiet";
