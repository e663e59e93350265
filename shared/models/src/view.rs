//! The two views of a member (AIP-157): what `?view=basic` and `?view=full` give.

use serde::{Deserialize, Serialize};

use crate::{Model, Timestamp};

/// The default view: the content, with the id before it where the model says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Basic<M> {
    /// The member's id; a post has none in this view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What the client wrote.
    #[serde(flatten)]
    pub content: M,
}

impl<M: Model> Basic<M> {
    /// The basic view of the member `id`.
    pub fn new(id: u64, content: M) -> Self {
        Self { id: M::BASIC_HAS_ID.then_some(id), content }
    }
}

/// The full view: everything the board knows of a member.
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
