//! Idle connections of one worker to one upstream.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::Connection;
use crate::proxy::limits::POOLED;

/// Idle connections; the one that was used last is used first, so that those too many grow old.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Vec<Connection>>);

impl Pool {
    pub(crate) fn take(&self) -> Option<Connection> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while let Some(mut connection) = idle.pop() {
            if connection.is_fresh(now) {
                return Some(connection);
            }
        }
        None
    }

    pub(crate) fn put(&self, connection: Connection) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < POOLED {
            idle.push(connection);
        }
    }

    /// Closes what cannot be used any more.
    pub(crate) fn sweep(&self) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        idle.retain_mut(|connection| connection.is_fresh(now));
    }
}
