//! Whether a write that ran out of time may have been stored.
//!
//! A request that is given up is answered at once, and its write must not be committed afterwards behind
//! the client's back. So the two agree on one word: either the engine begins to commit, or the request
//! gives the write up, whichever comes first.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::time::timeout;

tokio::task_local! {
    static STAGE: Arc<Stage>;
}

/// Why work with a time limit gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// No write was begun, and none will be: nothing was stored.
    NotBegun,
    /// A write was being committed: it may be stored, or not.
    Unknown,
}

/// Runs work that writes to a store at most once, for at most `limit`. After that a write that still waits for its
/// turn is given up for good. A write that is being committed gets `settle` more to tell how it ended.
///
/// # Errors
/// [`Late`] if there is no result in time.
pub async fn in_time<T>(
    limit: Duration,
    settle: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Late> {
    let stage = Arc::<Stage>::default();
    let mut work = pin!(STAGE.scope(Arc::clone(&stage), work));
    if let Ok(done) = timeout(limit, &mut work).await {
        return Ok(done);
    }
    if stage.give_up() {
        return Err(Late::NotBegun);
    }
    timeout(settle, work).await.map_err(|_elapsed| Late::Unknown)
}

/// How far the write of a piece of work has come.
#[derive(Debug, Default)]
pub(crate) struct Stage(AtomicU8);

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Stage {
    /// The stage of the present work. Work without a time limit is never given up.
    pub(crate) fn present() -> Arc<Self> {
        STAGE.try_with(Arc::clone).unwrap_or_default()
    }

    /// Called before anything that may make the write durable. False if the write was given up: then it must not be
    /// done.
    pub(crate) fn begin(&self) -> bool {
        self.turn(BEGUN) != GIVEN_UP
    }

    pub(crate) fn begun(&self) -> bool {
        self.0.load(Ordering::SeqCst) == BEGUN
    }

    /// False if the write may be durable already.
    fn give_up(&self) -> bool {
        self.turn(GIVEN_UP) != BEGUN
    }

    /// Moves on from waiting; gives the stage that it is in afterwards.
    fn turn(&self, to: u8) -> u8 {
        match self.0.compare_exchange(WAITING, to, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => to,
            Err(present) => present,
        }
    }
}
