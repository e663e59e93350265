//! What this program knows of a collection without asking the database.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::{Position, Role};

/// What a store is and how far it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) role: Role,
    pub(crate) position: Position,
}

/// Keeps what is known and wakes those who wait for news.
#[derive(Debug)]
pub(crate) struct Desk {
    known: Mutex<(String, Known)>,
    latest: watch::Sender<u64>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let known = Known { role: Role::Primary, position: Position::default() };
        Self { known: Mutex::new((String::new(), known)), latest: watch::Sender::new(0) }
    }

    pub(crate) fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }
}
