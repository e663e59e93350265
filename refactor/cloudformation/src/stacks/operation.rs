//! Operations: what the engine has to do, and how far it is.

use serde::{Deserialize, Serialize};

use crate::id;

/// Work on a stack that is not finished: written down before it begins, so that a restart takes it up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StackOperation {
    /// Part of the tokens of its steps.
    pub(crate) id: String,
    pub(crate) stack_id: String,
    /// The change set that it carries out; `None` for a deletion.
    pub(crate) change_set_id: Option<String>,
    /// Whether the stack is new.
    pub(crate) creates: bool,
    pub(crate) phase: OperationPhase,
    /// Why it is being rolled back.
    pub(crate) failure: Option<String>,
    #[serde(default)]
    pub(crate) options: StartOptions,
}

impl StackOperation {
    /// One that has not begun.
    pub(crate) fn new(
        stack_id: &str,
        change_set_id: Option<&str>,
        creates: bool,
        options: StartOptions,
    ) -> Self {
        Self {
            id: id::operation(),
            stack_id: stack_id.to_owned(),
            change_set_id: change_set_id.map(str::to_owned),
            creates,
            phase: OperationPhase::Queued,
            failure: None,
            options,
        }
    }
}

/// What the request that began an operation says about the way there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StartOptions {
    /// `ClientRequestToken`: it stands in every event.
    pub(crate) token: Option<String>,
    /// A new stack whose creation fails is deleted.
    pub(crate) deletes_on_failure: bool,
    /// What a failed operation made goes even if its policy is `Retain`.
    pub(crate) retain_except_on_create: bool,
    /// Resources that a deletion leaves alone.
    pub(crate) retain: Vec<String>,
    /// A deletion goes on past resources that refuse.
    pub(crate) force: bool,
}

/// A request that began an operation with a `ClientRequestToken`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastRequest {
    pub(crate) token: String,
    /// Of the whole request.
    pub(crate) fingerprint: u64,
}

/// How far an operation is. Each phase can be begun again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OperationPhase {
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
