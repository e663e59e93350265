//! What requests know of each other about who owns what they are about.
//!
//! A service that is moved is there twice: one copy owns the data, the other follows it. Who owns it stands in the
//! services and nowhere else; a service that is asked for what it does not own answers 421 and has stored nothing.
//! What is kept here only saves detours: it is never what decides.

mod epochs;
mod kept;
mod position;
mod primaries;
mod writes;

use tokio::sync::Semaphore;

pub use epochs::Epoch;
pub(crate) use epochs::Epochs;
pub(crate) use kept::{Budget, Kept};
pub(crate) use position::Position;
pub(crate) use primaries::Primaries;
pub(crate) use writes::{Client, Write, Writes};

use crate::limits::{KEPT_BYTES, WAITING_READS, WAITING_SAID, WAITING_WRITES};

/// What all requests of a data plane share.
#[derive(Debug)]
pub(crate) struct Ownership {
    /// Places for writes that wait for a primary.
    pub(crate) waiting_writes: Semaphore,
    /// Places for reads that wait for what was written through here, or for a primary.
    pub(crate) waiting_reads: Semaphore,
    /// Places for reads that wait for what only their clients say; apart, so that no client can take those of others
    /// with a position that never comes.
    pub(crate) waiting_said: Semaphore,
    /// Room for bodies that may have to be sent again.
    pub(crate) kept: Budget,
    /// Who wrote lately.
    pub(crate) writes: Writes,
}

impl Ownership {
    /// `runs_again`: whether an earlier run may have carried writes.
    pub(crate) fn new(runs_again: bool) -> Self {
        Self {
            waiting_writes: Semaphore::new(WAITING_WRITES),
            waiting_reads: Semaphore::new(WAITING_READS),
            waiting_said: Semaphore::new(WAITING_SAID),
            kept: Budget::new(KEPT_BYTES),
            writes: Writes::new(runs_again),
        }
    }
}
