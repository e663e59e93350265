//! Why a request has no caller.

use std::time::Duration;

/// Why a request has no caller. None of the texts shows a part of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It carries no bearer token.
    Absent,
    /// It carries several tokens, or something that cannot be one (RFC 6750, 3.1: `invalid_request`).
    Malformed(&'static str),
    /// The token is not good (RFC 6750, 3.1: `invalid_token`), and why.
    Invalid(&'static str),
    /// The keys of the issuer cannot be read, so it is not known whether the token is good.
    NoKeys,
    /// So many wrong tokens came from this address that no further one is checked for so long.
    Flood(Duration),
}
