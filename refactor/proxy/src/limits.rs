//! Every bound on what a client or a service can make the proxy spend.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use runtime::BackOff;

/// The most interim answers before an answer; more is 502.
pub(crate) const INTERIM_ANSWERS: usize = 16;
/// The most bytes of heads of interim answers that the client of one request gets.
pub(crate) const HINT_BYTES: usize = 16 * 1024;
/// How long a client that waits to be told to send its body waits for its service's word at most; then the proxy asks for
/// the body.
pub(crate) const CONTINUE_TIME: Duration = Duration::from_secs(1);
/// The most empty lines before a request.
pub(crate) const EMPTY_LINES: usize = 64;
/// How many bytes the fields of a head may be allowed.
pub(crate) const HEADER_BYTES: RangeInclusive<usize> = 1_024..=1_048_576;
/// For how long a client may take to send the head of a request.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(5);
/// For how long the tasks of one client run on a worker before those of others have their turn.
pub(crate) const TURN_TIME: Duration = Duration::from_micros(100);
/// The most TLS handshakes with clients at once; each has [`HEAD_TIME`], and no client gets all of them.
pub(crate) const HANDSHAKES: usize = 4_096;
/// How much room for answers an HTTP/1 connection keeps when all of it is sent, in bytes.
pub(crate) const KEPT_OUTPUT_BYTES: usize = 64 * 1024;
/// How often the files of a certificate are looked at.
pub(crate) const CERTIFICATE_TIME: Duration = Duration::from_secs(5);
/// For how long a client may pause within a body.
pub(crate) const BODY_PAUSE: Duration = Duration::from_secs(10);
/// For how long a client that sends a body may be slower than [`BODY_RATE`] on average.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(120);
/// How much of a body must come, in bytes a second.
pub(crate) const BODY_RATE: u32 = 1024;
/// For how long a connection may be idle between requests; longer than the 60 s of AWS' load balancers.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(75);
/// For how long a part of an answer may wait for a client that takes it slowly.
pub(crate) const TAKE_TIME: Duration = Duration::from_secs(30);
/// For how long a connection that is refused in the middle of a body is still read, so that its
/// client gets to see the answer.
pub(crate) const LINGER_TIME: Duration = Duration::from_secs(1);
/// How many bytes are read meanwhile. A client writes on until it looks for an answer, and what the system keeps for it and
/// for us is some megabytes: if any of it is left unread, the client sees a reset in place of its answer.
pub(crate) const LAST_BYTES: usize = 16 * 1024 * 1024;
/// The same for a stream of HTTP/2, whose connection goes on.
pub(crate) const LINGER_BYTES: usize = 256 * 1024;
/// How long the client of a WebSocket that was told to go may take to go.
pub(crate) const CLOSE_TIME: Duration = Duration::from_secs(5);
/// The most requests at once on one HTTP/2 connection.
pub(crate) const STREAMS: u32 = 100;
/// The most requests that may be under way at one upstream, unless a setting or a tag says another number. Many servers take
/// 1,024 connections and more.
pub(crate) const UPSTREAM_CONNECTIONS: usize = 1_024;
/// For how long a request waits for a place at its upstream; then 503.
pub(crate) const PLACE_TIME: Duration = Duration::from_secs(1);
/// The most requests that wait for a place at one upstream; more are 503 at once.
pub(crate) const WAITING_PLACES: usize = 1_024;
/// After how many seconds a client may ask again that found no place.
pub(crate) const BUSY_RETRY_SECONDS: u64 = 1;
/// The most bytes of an answer that are read before its client takes them.
pub(crate) const AHEAD_BYTES: usize = 64 * 1024;
/// The same of all answers together whose clients are slow.
pub(crate) const ALL_AHEAD_BYTES: u64 = 64 * 1024 * 1024;
/// For how long a client may take over a part of an answer while another request waits for the place of that answer.
pub(crate) const STALL_TIME: Duration = Duration::from_secs(5);
/// How often it is looked whether another request waits, once that time is over.
pub(crate) const STALL_LOOK: Duration = Duration::from_millis(250);
/// The most idle connections that a worker keeps to one upstream.
pub(crate) const POOLED: usize = 256;
/// How long a pooled connection may be idle.
pub(crate) const POOL_TIME: Duration = Duration::from_secs(30);
/// How long the addresses of a name are believed.
pub(crate) const DNS_TIME: Duration = Duration::from_secs(60);
/// Failures in a row after which an upstream is taken to be down.
pub(crate) const FAILURES: u32 = 3;
/// For how long an upstream that is down is left alone. The longest time is how late a service that came back may be
/// noticed.
pub(crate) const BACK_OFF: BackOff =
    BackOff::new(Duration::from_millis(500), Duration::from_secs(5));
/// The most copies of reads at once, of all routes; a read beyond that is not mirrored.
pub(crate) const COPIES: usize = 64;
/// How long a copy may take with all that it waits for.
pub(crate) const COPY_TIME: Duration = Duration::from_secs(30);
/// Of how many mirrored reads one goes twice to the same side, to learn what differs by itself.
pub(crate) const REPEAT_EVERY: u64 = 100;
/// For how long a request may look for the primary of what it is about, in all its waits together.
pub(crate) const CHASE_TIME: Duration = Duration::from_secs(5);
/// The same for a read of which only the client says how far a service must have come: it may say anything.
pub(crate) const SAID_TIME: Duration = Duration::from_secs(1);
/// How long a write waits before it asks again. The longest wait is how late a new primary may be noticed.
pub(crate) const CHASE_PAUSE: BackOff =
    BackOff::new(Duration::from_millis(2), Duration::from_millis(25));
