//! Drift: how what is there differs from what a stack made.

use serde::{Deserialize, Serialize};

use super::DriftStatus;
use crate::provider::Properties;

/// What the last detection found out about a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StackDrift {
    /// Of the detection.
    pub(crate) id: String,
    pub(crate) time: String,
    /// How many resources are not as the stack made them.
    pub(crate) drifted: usize,
}

impl StackDrift {
    /// The word of the API.
    pub(crate) fn word(&self) -> &'static str {
        if self.drifted > 0 { "DRIFTED" } else { "IN_SYNC" }
    }
}

/// What the last detection found out about a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResourceDrift {
    pub(crate) status: DriftStatus,
    pub(crate) time: String,
    /// The properties as they were found; `None` if the resource is gone.
    pub(crate) actual: Option<Properties>,
}
