//! Every bound on what one client of the control port can make it spend.

use std::time::Duration;

/// The largest body, in bytes: a policy of 300,000 characters, each written as an escape.
pub(super) const BODY_BYTES: usize = 2 * 1024 * 1024;
/// For how long a client may take to send the head of a request.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(5);
/// For how long a client may take to send a body.
pub(super) const BODY_TIME: Duration = Duration::from_secs(10);
/// For how long a connection may be idle between requests.
pub(super) const IDLE_TIME: Duration = Duration::from_secs(75);
/// The most connections at once.
pub(super) const CONNECTIONS: usize = 256;
/// The same of the port that has the metrics alone.
pub(super) const SCRAPES: usize = 32;
/// The threads that take requests; what blocks runs on others.
pub(super) const WORKERS: usize = 1;
/// How many requests may block at once: waiting for a health check, or for a stack.
pub(super) const BLOCKING_THREADS: usize = 32;
// Held answers keep a thread each, and most threads have to stay free for other requests.
const _: () = assert!(cloudformation::HELD_ANSWERS * 4 <= BLOCKING_THREADS);
/// The longest region, in characters.
pub(super) const REGION: usize = 64;
