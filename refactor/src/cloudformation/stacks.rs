//! Stacks, their resources, change sets and events: what is remembered, and how it is kept on disk.

mod schema;
mod status;
mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::Change;
use super::provider::Properties;

pub(crate) use schema::migrate;
pub(crate) use status::{ChangeSetStatus, Execution, ResourceStatus, StackStatus};
pub(crate) use store::{Store, StoreError, Transaction};

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
pub(crate) struct Resource {
    pub(crate) logical_id: String,
    /// Name of the resource type.
    pub(crate) kind: String,
    pub(crate) status: ResourceStatus,
    pub(crate) reason: Option<String>,
    pub(crate) updated: String,
    /// What there is; `None` while it is being made, or where that failed.
    pub(crate) current: Option<Generation>,
    /// What an operation that is not finished has to put back if it fails.
    pub(crate) before: Before,
    /// What earlier operations wanted to remove and could not.
    pub(crate) leftovers: Vec<Generation>,
    /// The resources that this one needs: they are made before it and removed after it.
    pub(crate) needs: Vec<String>,
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
    pub(crate) changes: Vec<Change>,
    /// Of the whole request, to tell a repeat from another change set of the same name.
    pub(crate) fingerprint: u64,
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
}

/// Work on a stack that is not finished: written down before it begins, so that a restart takes it up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// Part of the tokens of its steps.
    pub(crate) id: String,
    pub(crate) stack_id: String,
    /// The change set that it carries out; `None` for a deletion.
    pub(crate) change_set_id: Option<String>,
    /// Whether the stack is new.
    pub(crate) creates: bool,
    pub(crate) phase: Phase,
    /// Why it is being rolled back.
    pub(crate) failure: Option<String>,
}

/// How far an operation is. Each phase can be begun again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Nothing has happened yet.
    Queued,
    /// Resources are made and changed.
    Forward,
    /// All is made; what is no longer wanted is removed.
    Cleanup,
    /// What was made is removed, what was changed is put back.
    Rollback,
    /// The stack is removed.
    Delete,
}

/// The time now, as it is stored and shown: RFC 3339 in UTC with milliseconds.
pub(crate) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}
