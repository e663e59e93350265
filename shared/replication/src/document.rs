//! The document of ownership, and every step that changes it.
//!
//! The rules of a move stand here and nowhere else. A store loads the document under its lock, has a step taken, and
//! saves it in the same transaction; so all stores refuse and allow the same.

mod pages;
mod steps;

use std::error::Error;
use std::num::NonZero;

use serde::{Deserialize, Serialize};

pub use self::steps::OwnershipStep;
use crate::{Fence, Followed, Handover, MAX_FENCE, MoveError, Ownership, Peer, Position, Role};

/// What a database keeps of one collection's ownership.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Names this copy of the collection.
    pub store: String,
    /// Names all copies that follow each other.
    pub lineage: String,
    /// What this copy is.
    pub role: Role,
    /// The epoch that it has, or knows of as a follower.
    pub epoch: u64,
    /// Its own place at which it became primary of that epoch.
    pub since: u64,
    /// The fence, which may have passed.
    pub fence: Option<Fence>,
    /// The last handover that it gave.
    pub handover: Option<Handover>,
    /// What it follows, and how far it has come.
    pub followed: Option<Followed>,
    /// The store that it follows, or handed over to.
    pub successor: Option<Peer>,
    /// Whether it retired for a primary of a later epoch that it did not give the ownership to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
    /// The store that handed the ownership over to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<Peer>,
    /// How fast it copies at most, now and whenever it follows again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rows_per_second: Option<NonZero<u32>>,
    /// The URL of the collection, if this store was a copy of it and was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<String>,
    /// Revs up to this one are given to no state of a row that is still to come. The statement of each change reads it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revs_above: u64,
}

/// What a step has to know besides the document.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The store's clock, in milliseconds since 1970.
    pub now_ms: i64,
    /// The newest place of the store's feed.
    pub position: u64,
    /// The newest run.
    pub run: String,
    /// Whether the store ever held a row.
    pub rows: bool,
}

/// Whether there is nothing to tell.
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// An id that no other store, lineage or run has.
pub fn random_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

impl Document {
    /// That of a store that was never used.
    pub fn new() -> Self {
        Self {
            store: random_id(),
            lineage: random_id(),
            role: Role::Primary,
            epoch: 1,
            since: 0,
            fence: None,
            handover: None,
            followed: None,
            successor: None,
            superseded: false,
            predecessor: None,
            max_rows_per_second: None,
            forwarded: None,
            revs_above: 0,
        }
    }

    /// The document of a store that was a copy. It is like that of a store that was never used, but has the URL of
    /// the collection: a program that still asks this store must not take the collection for empty.
    pub fn cancelled(&self) -> Self {
        let source = self.followed.as_ref().map(|followed| followed.source.url.clone());
        Self { forwarded: source, ..Self::new() }
    }

    /// What the world is told.
    pub fn tell(self, collection: &str, facts: Facts) -> Ownership {
        Ownership {
            collection: collection.to_owned(),
            fence: self.fenced(facts.now_ms).cloned(),
            position: facts.position.max(self.since),
            run: facts.run,
            rows: facts.rows,
            store: self.store,
            lineage: self.lineage,
            role: self.role,
            epoch: self.epoch,
            since: self.since,
            handover: self.handover,
            followed: self.followed,
            successor: self.successor,
            superseded: self.superseded,
            predecessor: self.predecessor,
            max_rows_per_second: self.max_rows_per_second,
            forwarded: self.forwarded,
        }
    }

    /// The role that the store has for programs that use it. A store that was cancelled acts as retired, although
    /// it may still become a follower.
    pub fn acts_as(&self) -> Role {
        if self.forwarded.is_some() { Role::Retired } else { self.role }
    }

    /// How far the store is, whose own feed is at `latest`.
    pub fn position(&self, latest: u64) -> Position {
        match &self.followed {
            Some(followed) => followed.covered,
            None => Position { epoch: self.epoch, at: latest.max(self.since) },
        }
    }

    /// The fence that has not passed.
    pub fn fenced(&self, now_ms: i64) -> Option<&Fence> {
        // If the clock was set back, a fence must not last longer by that time.
        let longest = now_ms.saturating_add(MAX_FENCE.as_millis() as i64);
        let lasts = |fence: &&Fence| fence.until_ms > now_ms && fence.until_ms <= longest;
        self.fence.as_ref().filter(lasts)
    }

    /// Whether what the store has may be read: all that there was at some time, and not a part of it.
    pub fn serves(&self) -> bool {
        match self.acts_as() {
            Role::Primary => true,
            // A store that handed over had everything.
            Role::Follower => self.followed.as_ref().is_none_or(|followed| followed.copied),
            Role::Retired => false,
        }
    }

    /// The store that a refused write may be sent to.
    pub fn primary(&self) -> Option<String> {
        let elsewhere = self.role != Role::Primary;
        let successor = self.successor.as_ref().filter(|_| elsewhere);
        successor.map(|peer| &peer.url).or(self.forwarded.as_ref()).cloned()
    }

    /// The handover whose successor was not seen to take over.
    fn open_handover(&self) -> Option<&Handover> {
        let waits = self.role == Role::Follower && self.followed.is_none();
        self.handover.as_ref().filter(|_| waits)
    }

    fn not_primary<E: Error + 'static>(&self) -> MoveError<E> {
        MoveError::NotPrimary { role: self.acts_as(), primary: self.primary() }
    }

    fn not_follower<E: Error + 'static>(&self) -> MoveError<E> {
        match self.open_handover() {
            Some(Handover { to, epoch, .. }) => {
                MoveError::HandoverOpen { to: to.clone(), epoch: *epoch }
            }
            None => MoveError::NotFollower { role: self.role },
        }
    }
}
