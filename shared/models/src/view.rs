//! The two views of a member (AIP-157): what `?view=basic` and `?view=full` give.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How much of a member is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// What the client wrote, with the id before it if the collection says so.
    #[default]
    Basic,
    /// Everything the board knows of it.
    Full,
}

/// The basic view, for Rust callers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Basic<M> {
    /// The member's id; a post has none in this view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What the client wrote.
    #[serde(flatten)]
    pub content: M,
}

/// The full view, for Rust callers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Full<M> {
    /// The member's id.
    pub id: u64,
    /// What the client wrote.
    #[serde(flatten)]
    pub content: M,
    /// When it was stored first.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}
