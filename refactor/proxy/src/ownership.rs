//! What requests learn from each other about the primaries of collections.
//!
//! A collection that moves is there twice: the primary, and a follower. Only the services know which one is the
//! primary. A service that is not the primary answers 421 and has stored nothing. The entries here only save detours:
//! they never decide.

mod epochs;
mod primaries;
mod writes;

use tokio::sync::Semaphore;

pub use epochs::Epoch;
pub(crate) use epochs::Epochs;
pub(crate) use primaries::Primaries;
pub(crate) use writes::{ClientKeys, LastWrite, Writes};

use crate::kept::Budget;
use crate::limits::{KEPT_BYTES, WAITING_READS, WAITING_SAID, WAITING_WRITES};

/// What all requests of a data plane share.
#[derive(Debug)]
pub(crate) struct SharedOwnership {
    /// Places for writes that wait for a primary.
    pub(crate) waiting_writes: Semaphore,
    /// Places for reads that wait for what was written through here, or for a primary.
    pub(crate) waiting_reads: Semaphore,
    /// Places for reads that wait for what only their clients say; apart, so that no client can take those of others
    /// with a position that never comes.
    pub(crate) waiting_said: Semaphore,
    /// Room for bodies that may have to be sent again.
    pub(crate) kept: Budget,
    /// The clients that wrote lately.
    pub(crate) writes: Writes,
}

impl SharedOwnership {
    /// `runs_again`: whether an earlier run may have carried writes; `others_write`: whether other processes do now.
    pub(crate) fn new(runs_again: bool, others_write: bool) -> Self {
        Self {
            waiting_writes: Semaphore::new(WAITING_WRITES),
            waiting_reads: Semaphore::new(WAITING_READS),
            waiting_said: Semaphore::new(WAITING_SAID),
            kept: Budget::new(KEPT_BYTES),
            writes: Writes::new(runs_again, others_write),
        }
    }
}
