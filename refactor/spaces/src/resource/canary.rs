//! How far a canary that rises by itself has come.

use proxy::CanaryPlan;
use serde::{Deserialize, Serialize};

/// How far a canary has come. It is a part of its route's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryProgress {
    /// The tag with the steps, as it was when the canary began: other steps begin anew.
    pub(crate) steps: String,
    /// Which of the steps it is at, from 0.
    pub(crate) step: usize,
    /// Set once a limit was passed; then its share is 0.
    pub(crate) rolled_back: Option<RolledBack>,
}

/// That a canary has passed a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolledBack {
    /// Which limit, and what was seen.
    pub reason: String,
    /// The share that it had, in percent.
    pub percent: u8,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

impl CanaryProgress {
    /// The share in percent that a canary has now.
    pub(crate) fn percent(&self, plan: &CanaryPlan) -> u8 {
        if self.rolled_back.is_some() {
            0
        } else {
            plan.steps.get(self.step).copied().unwrap_or_default()
        }
    }

    pub(crate) fn begin(steps: &str) -> Self {
        Self { steps: steps.to_owned(), step: 0, rolled_back: None }
    }
}
