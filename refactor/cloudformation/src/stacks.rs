//! Stacks, their resources, change sets and events: what is remembered, and how it is kept on disk.

mod drift;
mod error;
mod exports;
mod operation;
mod schema;
mod status;
mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::PlannedChange;
use super::id;
use super::provider::Properties;
use super::template::Policies;

pub(crate) use drift::{ResourceDrift, StackDrift};
pub use error::StackError;
pub(crate) use operation::{LastRequest, OperationPhase, StackOperation, StartOptions};
pub(crate) use schema::migrate;
pub(crate) use status::{
    ChangeSetStatus, DriftStatus, Execution, OnFailure, ResourceStatus, StackStatus,
};
pub(crate) use store::{StackStore, Transaction};

/// The resource type under which a stack's own events stand.
const STACK_TYPE: &str = "AWS::CloudFormation::Stack";

/// A stack. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stack {
    /// ARN.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) status: StackStatus,
    pub(crate) reason: Option<String>,
    pub(crate) created: String,
    pub(crate) updated: Option<String>,
    pub(crate) deleted: Option<String>,
    pub(crate) definition: Definition,
    pub(crate) outputs: Vec<StackOutput>,
    /// The change set that was executed last.
    pub(crate) change_set_id: Option<String>,
    pub(crate) disable_rollback: bool,
    /// Whether `DeleteStack` is refused.
    #[serde(default)]
    pub(crate) termination_protection: bool,
    /// How long its creation may take.
    pub(crate) timeout_minutes: Option<u32>,
    /// The last operation, if it was begun with a token.
    pub(crate) last_request: Option<LastRequest>,
    /// What the last drift detection found; `None` once the stack is changed.
    pub(crate) drift: Option<StackDrift>,
}

impl Stack {
    /// The event that says in which state the stack is.
    pub(crate) fn event(&self, token: Option<String>) -> Event {
        Event {
            id: id::uuid(),
            stack_id: self.id.clone(),
            stack_name: self.name.clone(),
            logical_id: self.name.clone(),
            physical_id: self.id.clone(),
            kind: STACK_TYPE.to_owned(),
            time: now(),
            status: self.status.word().to_owned(),
            reason: self.reason.clone(),
            token,
        }
    }
}

/// What a caller says about a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Definition {
    /// The template as it was sent.
    pub(crate) template: String,
    /// The template's own description.
    pub(crate) description: Option<String>,
    /// A value for each parameter of the template.
    pub(crate) parameters: Vec<(String, String)>,
    /// The parameters whose values are never shown.
    pub(crate) hidden: Vec<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) capabilities: Vec<String>,
    pub(crate) notification_arns: Vec<String>,
    /// ARN of the service role: shown, and not assumed, since there is no IAM here.
    pub(crate) role: Option<String>,
}

/// An output of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StackOutput {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) description: Option<String>,
    pub(crate) export: Option<String>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StackResource {
    pub(crate) logical_id: String,
    /// Name of the resource type.
    pub(crate) kind: String,
    pub(crate) status: ResourceStatus,
    pub(crate) reason: Option<String>,
    pub(crate) updated: String,
    /// What there is; `None` while it is being made, or if that failed.
    pub(crate) current: Option<Generation>,
    /// What an operation that is not finished has to put back if it fails.
    pub(crate) before: Before,
    /// What earlier operations wanted to remove and could not.
    pub(crate) leftovers: Vec<Generation>,
    /// The resources that this one needs: they are made before it and removed after it.
    pub(crate) needs: Vec<String>,
    #[serde(default)]
    pub(crate) policies: Policies,
    /// What the last drift detection found; `None` once the stack is changed.
    pub(crate) drift: Option<ResourceDrift>,
}

/// A resource as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Generation {
    pub(crate) physical_id: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) properties: Properties,
}

/// What stood before the operation that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Before {
    /// The same: this operation has not touched the resource, or there is none.
    Same,
    /// Nothing: this operation made the resource.
    Nothing,
    /// The same resource with other properties.
    Changed(Generation),
    /// Another resource, which is still there.
    Replaced(Generation),
    /// Another resource, which was gone already: the current one takes its place.
    Lost(Generation),
    /// A route that is gone: the current one took its place.
    Swapped(Generation),
}

/// A change set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChangeSet {
    /// ARN.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) stack_id: String,
    pub(crate) stack_name: String,
    pub(crate) description: Option<String>,
    pub(crate) created: String,
    pub(crate) status: ChangeSetStatus,
    pub(crate) reason: Option<String>,
    pub(crate) execution: Execution,
    pub(crate) definition: Definition,
    pub(crate) changes: Vec<PlannedChange>,
    /// Of the whole request, to tell a repeat from another change set of the same name.
    pub(crate) fingerprint: u64,
    /// What becomes of the stack if this fails; `None` leaves it to the execution.
    pub(crate) on_failure: Option<OnFailure>,
    /// Whether resources that are not as the stack made them become so again (`DeploymentMode` `REVERT_DRIFT`).
    #[serde(default)]
    pub(crate) reverts_drift: bool,
}

impl ChangeSet {
    /// Whether it stands for a `CreateStack` or an `UpdateStack`: it has no name, is never listed, and goes with the
    /// operation.
    pub(crate) fn is_direct(&self) -> bool {
        self.name.is_empty()
    }
}

/// One line of a stack's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) stack_id: String,
    pub(crate) stack_name: String,
    pub(crate) logical_id: String,
    pub(crate) physical_id: String,
    pub(crate) kind: String,
    pub(crate) time: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    /// `ClientRequestToken` of the operation.
    pub(crate) token: Option<String>,
}

/// The time now, as it is stored and shown: RFC 3339 in UTC with milliseconds.
pub(crate) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// The time 1 ms after one that [`now`] gave, in the same form, which sorts as text.
fn next_millisecond(time: &str) -> Option<String> {
    let time: jiff::Timestamp = time.parse().ok()?;
    Some(format!("{:.3}", time.checked_add(jiff::SignedDuration::from_millis(1)).ok()?))
}

/// Whether more than so many minutes have passed since a time that [`now`] gave.
pub(crate) fn is_over(since: &str, minutes: u32, now: jiff::Timestamp) -> bool {
    let since: Result<jiff::Timestamp, _> = since.parse();
    since.is_ok_and(|since| {
        now.duration_since(since) > jiff::SignedDuration::from_mins(minutes.into())
    })
}
