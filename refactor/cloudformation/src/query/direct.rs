//! `CreateStack` and `UpdateStack`: a change set that is made and carried out at once, and that is never shown.

use super::api::Api;
use super::change_set::on_failure;
use super::error::ApiError;
use super::execution::execute;
use super::form::Form;
use super::planned::{Planned, new_stack, stack_to_update};
use super::start::StackStart;
use super::xml::Xml;
use crate::stacks::{ChangeSet, Stack, Transaction};
use crate::template::Template;

impl Api {
    /// Begins to make a stack and answers at once; `DescribeStacks` waits for the end.
    ///
    /// # Errors
    /// 400 for a bad name, template or parameter; `AlreadyExistsException` if there is a stack of that name, but not for
    /// the same request again with its `ClientRequestToken`.
    pub(super) fn create_stack(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let name = form.required("StackName")?;
        let on_failure = on_failure(form, "OnFailure")?;
        if on_failure.is_some() && form.get("DisableRollback").is_some() {
            return Err(ApiError::validation(
                "OnFailure and DisableRollback say the same; give only one of them",
            ));
        }
        let start = StackStart::new(form)?.on_failure(on_failure);
        let termination_protection = form.flag("EnableTerminationProtection")?;
        let timeout_minutes = timeout(form)?;
        let parsed = form.get("TemplateBody").map(Template::parse);
        let id = self.store.write(|state| {
            if let Some(known) = state.stack(form.region, name)? {
                if start.is_repeat(&known)? {
                    return Ok(known.id);
                }
                let message = format!("Stack [{name}] already exists");
                return Err(ApiError::new("AlreadyExistsException", message));
            }
            let new = new_stack(state, form, name)?;
            let stack = Stack { termination_protection, timeout_minutes, ..new };
            let planned = self.planned(state, &stack, form, parsed, &[])?;
            begin(state, stack, planned, start)
        })?;
        self.engine.wake();
        Ok(Xml::of(&[("StackId", &id)]))
    }

    /// Begins to update a stack and answers at once; `DescribeStacks` waits for the end.
    ///
    /// # Errors
    /// 400 for a bad template or parameter, a stack in the wrong state, and if nothing would change.
    pub(super) fn update_stack(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let name = form.required("StackName")?;
        let start = StackStart::new(form)?;
        let parsed = form.get("TemplateBody").map(Template::parse);
        let id = self.store.write(|state| {
            let known = state.stack(form.region, name)?;
            if let Some(known) = &known
                && start.is_repeat(known)?
            {
                return Ok(known.id.clone());
            }
            let stack = stack_to_update(name, known)?;
            let planned = self.planned(state, &stack, form, parsed, &[])?;
            if planned.nothing {
                return Err(ApiError::validation("No updates are to be performed."));
            }
            begin(state, stack, planned, start)
        })?;
        self.engine.wake();
        Ok(Xml::of(&[("StackId", &id)]))
    }
}

fn timeout(form: &Form<'_>) -> Result<Option<u32>, ApiError> {
    let Some(given) = form.get("TimeoutInMinutes") else { return Ok(None) };
    match given.parse() {
        Ok(minutes) if minutes > 0 => Ok(Some(minutes)),
        _ => Err(ApiError::constraint(
            "TimeoutInMinutes",
            given,
            "Member must be a whole number that is greater than or equal to 1",
        )),
    }
}

fn begin(
    state: &Transaction<'_>,
    stack: Stack,
    planned: Planned,
    start: StackStart,
) -> Result<String, ApiError> {
    let stack_id = stack.id.clone();
    let planned = planned.change_set(&stack, "direct", start.fingerprint);
    execute(state, stack, ChangeSet { name: String::new(), ..planned }, start)?;
    Ok(stack_id)
}
