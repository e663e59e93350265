//! `ExecuteChangeSet` and `DeleteStack`: what sets the engine to work.

use super::change_sets::find;
use super::error::ApiError;
use super::form::Form;
use super::{Api, Caller};
use crate::cloudformation::engine::stack_event;
use crate::cloudformation::id;
use crate::cloudformation::stacks::{
    ChangeSet, ChangeSetStatus, Execution, Operation, Phase, Stack, StackStatus, Transaction, now,
};

impl Api {
    /// Carries a change set out, and answers when that is done or after 25 s. Whether it went well is for
    /// `DescribeStacks` to say. A change set that is being executed, or was, is a repeated request and no error.
    ///
    /// # Errors
    /// 400 where there is no such stack, the change set cannot be executed, or the stack is in the wrong state; 404
    /// where there is no such change set.
    pub(super) fn execute_change_set(
        &self,
        caller: &Caller,
        form: &Form<'_>,
    ) -> Result<(), ApiError> {
        let disable_rollback = form.flag("DisableRollback")?;
        let stack_id = self.store.write(|state| {
            let (stack, change_set) = find(state, caller, form)?;
            let stack_id = stack.id.clone();
            if begins(&stack, &change_set)? {
                execute(state, stack, change_set, disable_rollback)?;
            }
            Ok::<_, ApiError>(stack_id)
        })?;
        self.engine.wake();
        Ok(self.hold(&stack_id)?)
    }

    /// Removes a stack with its resources. Answers at once; `DescribeStacks` waits for the end. A stack that does not
    /// exist is no error.
    ///
    /// # Errors
    /// 400 where another operation on the stack is under way and does not end within 25 s.
    pub(super) fn delete_stack(&self, caller: &Caller, form: &Form<'_>) -> Result<(), ApiError> {
        let name = form.required("StackName")?;
        if !form.texts("RetainResources")?.is_empty() {
            return Err(ApiError::validation(
                "RetainResources is not supported here: a stack is deleted with all its resources",
            ));
        }
        let Some(stack) = self.stack(caller, name)? else { return Ok(()) };
        if stack.status.in_progress() && stack.status != StackStatus::DeleteInProgress {
            self.hold(&stack.id)?;
        }
        self.store.write(|state| {
            let mut stack = state.stack_by_id(&stack.id)?;
            match stack.status {
                StackStatus::DeleteInProgress | StackStatus::DeleteComplete => return Ok(()),
                status if status.in_progress() => {
                    return Err(ApiError::wrong_state(&stack, "deleted", ""));
                }
                _ => {}
            }
            stack.status = StackStatus::DeleteInProgress;
            stack.reason = Some("User Initiated".to_owned());
            state.put_stack(&stack)?;
            state.add_event(&stack_event(&stack))?;
            obsolete(state, &stack.id, None)?;
            Ok(state.put_operation(&Operation {
                id: id::operation(),
                stack_id: stack.id,
                change_set_id: None,
                creates: false,
                phase: Phase::Queued,
                failure: None,
            })?)
        })?;
        self.engine.wake();
        Ok(())
    }
}

/// Whether there is something to begin: false for a repeated request.
fn begins(stack: &Stack, change_set: &ChangeSet) -> Result<bool, ApiError> {
    let status = match change_set.execution {
        Execution::InProgress | Execution::Complete | Execution::Failed => return Ok(false),
        Execution::Available => None,
        Execution::Unavailable | Execution::Obsolete => Some(change_set.execution.word()),
    };
    if change_set.status == ChangeSetStatus::Failed {
        return Err(ApiError::change_set_status(format!(
            "ChangeSet [{}] cannot be executed in its current status of [FAILED]",
            change_set.id
        )));
    }
    if let Some(status) = status {
        return Err(ApiError::change_set_status(format!(
            "ChangeSet [{}] cannot be executed in its current execution status of [{status}]",
            change_set.id
        )));
    }
    if stack.status != StackStatus::ReviewInProgress && !stack.status.can_update() {
        return Err(ApiError::wrong_state(stack, "updated", ""));
    }
    Ok(true)
}

/// Writes the operation down, with the state that the stack has from here on.
fn execute(
    state: &Transaction<'_>,
    mut stack: Stack,
    mut change_set: ChangeSet,
    disable_rollback: bool,
) -> Result<(), ApiError> {
    let creates = stack.status == StackStatus::ReviewInProgress;
    if creates {
        stack.definition = change_set.definition.clone();
    }
    stack.status =
        if creates { StackStatus::CreateInProgress } else { StackStatus::UpdateInProgress };
    stack.reason = Some("User Initiated".to_owned());
    stack.updated = Some(now());
    stack.change_set_id = Some(change_set.id.clone());
    stack.disable_rollback = disable_rollback;
    state.put_stack(&stack)?;
    state.add_event(&stack_event(&stack))?;
    change_set.execution = Execution::InProgress;
    state.put_change_set(&change_set)?;
    obsolete(state, &stack.id, Some(&change_set.id))?;
    Ok(state.put_operation(&Operation {
        id: id::operation(),
        stack_id: stack.id,
        change_set_id: Some(change_set.id),
        creates,
        phase: Phase::Queued,
        failure: None,
    })?)
}

/// What was planned before looks at a stack that is no longer so.
fn obsolete(state: &Transaction<'_>, stack_id: &str, except: Option<&str>) -> Result<(), ApiError> {
    for mut change_set in state.change_sets(stack_id)? {
        if change_set.execution == Execution::Available && Some(change_set.id.as_str()) != except {
            change_set.execution = Execution::Obsolete;
            state.put_change_set(&change_set)?;
        }
    }
    Ok(())
}
