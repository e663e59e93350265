//! Why a program did not do what it was asked.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::{ErrorCode, PROTOCOL};

/// A program that was asked, and why it did not do what it was asked. It says what is so; what helps depends on the
/// program that asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerError {
    /// The collection's URL at the program.
    pub url: String,
    /// What is wrong.
    pub fault: PeerFault,
}

/// What is wrong with a program that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerFault {
    /// It was not asked: there is no token to show it.
    NoToken,
    /// There is no connection, or it broke.
    Unreachable {
        /// What the connection says.
        cause: String,
        /// Whether the request may have arrived.
        sent: bool,
    },
    /// It takes connections and does not answer.
    Silent {
        /// In this time.
        within: Duration,
    },
    /// It began an answer, and then sent nothing more.
    Stalled {
        /// In this time.
        within: Duration,
    },
    /// It began an answer, and did not end it.
    Slow {
        /// In this time, from the request on.
        within: Duration,
    },
    /// 404: it takes another token, or it has no such collection.
    Unknown,
    /// 4xx: it did not do it, and says why.
    Refused {
        /// The status.
        status: u16,
        /// Why, if it says so in a way that this version knows.
        code: Option<ErrorCode>,
        /// Its own words.
        detail: String,
    },
    /// Any other status.
    Failed {
        /// The status.
        status: u16,
        /// Why, if it says so in a way that this version knows.
        code: Option<ErrorCode>,
        /// Its own words, if it has any.
        detail: Option<String>,
    },
    /// An answer that cannot be read.
    Unreadable {
        /// What is wrong with it.
        what: String,
    },
    /// It is another store than the one that was known there.
    OtherStore {
        /// The store that answers.
        found: String,
    },
    /// It speaks another protocol.
    OtherProtocol {
        /// The number that it speaks.
        found: u32,
    },
}

impl PeerError {
    /// Whether it certainly did not do what it was asked. If not, it may have.
    pub fn is_sure(&self) -> bool {
        matches!(
            self.fault,
            PeerFault::NoToken
                | PeerFault::Unreachable { sent: false, .. }
                | PeerFault::Unknown
                | PeerFault::Refused { .. }
        )
    }

    /// Whether no whole answer came: there was no connection, it broke, or the time ran out.
    pub fn is_silent(&self) -> bool {
        matches!(
            self.fault,
            PeerFault::Unreachable { .. }
                | PeerFault::Silent { .. }
                | PeerFault::Stalled { .. }
                | PeerFault::Slow { .. }
        )
    }

    /// Whether it may pass without any action of a person.
    pub fn heals(&self) -> bool {
        match self.fault {
            PeerFault::Unreachable { .. }
            | PeerFault::Silent { .. }
            | PeerFault::Stalled { .. }
            | PeerFault::Slow { .. }
            | PeerFault::Failed { .. }
            | PeerFault::Unreadable { .. }
            | PeerFault::OtherStore { .. } => true,
            PeerFault::Refused { status, .. } => status != 409,
            PeerFault::NoToken | PeerFault::Unknown | PeerFault::OtherProtocol { .. } => false,
        }
    }
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.url, self.fault)
    }
}

impl fmt::Display for PeerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken => f.write_str("is not asked without a token"),
            Self::Unreachable { cause, .. } => write!(f, "cannot be reached ({cause})"),
            Self::Silent { within } => {
                write!(f, "takes connections and does not answer within {} ms", within.as_millis())
            }
            Self::Stalled { within } => {
                let ms = within.as_millis();
                write!(f, "began an answer, and sent no more of it in time ({ms} ms)")
            }
            Self::Slow { within } => {
                write!(f, "began an answer, and did not end it in time ({} ms)", within.as_millis())
            }
            Self::Unknown => f.write_str("answers 404"),
            Self::Refused { detail, .. } => write!(f, "refuses: {detail}"),
            Self::Failed { status, detail: None, .. } => write!(f, "answers {status}"),
            Self::Failed { status, detail: Some(detail), .. } => {
                write!(f, "answers {status}: {detail}")
            }
            Self::Unreadable { what } => write!(f, "gives an unexpected response ({what})"),
            Self::OtherStore { found } => {
                write!(f, "is another store ({found}) than the one that was known there")
            }
            Self::OtherProtocol { found } => {
                write!(f, "speaks protocol {found} of moves, and this program speaks {PROTOCOL}")
            }
        }
    }
}

impl Error for PeerError {}
