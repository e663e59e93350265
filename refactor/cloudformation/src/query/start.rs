//! How an operation is begun, and how its request is known when it comes again.

use super::definition::fingerprint;
use super::error::ApiError;
use super::form::Form;
use crate::stacks::{LastRequest, Options, Stack};

/// How an operation is begun.
pub(super) struct Start {
    /// What was made stays as it is when the operation fails.
    pub(super) disable_rollback: bool,
    pub(super) options: Options,
    /// Of the whole request.
    pub(super) fingerprint: u64,
}

impl Start {
    /// What a stack remembers of the request, to know it when it comes again.
    pub(super) fn last_request(&self) -> Option<LastRequest> {
        let token = self.options.token.clone()?;
        Some(LastRequest { token, fingerprint: self.fingerprint })
    }
}

/// Whether the request began the last operation of the stack and comes again.
///
/// # Errors
/// 400 if another request had the same `ClientRequestToken`.
pub(super) fn is_repeat(stack: &Stack, form: &Form<'_>) -> Result<bool, ApiError> {
    match (&stack.last_request, form.get("ClientRequestToken")) {
        (Some(last), Some(token)) if last.token == token => {
            if last.fingerprint == fingerprint(form) {
                Ok(true)
            } else {
                Err(ApiError::token_exists(token))
            }
        }
        _ => Ok(false),
    }
}

/// The options that requests have in common.
///
/// # Errors
/// 400 for a flag that is none.
pub(super) fn options(form: &Form<'_>) -> Result<Options, ApiError> {
    Ok(Options {
        token: form.get("ClientRequestToken").map(str::to_owned),
        retain_except_on_create: form.flag("RetainExceptOnCreate")?,
        ..Options::default()
    })
}
