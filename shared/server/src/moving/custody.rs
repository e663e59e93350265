//! What a program knows and does about the ownership of one collection.
//!
//! What is known here is a hint that spares the store a question. Whether a write happens is decided in
//! its own transaction; whatever else is refused for ownership is asked of the store first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::{MoveError, Ownership, Record, Role, Store, StoreError};
use tokio::sync::Notify;
use url::Url;

use super::followers::Followers;
use super::progress::Progress;
use crate::problem::Problem;

/// The ownership of one collection, as this program sees it.
pub(crate) struct Custody {
    pub(crate) collection: &'static str,
    known: Mutex<Known>,
    /// How following gets on.
    pub(crate) progress: Progress,
    /// Who follows.
    pub(crate) followers: Followers,
    /// Wakes whoever acts on a change of ownership.
    pub(crate) news: Notify,
}

/// What was true when the store was asked last.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) role: Role,
    pub(crate) epoch: u64,
    /// Whether a follower has the whole snapshot.
    pub(crate) copied: bool,
    /// Where writes belong; none where that is here, or unknown.
    pub(crate) owner: Option<String>,
    /// What it was told to follow and has not reached yet: until then it is nobody's to write to.
    pub(crate) intends: Option<Url>,
}

impl Known {
    /// Whether writes belong here.
    pub(crate) fn owns(&self) -> bool {
        self.role == Role::Primary && self.intends.is_none()
    }

    /// Whether everything that was there can be read here.
    pub(crate) fn ready(&self) -> bool {
        match self.role {
            Role::Primary => self.intends.is_none(),
            Role::Follower => self.copied,
            Role::Retired => true,
        }
    }
}

impl Custody {
    pub(crate) fn new(collection: &'static str, ownership: &Ownership, intends: Option<Url>) -> Self {
        let known = Known {
            role: ownership.role,
            epoch: ownership.epoch,
            copied: false,
            owner: None,
            intends,
        };
        let custody = Self {
            collection,
            known: Mutex::new(known),
            progress: Progress::default(),
            followers: Followers::default(),
            news: Notify::new(),
        };
        custody.learn(ownership);
        custody
    }

    /// What was true when the store was asked last.
    pub(crate) fn known(&self) -> Known {
        self.lock().clone()
    }

    /// Whether writes belonged here when the store was asked last.
    pub(crate) fn owns(&self) -> bool {
        self.lock().owns()
    }

    /// Notes what the store says.
    pub(crate) fn learn(&self, ownership: &Ownership) {
        let mut known = self.lock();
        if ownership.followed.is_some() {
            known.intends = None;
        }
        let successor = ownership.successor.as_ref().map(|peer| peer.url.clone());
        known.owner = match (ownership.role, &known.intends) {
            (Role::Primary, None) => None,
            (Role::Primary, Some(intended)) => Some(intended.to_string()),
            (Role::Follower | Role::Retired, _) => successor,
        };
        known.role = ownership.role;
        known.epoch = ownership.epoch;
        known.copied = ownership.followed.as_ref().is_some_and(|followed| followed.copied)
            // Who granted had everything.
            || ownership.grant.is_some();
    }

    /// What the store says now.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(crate) async fn ask<R: Record>(&self, store: &Store) -> Result<Ownership, StoreError> {
        let ownership = store.ownership::<R>().await?;
        self.learn(&ownership);
        Ok(ownership)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
