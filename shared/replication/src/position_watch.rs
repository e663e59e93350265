//! What this program knows of a collection without asking the database.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::{Document, Position, Role};

/// How often it is written how far a follower has come.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// What a store is and how far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownPosition {
    /// What it is.
    pub role: Role,
    /// Whether what it has may be read.
    pub serves: bool,
    /// How far it is.
    pub position: Position,
}

impl KnownPosition {
    /// Nothing is known yet.
    pub const NOTHING: Self = Self::primary(Position { epoch: 0, at: 0 });

    const fn primary(position: Position) -> Self {
        Self { role: Role::Primary, serves: true, position }
    }
}

/// The news that wakes tasks which wait for a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The newest place of its own feed that this program knows of.
    pub latest: u64,
    /// How far it is, as [`Document::position`] says.
    pub position: Position,
}

/// Keeps what is known of one collection, and wakes the tasks that wait for news.
#[derive(Debug)]
pub struct PositionWatch {
    told: Mutex<Told>,
    heard: watch::Sender<Heard>,
    /// When it was last written how far each follower has come.
    noted: Mutex<HashMap<String, Instant>>,
}

#[derive(Debug)]
struct Told {
    store: String,
    known: KnownPosition,
}

impl Default for PositionWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl PositionWatch {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self {
            told: Mutex::new(Told { store: String::new(), known: KnownPosition::NOTHING }),
            heard: watch::Sender::new(Heard::default()),
            noted: Mutex::default(),
        }
    }

    /// What is known of it.
    pub fn known(&self) -> KnownPosition {
        self.told().known
    }

    /// Hears of each commit from now on.
    pub fn changed(&self) -> watch::Receiver<Heard> {
        self.heard.subscribe()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A write of this program was committed.
    pub fn wrote(&self, position: Position) {
        let known = {
            let Told { known, .. } = &mut *self.told();
            // Another program may have made the store a primary; this write is the first sign of it.
            if position.epoch > known.position.epoch {
                *known = KnownPosition::primary(position);
            } else if known.role == Role::Primary {
                known.position = known.position.max(position);
            }
            known.position
        };
        self.wake(Heard { latest: position.at, position: known });
    }

    /// The store's document is this, and its feed is at `latest`.
    pub fn tell(&self, document: &Document, latest: u64) {
        let position = {
            let mut told = self.told();
            let mut position = document.position(latest);
            let role = document.acts_as();
            let same = told.store == document.store && told.known.role == role;
            if same && position.epoch == told.known.position.epoch {
                // Others may have been told of a later place while this was on its way.
                position = position.max(told.known.position);
            }
            told.store.clone_from(&document.store);
            told.known = KnownPosition { role, serves: document.serves(), position };
            position
        };
        self.wake(Heard { latest, position });
    }

    /// Wakes the tasks that wait.
    fn wake(&self, news: Heard) {
        self.heard.send_if_modified(|heard| {
            let modified = *heard != news;
            *heard = news;
            modified
        });
    }

    /// Whether it is time to write how far this follower has come.
    pub fn is_to_note(&self, follower: &str) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match noted.get_mut(follower) {
            Some(last) if now.duration_since(*last) < NOTE_EVERY => false,
            Some(last) => {
                *last = now;
                true
            }
            None => {
                // There are few followers. A program that names a new one each time must not fill the memory.
                noted.retain(|_, last| now.duration_since(*last) < NOTE_EVERY);
                noted.insert(follower.to_owned(), now);
                true
            }
        }
    }
}
