//! Every bound on what one client of the control port can make it spend.

use std::time::Duration;

use runtime::{Limits, ServerLimits};

/// The largest body, in bytes: a policy of 300,000 characters, each written as an escape.
pub(super) const BODY_BYTES: usize = 2 * 1024 * 1024;
/// The most bytes of all bodies together whose signature is not checked yet.
pub(crate) const UNSIGNED_BYTES: usize = 16 * 1024 * 1024;
/// The largest body of a request for a service that is not here; only the name of its operation is read.
pub(super) const FOREIGN_BYTES: usize = 64 * 1024;
/// For how long a client may take to send the head of a request.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(5);
/// For how long a client may take to send a body.
pub(super) const BODY_TIME: Duration = Duration::from_secs(10);
/// For how long a connection may be idle between requests.
pub(super) const IDLE_TIME: Duration = Duration::from_secs(75);
/// For how long an answer may wait for a client that takes it slowly.
const TAKE_TIME: Duration = Duration::from_secs(30);
/// The most connections at once; one client gets three quarters of them.
pub(super) const CONNECTIONS: usize = 256;
/// The same of the port that has the metrics alone.
pub(super) const SCRAPES: usize = 32;
/// The threads that take requests; what blocks runs on others.
pub(super) const WORKERS: usize = 1;
/// How many requests may block at once: waiting for a health check, or for a stack.
pub(super) const BLOCKING_THREADS: usize = 32;
// Held answers keep a thread each, and most threads have to stay free for other requests.
const _: () = assert!(cloudformation::HELD_ANSWERS * 4 <= BLOCKING_THREADS);
/// What the connections of clients may cost, if requests under way have `drain` to finish once the program was told to stop.
pub(super) fn server(drain: Duration) -> ServerLimits {
    ServerLimits {
        // More than there are places, so that one without a place is closed and does not wait.
        connections_per_worker: 4 * CONNECTIONS,
        head: HEAD_TIME,
        idle: IDLE_TIME,
        // A request that is carried out may take longer.
        connection: Limits { quiet: IDLE_TIME + HEAD_TIME + BODY_TIME, take: TAKE_TIME },
        linger: Duration::from_secs(1),
        stop: drain,
    }
}
/// The longest region, in characters.
pub(super) const REGION: usize = 64;
