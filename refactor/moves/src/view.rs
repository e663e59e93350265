//! A move as the control port shows it.

use replication::SideStatus;
use serde::{Deserialize, Serialize};

/// A collection that moves, or could.
#[derive(Clone, Debug, Deserialize)]
pub struct Move {
    /// Its name.
    pub collection: String,
    /// The application whose route it has.
    pub application: String,
    /// `not followed`, `apart` (the target holds data of its own), `copying`, `following`, `handed-over`, `switched`,
    /// `completed` or `unknown`.
    pub phase: String,
    /// What was begun and has not ended.
    pub pending: Option<Pending>,
    /// The side that had the collection before the move.
    pub source: Side,
    /// The side that gets it.
    pub target: Side,
    /// Its route, if there is one.
    pub route: Option<MoveRoute>,
    /// The last comparison.
    pub diff: Diff,
    /// What keeps the follower behind.
    #[serde(default)]
    pub causes: Vec<String>,
    /// How the last command ended.
    pub last: Option<Last>,
    /// What a switch or reverse looked at first.
    #[serde(default)]
    pub preflight: Vec<Preflight>,
}

/// A command that is under way.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// `switch` or `reverse`.
    pub verb: String,
    /// Its last step.
    pub step: String,
    /// How long ago it was begun, in milliseconds.
    pub age_ms: i64,
}

/// One side of a move.
#[derive(Clone, Debug, Deserialize)]
pub struct Side {
    /// The collection's URL there.
    pub url: String,
    /// What it says of itself; `None` if it does not answer.
    pub ownership: Option<SideStatus>,
    /// Why it does not.
    pub error: Option<String>,
}

/// The route of a collection.
#[derive(Clone, Debug, Deserialize)]
pub struct MoveRoute {
    /// Its id.
    pub id: String,
    /// `ACTIVE`, `INACTIVE`, `FAILED`.
    pub state: String,
}

/// A comparison.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// `verified`, `stale`, `not done`, `running` or `differs`.
    pub state: String,
    /// Why it is stale, or was broken off.
    pub detail: Option<String>,
    /// When it came to its end, in milliseconds since 1970.
    pub at_ms: Option<i64>,
    /// How long ago that was for the control plane, by which it is fresh or stale.
    pub age_ms: Option<i64>,
    /// How many rows were compared.
    #[serde(default)]
    pub rows_compared: u64,
    /// How many differ.
    #[serde(default)]
    pub count: u64,
    /// How many changed at each look, and count as the same.
    #[serde(default)]
    pub moving: u64,
    /// Those that differ, the first thousand.
    #[serde(default)]
    pub differences: Vec<RowDifference>,
    /// How far it is.
    pub progress: Option<DiffProgress>,
}

/// A row that differs.
#[derive(Clone, Debug, Deserialize)]
pub struct RowDifference {
    /// Its key.
    pub id: String,
    /// The side on which it is missing, or the fields in which it differs.
    pub what: String,
}

/// How far a comparison is, in keys.
#[derive(Clone, Debug, Deserialize)]
pub struct DiffProgress {
    /// Everything up to this one is compared.
    pub id: String,
    /// About where it ends.
    pub of: String,
}

/// How a command ended.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Last {
    /// The command.
    pub verb: String,
    /// Whether it did what it was asked for.
    pub done: bool,
    /// In a sentence.
    pub outcome: String,
    /// For how long no store took writes.
    pub pause_ms: Option<u64>,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Its steps.
    #[serde(default)]
    pub steps: Vec<CommandStep>,
}

/// A step of a command.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CommandStep {
    /// What was done.
    pub text: String,
    /// How long after the command began.
    pub ms: u64,
}

/// Something that a switch looked at first.
#[derive(Clone, Debug, Deserialize)]
pub struct Preflight {
    /// What.
    pub what: String,
    /// Whether it is well.
    pub ok: bool,
    /// What was found.
    pub detail: String,
}
