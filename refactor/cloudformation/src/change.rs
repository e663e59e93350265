//! A change that a change set plans.

use serde::{Deserialize, Serialize};

use super::provider::Properties;

/// One planned change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlannedChange {
    pub(crate) action: ChangeAction,
    pub(crate) logical_id: String,
    pub(crate) physical_id: Option<String>,
    pub(crate) kind: String,
    /// Whether a modification makes a new resource.
    pub(crate) replaces: bool,
    /// The properties that a modification changes.
    pub(crate) details: Vec<PropertyChange>,
    /// The properties that there are.
    pub(crate) before: Option<Properties>,
    /// The properties that there are to be, as far as they are known before.
    pub(crate) after: Option<Properties>,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChangeAction {
    Add,
    Modify,
    Remove,
}

/// A property that changes, or a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PropertyChange {
    pub(crate) property: String,
    pub(crate) replaces: bool,
}

impl PropertyChange {
    /// What of a resource this is a detail of, in AWS' words: its properties, its tags, or a policy.
    pub(crate) fn attribute(&self) -> &str {
        match self.property.as_str() {
            own @ ("Tags" | "DeletionPolicy" | "UpdateReplacePolicy") => own,
            _ => "Properties",
        }
    }
}
