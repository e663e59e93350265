//! `ExecuteChangeSet`, and how an operation is begun.

use super::api::Api;
use super::change_sets::find;
use super::error::ApiError;
use super::form::Form;
use super::start::StackStart;
use super::xml::Xml;
use crate::stacks::{ChangeSet, ChangeSetStatus, Execution, Stack, StackStatus, Transaction, now};

impl Api {
    /// Carries a change set out, and answers when that is done or after 25 s. Whether it went well is for
    /// `DescribeStacks` to say. A change set that is being executed, or was, is a repeated request and no error.
    ///
    /// # Errors
    /// 400 if there is no such stack, the change set cannot be executed, or the stack is in the wrong state; 404
    /// if there is no such change set.
    pub(super) fn execute_change_set(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let start = StackStart::new(form)?;
        let stack_id = self.store.write(|state| {
            let (stack, change_set) = find(state, form)?;
            let stack_id = stack.id.clone();
            if !start.is_repeat(&stack)? && begins(&stack, &change_set)? {
                let on_failure = change_set.on_failure;
                if on_failure.is_some() && form.get("DisableRollback").is_some() {
                    return Err(ApiError::validation(
                        "DisableRollback must not be given: the change set has OnStackFailure, which says the same",
                    ));
                }
                execute(state, stack, change_set, start.on_failure(on_failure))?;
            }
            Ok::<_, ApiError>(stack_id)
        })?;
        self.engine.wake();
        self.hold(&stack_id)?;
        Ok(Xml::default())
    }
}

/// Whether there is something to begin: false for a repeated request.
fn begins(stack: &Stack, change_set: &ChangeSet) -> Result<bool, ApiError> {
    let status = match change_set.execution {
        Execution::InProgress | Execution::Complete | Execution::Failed => return Ok(false),
        _ if change_set.status == ChangeSetStatus::Failed => "status of [FAILED]".to_owned(),
        Execution::Available => String::new(),
        other => format!("execution status of [{}]", other.word()),
    };
    if !status.is_empty() {
        let id = &change_set.id;
        let message = format!("ChangeSet [{id}] cannot be executed in its current {status}");
        return Err(ApiError::new("InvalidChangeSetStatus", message));
    }
    if stack.status != StackStatus::ReviewInProgress && !stack.status.can_update() {
        return Err(ApiError::wrong_state(stack, "updated", ""));
    }
    Ok(true)
}

/// Writes the operation down, with the state that the stack has from here on.
pub(super) fn execute(
    state: &Transaction<'_>,
    mut stack: Stack,
    mut change_set: ChangeSet,
    start: StackStart,
) -> Result<(), ApiError> {
    let mut status = StackStatus::UpdateInProgress;
    if stack.status == StackStatus::ReviewInProgress {
        status = StackStatus::CreateInProgress;
        stack.definition = change_set.definition.clone();
    }
    stack.updated = Some(now());
    stack.change_set_id = (!change_set.is_direct()).then(|| change_set.id.clone());
    stack.disable_rollback = start.disable_rollback;
    stack.drift = None;
    change_set.execution = Execution::InProgress;
    state.put_change_set(&change_set)?;
    start.begin(state, stack, status, Some(&change_set.id))
}
