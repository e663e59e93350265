//! `DeleteStack` and `UpdateTerminationProtection`.

use super::api::{Api, stack};
use super::checks;
use super::error::ApiError;
use super::form::Form;
use super::start::StackStart;
use super::xml::Xml;
use crate::stacks::{Stack, StackResource, StackStatus, StartOptions};

const MODES: [&str; 2] = ["STANDARD", "FORCE_DELETE_STACK"];

impl Api {
    /// Removes a stack with its resources. Answers at once; `DescribeStacks` waits for the end. A stack that does not
    /// exist is no error.
    ///
    /// # Errors
    /// 400 if another operation on the stack is under way and does not end within 25 s, if the stack is protected or
    /// another one imports from it, and for what is only for a stack in `DELETE_FAILED`.
    pub(super) fn delete_stack(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let name = form.required("StackName")?;
        let role = checks::role(form)?;
        let force = form.one_of("DeletionMode", &MODES)? == Some("FORCE_DELETE_STACK");
        let mut start = StackStart::new(form)?;
        start.options.retain = form.texts("RetainResources")?;
        start.options.force = force;
        let Some(stack) = self.stack(form, name)? else { return Ok(Xml::default()) };
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
            may_go(&stack, &state.resources(&stack.id)?, &start.options)?;
            if let Some(reason) = state.still_imported(&stack)? {
                return Err(ApiError::validation(reason));
            }
            stack.definition.role = role.or(stack.definition.role);
            start.begin(state, stack, StackStatus::DeleteInProgress, None)
        })?;
        self.engine.wake();
        Ok(Xml::default())
    }

    /// Protects a stack from `DeleteStack`, or no longer.
    ///
    /// # Errors
    /// 400 if there is no such stack.
    pub(super) fn update_termination_protection(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        form.required("StackName")?;
        form.required("EnableTerminationProtection")?;
        let protected = form.flag("EnableTerminationProtection")?;
        let id = self.store.write(|state| {
            let mut stack = stack(state, form, ApiError::no_stack)?;
            if stack.deleted.is_some() {
                return Err(ApiError::wrong_state(&stack, "protected", ""));
            }
            stack.termination_protection = protected;
            state.put_stack(&stack)?;
            Ok(stack.id)
        })?;
        Ok(Xml::of(&[("StackId", &id)]))
    }
}

/// Whether a stack may be deleted in this way.
fn may_go(
    stack: &Stack,
    resources: &[StackResource],
    options: &StartOptions,
) -> Result<(), ApiError> {
    if stack.termination_protection {
        return Err(ApiError::validation(format!(
            "Stack [{}] cannot be deleted while TerminationProtection is enabled",
            stack.name
        )));
    }
    let failed = stack.status == StackStatus::DeleteFailed;
    let only = [
        ("RetainResources", !options.retain.is_empty()),
        ("DeletionMode FORCE_DELETE_STACK", options.force),
    ];
    if let Some((what, _)) = only.iter().find(|(_, given)| *given && !failed) {
        return Err(ApiError::validation(format!(
            "{what} is only for a stack in DELETE_FAILED state; {} is in {} state: delete it without first",
            stack.id,
            stack.status.word()
        )));
    }
    let has = |name: &String| resources.iter().any(|resource| resource.logical_id == *name);
    match options.retain.iter().find(|name| !has(name)) {
        Some(name) => Err(ApiError::validation(format!(
            "Resource {name} of RetainResources does not exist for stack {}",
            stack.name
        ))),
        None => Ok(()),
    }
}
