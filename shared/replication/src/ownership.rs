//! The ownership of a collection: what a program says of its store.

use std::num::NonZero;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::{BlockingTransaction, FeedCursor, FollowerSeen, Following, Position};

/// What a store is to its collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It takes writes.
    Primary,
    /// It copies another store and takes no write but that one's.
    Follower,
    /// It has handed everything over and serves nothing.
    Retired,
}

impl Role {
    /// Its name on the wire and in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Follower => "follower",
            Self::Retired => "retired",
        }
    }
}

/// Another copy of the collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// Its store id.
    pub store: String,
    /// The URL of the collection: `http://127.0.0.1:3001/api/users`.
    pub url: String,
}

/// Writes are refused until a time, or until the move that asked for it lets go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fence {
    /// Names the move that asked for it.
    pub id: String,
    /// When it passes by itself, by the store's own clock, in milliseconds since 1970.
    pub until_ms: i64,
}

/// Ownership of an epoch, given to another store once and for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handover {
    /// The epoch that is given, one more than that of the store that gives it.
    pub epoch: u64,
    /// The store that becomes its primary.
    pub to: Peer,
    /// The place of the handover in the feed of the store that gave it; nothing of its epoch comes after.
    pub position: u64,
    /// The highest id that was ever given.
    pub last_id: u64,
}

/// What a follower follows, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Followed {
    /// The store whose feed it applies.
    pub source: Peer,
    /// It has applied that feed up to here.
    pub cursor: FeedCursor,
    /// What the last page let it hear of the source's history; to be said with the next request.
    pub run: Option<String>,
    /// It has every change of the source up to this place.
    pub covered: Position,
    /// Whether the snapshot is whole.
    pub copied: bool,
}

/// A store's document of ownership for one collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ownership {
    /// The collection.
    pub collection: String,
    /// Names this copy of it; made by chance with the collection's tables.
    pub store: String,
    /// Names all copies that follow each other.
    pub lineage: String,
    /// What this copy is.
    pub role: Role,
    /// The number of the ownership that it has, or knows of as a follower.
    pub epoch: u64,
    /// Its own place at which it became primary of that epoch.
    pub since: u64,
    /// The newest place of its own feed.
    pub position: u64,
    /// Names the newest part of its history: each opening by a program begins one.
    pub run: String,
    /// Whether it ever held a row.
    pub rows: bool,
    /// The fence that keeps its writes back now.
    pub fence: Option<Fence>,
    /// The last handover it gave.
    pub handover: Option<Handover>,
    /// What it follows; none for a primary, and for a store that has handed over and whose successor is
    /// not primary yet.
    pub followed: Option<Followed>,
    /// The store that it lost the ownership to, or that it follows: a write belongs there.
    pub successor: Option<Peer>,
    /// How many rows a second it copies at most, if it was told.
    #[serde(default)]
    pub max_rows_per_second: Option<NonZero<u32>>,
    /// Whether it was retired by a primary of a later epoch that it did not give the ownership to; its rows stay.
    #[serde(default)]
    pub superseded: bool,
    /// The store that handed the ownership over to it, if one did.
    #[serde(default)]
    pub predecessor: Option<Peer>,
    /// Of a store that was a copy and was cancelled: the collection at its former source. Until it follows
    /// again it is as if never used, but neither reads nor writes are for it.
    #[serde(default)]
    pub forwarded: Option<String>,
}

impl Ownership {
    /// Whether it takes the writes now.
    pub fn is_primary(&self) -> bool {
        self.role == Role::Primary
    }

    /// Whether it follows that store.
    pub fn follows(&self, store: &str) -> bool {
        self.role == Role::Follower
            && self.followed.as_ref().is_some_and(|followed| followed.source.store == store)
    }

    /// Whether it gave that epoch to that store.
    pub fn handed_over(&self, epoch: u64, store: &str) -> bool {
        let handover = self.handover.as_ref();
        handover.is_some_and(|handover| handover.epoch == epoch && handover.to.store == store)
    }

    /// Whether it has everything up to a position, of its own history or of another's.
    pub fn covers(&self, position: Position) -> bool {
        let covered = match &self.followed {
            Some(followed) if self.role == Role::Follower => followed.covered,
            _ => Position { epoch: self.epoch, at: self.position },
        };
        covered >= position
    }
}

/// What a program says of a collection: what stands in its store, and what it knows besides.
///
/// The answer to `GET /-/ownership`, and to every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SideStatus {
    /// [`PROTOCOL`](crate::PROTOCOL) of the program.
    pub protocol: u32,
    /// The store's document.
    #[serde(flatten)]
    pub ownership: Ownership,
    /// How it follows, while it does.
    pub following: Option<Following>,
    /// The stores that read its feed.
    pub followers: Vec<FollowerSeen>,
    /// What keeps its feed from going on, if anything does.
    pub blocked_by: Option<BlockingTransaction>,
}

impl Deref for SideStatus {
    type Target = Ownership;

    fn deref(&self) -> &Ownership {
        &self.ownership
    }
}
