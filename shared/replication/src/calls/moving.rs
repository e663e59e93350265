//! What all collections of a program share for moving.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use runtime::{Clients, Token};
use tokio::sync::{Semaphore, watch};
use tokio::time::interval;

use crate::follower::{LatencyMonitor, OwnershipCache, Peers};

/// How many pages of feeds are read at once; more would only take turns on the disk.
const FEED_READS: usize = 2;
/// How many ranges are compared at once.
const COMPARISONS: usize = 1;

/// What all collections of a program share for moving.
#[derive(Debug)]
pub struct Moving {
    /// What is asked under `/-/` must show it; without one there is nothing there.
    pub token: Option<Token>,
    /// The other programs that it asks.
    pub peers: Peers,
    /// How long the clients of this program wait.
    pub latency_monitor: Arc<LatencyMonitor>,
    pub(super) feed_reads: Arc<Semaphore>,
    pub(super) comparisons: Arc<Semaphore>,
    /// Whether other programs may write to the same database.
    pub shares_database: bool,
    /// The collections of this program.
    pub ownership_caches: Vec<Arc<OwnershipCache>>,
    stopping: watch::Receiver<bool>,
}

impl Moving {
    /// For the collections with these caches, in a program that is told to stop by `stopping`.
    pub fn new(
        token: Option<Token>,
        clients: &Arc<Clients>,
        ownership_caches: Vec<Arc<OwnershipCache>>,
        shares_database: bool,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let peers = Peers::new(token.clone(), clients);
        Self {
            token,
            peers,
            latency_monitor: Arc::default(),
            feed_reads: Arc::new(Semaphore::new(FEED_READS)),
            comparisons: Arc::new(Semaphore::new(COMPARISONS)),
            shares_database,
            ownership_caches,
            stopping,
        }
    }

    /// Looks each second at how long clients wait, until the program stops.
    pub async fn observe_latency(self: Arc<Self>) {
        let mut seconds = interval(Duration::from_secs(1));
        let mut stopped = pin!(self.stopped());
        loop {
            tokio::select! {
                _ = seconds.tick() => self.latency_monitor.tick(),
                () = &mut stopped => return,
            }
        }
    }

    /// Ends when the program is told to stop.
    pub async fn stopped(&self) {
        // An error says that no sender is left.
        let _ = self.stopping().wait_for(|stopping| *stopping).await;
    }

    /// Becomes true when the program is told to stop.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.clone()
    }
}
