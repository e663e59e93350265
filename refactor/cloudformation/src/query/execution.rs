//! `ExecuteChangeSet`, and how an operation is begun.

use super::Api;
use super::change_sets::find;
use super::definition::fingerprint;
use super::error::ApiError;
use super::form::Form;
use super::start::{Start, is_repeat, options};
use super::xml::Xml;
use crate::engine::stack_event;
use crate::id;
use crate::stacks::{
    ChangeSet, ChangeSetStatus, Execution, OnFailure, Operation, Options, Phase, Stack,
    StackStatus, Transaction, now,
};

impl Api {
    /// Carries a change set out, and answers when that is done or after 25 s. Whether it went well is for
    /// `DescribeStacks` to say. A change set that is being executed, or was, is a repeated request and no error.
    ///
    /// # Errors
    /// 400 if there is no such stack, the change set cannot be executed, or the stack is in the wrong state; 404
    /// if there is no such change set.
    pub(super) fn execute_change_set(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let disable_rollback = form.flag("DisableRollback")?;
        let options = options(form)?;
        let stack_id = self.store.write(|state| {
            let (stack, change_set) = find(state, form)?;
            let stack_id = stack.id.clone();
            if !is_repeat(&stack, form)? && begins(&stack, &change_set)? {
                let on_failure = change_set.on_failure;
                if on_failure.is_some() && form.get("DisableRollback").is_some() {
                    return Err(ApiError::validation(
                        "DisableRollback must not be given: the change set has OnStackFailure, which says the same",
                    ));
                }
                let start = Start {
                    disable_rollback: disable_rollback || on_failure == Some(OnFailure::DoNothing),
                    options: Options {
                        deletes_on_failure: on_failure == Some(OnFailure::Delete),
                        ..options
                    },
                    fingerprint: fingerprint(form),
                };
                execute(state, stack, change_set, start)?;
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
pub(super) fn execute(
    state: &Transaction<'_>,
    mut stack: Stack,
    mut change_set: ChangeSet,
    start: Start,
) -> Result<(), ApiError> {
    let creates = stack.status == StackStatus::ReviewInProgress;
    if creates {
        stack.definition = change_set.definition.clone();
    }
    stack.status =
        if creates { StackStatus::CreateInProgress } else { StackStatus::UpdateInProgress };
    stack.reason = Some("User Initiated".to_owned());
    stack.updated = Some(now());
    stack.change_set_id = (!change_set.is_direct()).then(|| change_set.id.clone());
    stack.disable_rollback = start.disable_rollback;
    stack.drift = None;
    stack.last_request = start.last_request();
    state.put_stack(&stack)?;
    state.add_event(&stack_event(&stack, start.options.token.clone()))?;
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
        options: start.options,
    })?)
}

/// What was planned before looks at a stack that is no longer so.
pub(super) fn obsolete(
    state: &Transaction<'_>,
    stack_id: &str,
    except: Option<&str>,
) -> Result<(), ApiError> {
    for mut change_set in state.change_sets(stack_id)? {
        if change_set.execution == Execution::Available && Some(change_set.id.as_str()) != except {
            change_set.execution = Execution::Obsolete;
            state.put_change_set(&change_set)?;
        }
    }
    Ok(())
}
