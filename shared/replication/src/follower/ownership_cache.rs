//! What a program knows and does about the ownership of one collection.
//!
//! What is known here is a hint that spares the store a question. Whether a write happens is decided in
//! its own transaction; whatever else is refused for ownership is asked of the store first.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::collection_store::CollectionStore;
use super::progress::Progress;
use crate::{Ownership, Role, RowRate};

/// For how long a follower counts after its last request.
const PRESENT: Duration = Duration::from_secs(60);
/// How long a hint is believed if other programs write to the same database. While the collection is in use it is
/// renewed more often than that.
const HINT: Duration = Duration::from_secs(3);
/// After so long without a request the collection is not in use, and its database may go to sleep.
const IN_USE: Duration = Duration::from_secs(30);
/// How many followers are remembered that are none any more.
const LEFT: usize = 16;

/// The ownership of one collection, as this program sees it.
#[derive(Debug)]
pub struct OwnershipCache {
    name: String,
    /// How following gets on.
    pub progress: Progress,
    /// Wakes the tasks that act on a change of ownership.
    pub news: Notify,
    known: Mutex<KnownOwnership>,
}

/// What was true when the store was asked last.
#[derive(Clone, Debug)]
pub struct KnownOwnership {
    /// What the store is.
    pub role: Role,
    /// The epoch that it has or knows of.
    pub epoch: u64,
    /// Whether everything that was there can be read here.
    pub ready: bool,
    /// Of the copies that follow each other; other ones count epochs and places anew.
    lineage: String,
    /// The newest place of its own feed.
    position: u64,
    /// When it was asked, before it read anything.
    asked_at: Instant,
    /// When it had answered.
    learned_at: Instant,
    /// When the collection was asked for anything last.
    used_at: Instant,
    /// Whether other programs may write to the same database.
    shared: bool,
    /// The collection at its primary, if that is another store and known.
    primary: Option<String>,
    /// What it was told to follow and has not reached yet: until then the collection is there.
    intends: Option<String>,
    /// When a follower asked last.
    followed_at: Option<Instant>,
    /// The last ones that said that they follow no longer.
    left: VecDeque<String>,
}

/// Which store has a collection, seen from one of its stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollectionLocation {
    /// In this store.
    Here,
    /// In another one, of which this one has a copy. What is here can be read, and may lag.
    Follows {
        /// The collection at its primary, if that is known.
        primary: Option<String>,
    },
    /// In another one, and nothing is served from here, or not yet.
    Gone {
        /// The collection at its primary, if that is known.
        primary: Option<String>,
    },
}

impl OwnershipCache {
    /// Nothing is known of the collection with this name yet.
    pub fn new(name: impl Into<String>) -> Self {
        let now = Instant::now();
        let known = KnownOwnership {
            role: Role::Primary,
            epoch: 0,
            ready: false,
            lineage: String::new(),
            position: 0,
            asked_at: now,
            learned_at: now,
            used_at: now,
            shared: false,
            primary: None,
            intends: None,
            followed_at: None,
            left: VecDeque::new(),
        };
        Self {
            name: name.into(),
            progress: Progress::default(),
            news: Notify::new(),
            known: Mutex::new(known),
        }
    }

    /// The collection's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was true when the store was asked last.
    pub fn known(&self) -> KnownOwnership {
        self.lock().clone()
    }

    /// The program was told that the collection is at this URL. That counts until this store follows it.
    pub fn intend(&self, url: &str) {
        let mut known = self.lock();
        known.intends = Some(url.to_owned());
        known.ready = false;
    }

    /// Other programs may write to the same database.
    pub fn share(&self) {
        self.lock().shared = true;
    }

    /// The collection was asked for something.
    pub fn used(&self) {
        self.lock().used_at = Instant::now();
    }

    /// Whether it is in use.
    pub fn in_use(&self) -> bool {
        self.lock().used_at.elapsed() < IN_USE
    }

    /// What it was told to follow and has not reached yet.
    pub fn intended(&self) -> Option<String> {
        self.lock().intends.clone()
    }

    /// The collection at its primary, if that was another store when this one was asked last.
    pub fn primary(&self) -> Option<String> {
        self.lock().primary.clone()
    }

