//! What a data plane is told from outside.

use std::ops::RangeInclusive;
use std::thread;

use http1::FIELDS_BYTES;
use public_urls::{PublicHosts, TrustedProxies};

use super::certificate::Certificate;
use super::limits::{HEADER_BYTES, Patience, UPSTREAM_CONNECTIONS};
use super::private_authorities::PrivateAuthorities;

/// What holds for all applications.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many threads answer requests.
    pub workers: usize,
    /// The most connections of clients at once.
    pub connections: usize,
    /// The most requests that may be under way at one upstream if a route does not say it.
    pub upstream_connections: usize,
    /// The most tunnels at once, such as WebSockets; each is a connection too.
    pub tunnels: usize,
    /// The largest body of a request, in bytes, if a route does not say it.
    pub upload_limit_bytes: u64,
    /// The most bytes of fields that a request may have.
    pub request_header_bytes: usize,
    /// The most bytes of fields that an answer may have, if a route does not say it.
    pub answer_header_bytes: usize,
    /// How long services may take if a route does not say it.
    pub patience: Patience,
    /// The names that are answered; none: every one.
    pub public_hosts: Option<PublicHosts>,
    /// The proxies in front that are believed about how a request came.
    pub trusted_proxies: TrustedProxies,
    /// With it, all ports of applications speak TLS, and nothing else.
    pub certificate: Option<Certificate>,
    /// The private authorities that services may name.
    pub authorities: PrivateAuthorities,
    /// Whether an earlier run may have carried writes, which this one knows nothing of.
    pub runs_again: bool,
    /// Whether other processes carry writes of the same clients at the same time. Then a read that does not say how far
    /// it must be is answered by the primary: what another process carried is not known here.
    pub others_write: bool,
}

impl Settings {
    /// How many bytes of fields the heads of requests and answers may be allowed.
    pub const HEADER_BYTES: RangeInclusive<usize> = HEADER_BYTES;
}

impl Default for Settings {
    /// A worker a core, 20,000 connections, 1,024 to an upstream, 12,000 tunnels, bodies of any size, 64 KiB of fields; no proxy in front is believed; no TLS.
    fn default() -> Self {
        Self {
            workers: thread::available_parallelism().map_or(2, usize::from),
            connections: 20_000,
            upstream_connections: UPSTREAM_CONNECTIONS,
            tunnels: 12_000,
            upload_limit_bytes: u64::MAX,
            request_header_bytes: FIELDS_BYTES,
            answer_header_bytes: FIELDS_BYTES,
            patience: Patience::default(),
            public_hosts: None,
            trusted_proxies: TrustedProxies::default(),
            certificate: None,
            authorities: PrivateAuthorities::default(),
            runs_again: false,
            others_write: false,
        }
    }
}
