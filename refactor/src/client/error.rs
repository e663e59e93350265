//! Why the control port gave no answer that can be used: facts, from which a command line makes advice.

use std::error::Error;
use std::fmt;

use http::StatusCode;

/// Why there is no answer.
#[derive(Debug)]
pub enum ClientError {
    /// There is no connection.
    NotReached {
        /// The URL of the control port.
        url: String,
        /// What kept it from being made.
        why: Unreached,
        /// The same in the words of the system or library that tried.
        cause: String,
    },
    /// It was asked, and there was no answer: what it was told may be done all the same.
    NoAnswer {
        /// The URL of the control port.
        url: String,
        /// What went wrong.
        cause: String,
    },
    /// It refuses the keys, or the signature that is made with them.
    Keys(String),
    /// It refuses what it is told.
    Refused {
        /// The status of its answer.
        status: StatusCode,
        /// Why, and what helps.
        message: String,
    },
    /// Something answers that is no control port.
    Stranger {
        /// What was asked.
        url: String,
        /// What came.
        answer: String,
    },
    /// The request cannot be signed.
    Unsigned(String),
}

/// What keeps a connection from being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// No TLS is spoken there.
    NoTls,
    /// The certificate is none that is trusted.
    Certificate,
    /// Anything else: nothing listens, or there is no way.
    Network,
}

impl ClientError {
    /// What kept a request from being answered.
    pub(super) fn of(url: &str, error: reqwest::Error) -> Self {
        let url = url.to_owned();
        if !error.is_connect() {
            return Self::NoAnswer { url, cause: runtime::chain(&error.without_url()) };
        }
        let cause = first_cause(&error);
        let why = match &cause {
            tls if tls.contains("InvalidContentType") => Unreached::NoTls,
            tls if tls.contains("certificate") => Unreached::Certificate,
            _ => Unreached::Network,
        };
        Self::NotReached { url, why, cause }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReached { url, cause, .. } => {
                write!(f, "the control plane at {url} is not reached ({cause})")
            }
            Self::NoAnswer { url, cause } => write!(
                f,
                "the control plane at {url} gave no answer: {cause}; what it was told may be done all the same"
            ),
            Self::Keys(message) | Self::Refused { message, .. } => f.write_str(message),
            Self::Stranger { url, answer } => {
                write!(f, "what answers at {url} is no control port of `refactor`: {answer}")
            }
            Self::Unsigned(cause) => write!(f, "the request cannot be signed: {cause}"),
        }
    }
}

impl Error for ClientError {}

/// The first cause of an error.
fn first_cause(mut error: &dyn Error) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
