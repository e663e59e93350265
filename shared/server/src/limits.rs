//! Every bound on what one client can make a service spend.

use std::time::Duration;

use runtime::{Limits, ServerLimits};

/// The largest body, in bytes. The largest valid one, a post of 10,000 characters that are all
/// written as two `\u` escapes, takes half of it.
pub(crate) const BODY_BYTES: usize = 256 * 1024;
/// For how long a client may take to send a body.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(10);
/// For how long a request may be worked on after its body has arrived.
pub(crate) const WORK_TIME: Duration = Duration::from_secs(12);
/// For how much longer a write may be worked on whose commit is under way when its time is up.
pub(crate) const SETTLE_TIME: Duration = Duration::from_secs(2);
/// How long the store may take to show that it is there.
pub(crate) const READY_TIME: Duration = Duration::from_secs(2);
/// What the connections of clients may cost. Requests under way may take so long to finish once the program stops.
pub(crate) const fn server(stop: Duration) -> ServerLimits {
    ServerLimits {
        connections_per_worker: 4096,
        head: Duration::from_secs(5),
        // Longer than the 60 s of AWS' load balancers, so that they never send a request to a connection that is just
        // being closed.
        idle: Duration::from_secs(75),
        // A client that keeps to the other limits gets a byte of an answer in time: after the longest idle time come a
        // head, a body and the work.
        connection: Limits {
            quiet: Duration::from_secs(75 + 5 + 10 + 12 + 2 + 3),
            take: Duration::from_secs(30),
        },
        linger: Duration::from_secs(1),
        stop,
    }
}
/// How long to wait before asking again, in seconds, said in `Retry-After`.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 1;
/// The most rows of a page.
pub(crate) const PAGE_ROWS: usize = 1_000;
/// The rows of a page, if the client does not say how many.
pub(crate) const PAGE_ROWS_DEFAULT: usize = 100;
