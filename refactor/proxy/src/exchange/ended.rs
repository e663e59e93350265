//! How an exchange ends without an answer of a service.

use crate::problem::Problem;

/// Why the client gets no answer of a service.
pub(super) enum Ended {
    /// The proxy answers: with its greeting, or with a problem.
    Greeting,
    Problem(Problem),
    /// The client went away, or the answer broke off: no problem document can be sent.
    Gone,
}
