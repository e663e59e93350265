//! Why a service gave no answer.

use std::time::Duration;
use std::{fmt, io};

use http1::Malformed;

/// Why a service gave no answer.
#[derive(Debug)]
pub(crate) enum UpstreamError {
    /// It is known to be down; when to ask again.
    Down(Duration),
    /// So many requests are under way there that it gets no more now: nothing was sent.
    Busy(usize),
    /// No connection, or no TLS on it: nothing was sent.
    Unreachable(io::Error),
    /// No connection: its certificate is not accepted. With the name of its own authority, if it has one.
    Untrusted(io::Error, Option<String>),
    /// No connection in time.
    Unconnected,
    /// The connection ended before the answer began.
    Broken(io::Error),
    /// What came is no answer.
    Garbage(Malformed),
    /// The fields of the answer are larger than so many bytes.
    LargeHead(usize),
    /// No answer in time.
    Late,
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down(pause) => write!(f, "left alone for {} ms more", pause.as_millis()),
            Self::Busy(most) => write!(f, "{most} requests are under way there"),
            Self::Unreachable(cause) => write!(f, "no connection: {cause}"),
            Self::Untrusted(cause, None) => write!(f, "no connection: {cause}"),
            Self::Untrusted(cause, Some(authority)) => {
                write!(f, "no connection: {cause}; its only authority is banyan:ca={authority}")
            }
            Self::Unconnected => f.write_str("no connection in time"),
            Self::Broken(cause) => write!(f, "the connection ended before the answer: {cause}"),
            Self::Garbage(Malformed(what)) => f.write_str(what),
            Self::LargeHead(most) => write!(f, "more than {most} bytes of header fields"),
            Self::Late => f.write_str("no answer in time"),
        }
    }
}