    /// Whether a follower has everything that was there.
    pub fn copied(&self, copied: bool) {
        self.lock().ready = copied;
    }

    /// A follower asked for what is new.
    pub fn followed(&self) {
        self.lock().followed_at = Some(Instant::now());
    }

    /// A follower said that it is none any more: a request that it had on its way counts no longer.
    pub fn left(&self, follower: &str) {
        let mut known = self.lock();
        if known.left.len() == LEFT {
            known.left.pop_front();
        }
        known.left.push_back(follower.to_owned());
    }

    /// Whether this follower said so.
    pub fn has_left(&self, follower: &str) -> bool {
        self.lock().left.iter().any(|left| left == follower)
    }

    /// Whether any store follows now.
    pub fn is_followed(&self) -> bool {
        self.lock().followed_at.is_some_and(|at| at.elapsed() < PRESENT)
    }

    /// Whether the collection was here when the store was asked last, and that is not too long ago. `role` is the
    /// store's, as this program knows it: it is looked at after what is known here.
    pub fn was_here(&self, role: impl FnOnce() -> Role) -> bool {
        let known = self.lock();
        let counts = !known.shared || known.asked_at.elapsed() < HINT;
        known.intends.is_none() && counts && role() == Role::Primary
    }

    /// Which store has the collection, as this one says now.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn place<S: CollectionStore>(
        &self,
        store: &S,
    ) -> Result<CollectionLocation, S::Error> {
        let ownership = self.ask(store).await?;
        let primary = ownership.successor.map(|successor| successor.url);
        // A store that handed over had everything.
        let copied = ownership.followed.is_none_or(|followed| followed.copied);
        let elsewhere = self.intended().or(ownership.forwarded);
        Ok(match (ownership.role, elsewhere) {
            (Role::Primary, None) => CollectionLocation::Here,
            (Role::Primary, primary) => CollectionLocation::Gone { primary },
            (Role::Follower, _) if copied => CollectionLocation::Follows { primary },
            (Role::Follower | Role::Retired, _) => CollectionLocation::Gone { primary },
        })
    }

    /// Whether the store was a copy when it was asked last, and is too old to be read or does not know how old it is.
    pub fn is_unread(&self) -> bool {
        self.known().role == Role::Follower && self.progress.is_stale(Instant::now())
    }

    /// What the store says now.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn ask<S: CollectionStore>(&self, store: &S) -> Result<Ownership, S::Error> {
        let asked_at = Instant::now();
        let ownership = store.ownership().await?;
        self.learn(&ownership, asked_at);
        Ok(ownership)
    }

    /// Notes what the store says, unless another answer to a question of the same time is newer.
    fn learn(&self, ownership: &Ownership, asked_at: Instant) {
        let mut known = self.lock();
        let is_older = ownership.lineage == known.lineage
            && (ownership.epoch, ownership.position) < (known.epoch, known.position);
        if asked_at < known.learned_at && is_older {
            return;
        }
        self.progress.limit(RowRate(ownership.max_rows_per_second));
        let followed = ownership.followed.as_ref();
        if ownership.role != Role::Primary {
            known.intends = None;
        }
        known.ready = match ownership.role {
            Role::Primary => known.intends.is_none(),
            // A store that handed over had everything.
            Role::Follower => followed.is_none_or(|followed| followed.copied),
            // The program may have other collections to serve.
            Role::Retired => true,
        };
        (known.asked_at, known.learned_at) = (asked_at, Instant::now());
        match ownership.role {
            Role::Primary => self.progress.is_current(known.asked_at),
            Role::Follower if !known.ready => self.progress.is_not_current(),
            Role::Follower | Role::Retired => {}
        }
        let other = ownership.successor.as_ref().filter(|_| ownership.role != Role::Primary);
        known.primary = other.map(|primary| primary.url.clone());
        known.role = ownership.role;
        (known.epoch, known.position) = (ownership.epoch, ownership.position);
        known.lineage.clone_from(&ownership.lineage);
    }

    fn lock(&self) -> MutexGuard<'_, KnownOwnership> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