/// The same for a read, which asks every candidate after each wait: about 9 times in `SAID_TIME`, 25 in `CHASE_TIME`.
pub(crate) const READ_PAUSE: BackOff =
    BackOff::new(Duration::from_millis(10), Duration::from_millis(250));
/// After how many seconds a client may ask again that was told that no primary was found.
pub(crate) const CHASE_RETRY_SECONDS: u64 = 1;
/// The most writes at once that wait for a primary; one more is told at once to ask again.
pub(crate) const WAITING_WRITES: usize = 1_024;
/// The most reads at once that wait until a service has come far enough; one more is told the same.
pub(crate) const WAITING_READS: usize = 256;
/// The most reads at once that wait for what only their clients say; apart, so that they take no place of the others.
pub(crate) const WAITING_SAID: usize = 64;
/// The most bytes of bodies that are kept to be sent again, of all requests together.
pub(crate) const KEPT_BYTES: u64 = 64 * 1024 * 1024;
/// The most of them that one request takes. A longer one is sent once: its client is told to ask again if that is refused.
pub(crate) const KEPT_REQUEST_BYTES: usize = 10 * 1024 * 1024;
/// The most services that one request may be sent to.
pub(crate) const CANDIDATES: usize = 8;
/// The most primaries that are remembered of one route.
pub(crate) const PRIMARIES: usize = 1_024;
/// For how long a primary is remembered after it was found.
pub(crate) const PRIMARY_TIME: Duration = Duration::from_secs(60);
/// The most last writes that are remembered, the last ones: one to three for each client and first segment of a path.
pub(crate) const REMEMBERED_WRITES: usize = 131_072;
/// For how long a write is remembered: longer than a copy that answers reads can lag behind (30 s, `STALE` in
/// `shared/replication/src/follower/lag.rs`) and a read can take.
pub(crate) const REMEMBER_TIME: Duration = Duration::from_secs(60);
/// How many bytes are read of a discarded answer, so that its connection can be used again, and for how long.
pub(crate) const DISCARD_BYTES: usize = 64 * 1024;
pub(crate) const DISCARD_TIME: Duration = Duration::from_millis(100);

/// How long a route's requests may wait for its service.
///
/// A route's tags change them: `banyan:connect-ms`, `banyan:first-byte-ms`, `banyan:idle-ms` and
/// `banyan:event-idle-ms`, each from 1 to [`Patience::LONGEST_MS`] milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, with all the addresses of a name together.
    pub connect: Duration,
    /// From the end of the request to the head of the answer.
    pub first_byte: Duration,
    /// For the next part of an answer.
    pub idle: Duration,
    /// For the next part of a stream of events (`text/event-stream`).
    pub event_idle: Duration,
    /// For the next byte of a tunnel, such as a WebSocket, from either side.
    pub tunnel_idle: Duration,
}

impl Default for Patience {
    /// 2 s, 60 s, 60 s, and twice 10 min.
    fn default() -> Self {
        let [connect, first_byte, idle, long] = [2, 60, 60, 600].map(Duration::from_secs);
        Self { connect, first_byte, idle, event_idle: long, tunnel_idle: long }
    }
}

impl Patience {
    /// The longest time that can be asked for, in milliseconds: a day.
    pub const LONGEST_MS: u64 = 86_400_000;
    /// What the value of a tag must be.
    pub(crate) const TAKES: &str = "from 1 to 86400000 milliseconds";

    /// The value of a tag; none: it is not what it must be.
    pub(crate) fn parse(value: &str) -> Option<Duration> {
        let ms = value.parse().ok().filter(|ms| (1..=Self::LONGEST_MS).contains(ms));
        ms.map(Duration::from_millis)
    }

    /// These times, but for those that the tags set. Values that `tags.rs` refuses set nothing.
    pub(crate) fn tagged(self, tags: &BTreeMap<String, String>) -> Self {
        let time =
            |key: &str, known| tags.get(key).and_then(|value| Self::parse(value)).unwrap_or(known);
        Self {
            connect: time("banyan:connect-ms", self.connect),
            first_byte: time("banyan:first-byte-ms", self.first_byte),
            idle: time("banyan:idle-ms", self.idle),
            event_idle: time("banyan:event-idle-ms", self.event_idle),
            tunnel_idle: time("banyan:websocket-idle-ms", self.tunnel_idle),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::Patience;

    #[test]
    fn tags_change_the_times_of_a_route() {
        let tag = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let tags = tag("banyan:first-byte-ms", "250");
        let patience = Patience::default().tagged(&tags);
        assert_eq!(patience.first_byte, Duration::from_millis(250));
        assert_eq!(patience.connect, Patience::default().connect);
        assert_eq!(Patience::default().tagged(&tag("team", "x")), Patience::default());
        for value in ["0", "-1", "", "2s", "86400001"] {
            assert_eq!(Patience::parse(value), None, "{value}");
            assert_eq!(
                Patience::default().tagged(&tag("banyan:idle-ms", value)),
                Patience::default()
            );
        }
    }
}
