//! How a follower gets on, as it says it of itself.

use serde::{Deserialize, Serialize};

use crate::ErrorCode;

/// What a follower is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FollowerState {
    /// It does not have everything yet.
    Copying,
    /// It has everything and takes what comes.
    Following,
    /// It waits for a step of another program.
    Waiting,
    /// It cannot go on for now, and tries again.
    Stalled,
    /// It cannot go on until a person does something; it tries again all the same.
    Broken,
}

impl FollowerState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Copying, Self::Following, Self::Waiting, Self::Stalled, Self::Broken];

    /// Its name on the wire and in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Copying => "copying",
            Self::Following => "following",
            Self::Waiting => "waiting",
            Self::Stalled => "stalled",
            Self::Broken => "broken",
        }
    }
}

/// How a program follows a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Following {
    /// What it is doing.
    pub state: FollowerState,
    /// Why it does not get on, in a sentence; or why it is slow.
    pub detail: Option<String>,
    /// Why it is stalled or broken. None if no code says it, or this version does not know the code.
    #[serde(default, with = "crate::error_code::optional")]
    pub code: Option<ErrorCode>,
    /// Rows that were applied since the program started to follow.
    pub rows: u64,
    /// How fast.
    pub rows_per_second: u64,
    /// How many places of the source's feed are missing; none if that is not known.
    pub lag_changes: Option<u64>,
    /// How old the oldest change is that is missing; none if that is not known.
    pub lag_ms: Option<u64>,
    /// Whether it copies more slowly than it could.
    pub throttled: bool,
}

/// A store that reads this one's feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowerSeen {
    /// Its store id.
    pub store: String,
    /// Up to which place of this store's feed it has come.
    pub position: u64,
    /// How long ago it was heard of.
    pub seconds_ago: u64,
}
