//! How an operation is begun, and how its request is known when it comes again.

use super::definition::fingerprint;
use super::error::ApiError;
use super::form::Form;
use crate::stacks::{
    Execution, LastRequest, OnFailure, Stack, StackOperation, StackStatus, StartOptions,
    Transaction,
};

/// How an operation is begun.
pub(super) struct StackStart {
    /// What was made stays as it is when the operation fails.
    pub(super) disable_rollback: bool,
    pub(super) options: StartOptions,
    /// Of the whole request.
    pub(super) fingerprint: u64,
}

impl StackStart {
    /// What requests have in common.
    ///
    /// # Errors
    /// 400 for a flag that is none.
    pub(super) fn new(form: &Form<'_>) -> Result<Self, ApiError> {
        Ok(Self {
            disable_rollback: form.flag("DisableRollback")?,
            options: StartOptions {
                token: form.get("ClientRequestToken").map(str::to_owned),
                retain_except_on_create: form.flag("RetainExceptOnCreate")?,
                ..StartOptions::default()
            },
            fingerprint: fingerprint(form),
        })
    }

    /// The same, with what is to become of the stack if the operation fails.
    pub(super) fn on_failure(mut self, on_failure: Option<OnFailure>) -> Self {
        self.disable_rollback |= on_failure == Some(OnFailure::DoNothing);
        self.options.deletes_on_failure = on_failure == Some(OnFailure::Delete);
        self
    }

    /// Whether the request began the last operation of the stack and comes again.
    ///
    /// # Errors
    /// 400 if another request had the same `ClientRequestToken`.
    pub(super) fn is_repeat(&self, stack: &Stack) -> Result<bool, ApiError> {
        match (&stack.last_request, &self.options.token) {
            (Some(last), Some(token)) if last.token == *token => {
                if last.fingerprint == self.fingerprint {
                    return Ok(true);
                }
                Err(ApiError::new(
                    "TokenAlreadyExistsException",
                    format!(
                        "ClientRequestToken {token} came before with another request; use a new one"
                    ),
                ))
            }
            _ => Ok(false),
        }
    }

    /// Writes the operation down, with the state that the stack has from here on. What was planned before looks at a
    /// stack that is no longer so.
    pub(super) fn begin(
        self,
        state: &Transaction<'_>,
        mut stack: Stack,
        status: StackStatus,
        change_set_id: Option<&str>,
    ) -> Result<(), ApiError> {
        let token = self.options.token.clone();
        let fingerprint = self.fingerprint;
        stack.status = status;
        stack.reason = Some("User Initiated".to_owned());
        stack.last_request = token.clone().map(|token| LastRequest { token, fingerprint });
        state.put_stack(&stack)?;
        state.add_event(&stack.event(token))?;
        for mut change_set in state.change_sets(&stack.id)? {
            if change_set.execution == Execution::Available {
                change_set.execution = Execution::Obsolete;
                state.put_change_set(&change_set)?;
            }
        }
        let creates = status == StackStatus::CreateInProgress;
        let operation = StackOperation::new(&stack.id, change_set_id, creates, self.options);
        Ok(state.put_operation(&operation)?)
    }
}
