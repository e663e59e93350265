//! The steps of a move: `POST /api/<collection>/-/<step>` with one of these bodies. Each answers a
//! [`SideStatus`](crate::SideStatus), and each can be repeated.

use std::num::NonZero;

use serde::{Deserialize, Serialize};

use crate::{Peer, Role};

/// A step: its name in the path, and its body.
pub trait Step: Serialize {
    /// The last segment of its path.
    const NAME: &'static str;
}

macro_rules! step {
    ($(#[$about:meta])* $step:ident $name:literal { $($(#[$field_about:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $step { $($(#[$field_about])* pub $field: $kind,)* }

        impl Step for $step {
            const NAME: &'static str = $name;
        }
    };
}

step! {
    /// Checks the source, and starts to copy and follow it. With the source that it follows already it changes only
    /// the rate.
    Follow "follow" {
        /// The collection's URL at the source.
        source: String,
        /// Copy no faster than this; as fast as it goes if that is none.
        max_rows_per_second: Option<NonZero<u32>>,
    }
}

step! {
    /// Stops following, and forgets everything that was copied.
    Cancel "cancel" {}
}

step! {
    /// Refuses writes for a time, once those that run have ended.
    FenceWrites "fence" {
        /// Names the move.
        id: String,
        /// The epoch that the store must be in.
        epoch: u64,
        /// For how long, in milliseconds.
        ms: u64,
    }
}

step! {
    /// Lets writes go on.
    Release "release" {
        /// The move that holds them.
        id: String,
    }
}

step! {
    /// Gives the epoch after this one to another store, once and for all.
    HandOver "handover" {
        /// The move that fences the writes.
        id: String,
        /// The epoch that the store must be in.
        epoch: u64,
        /// The store that becomes primary.
        to: Peer,
    }
}

step! {
    /// Ends the service of a follower.
    Retire "retire" {
        /// Whether its rows stay.
        keep_data: bool,
    }
}

step! {
    /// Takes back, by force, what was handed over to a store that is lost.
    Take "take" {}
}

step! {
    /// Waits no longer for a follower that has left.
    Forget "forget" {
        /// Its store.
        follower: String,
    }
}

/// `POST -/probe`: whether this program can reach and sign in to a peer, and read its feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probe {
    /// The collection's URL at the peer.
    pub peer: String,
}

/// What a program found at a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probed {
    /// The peer's store.
    pub store: String,
    /// Its lineage.
    pub lineage: String,
    /// What it is.
    pub role: Role,
    /// Its epoch.
    pub epoch: u64,
}

/// `POST -/hashes`: the rows to make a fingerprint each of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedRows {
    /// Their keys.
    pub keys: Vec<crate::Key>,
}
