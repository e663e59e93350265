//! `CreateStack` and `UpdateStack`: a change set that is made and carried out at once, and that is never shown.

use super::Api;
use super::change_set::on_failure;
use super::definition::fingerprint;
use super::error::ApiError;
use super::execution::execute;
use super::form::Form;
use super::planned::{Planned, new_stack, planned, stack_to_update};
use super::start::{Start, is_repeat, options};
use super::xml::Xml;
use crate::id;
use crate::stacks::{
    ChangeSet, ChangeSetStatus, Execution, OnFailure, Options, Stack, Transaction, now,
};
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
        let disable_rollback = form.flag("DisableRollback")?;
        let protected = form.flag("EnableTerminationProtection")?;
        let timeout_minutes = timeout(form)?;
        let options = options(form)?;
        let parsed = form.get("TemplateBody").map(Template::parse);
        let id = self.store.write(|state| {
            if let Some(known) = state.stack(form.region, name)? {
                let repeated = is_repeat(&known, form)?;
                return if repeated { Ok(known.id) } else { Err(ApiError::stack_exists(name)) };
            }
            let stack = Stack {
                termination_protection: protected,
                timeout_minutes,
                ..new_stack(state, form, name)?
            };
            let planned = planned(&stack, self.around(state, &stack)?, form, parsed)?;
            let start = Start {
                disable_rollback: disable_rollback || on_failure == Some(OnFailure::DoNothing),
                options: Options {
                    deletes_on_failure: on_failure == Some(OnFailure::Delete),
                    ..options
                },
                fingerprint: fingerprint(form),
            };
            begin(state, stack, planned, start)
        })?;
        self.engine.wake();
        let mut xml = Xml::default();
        xml.text("StackId", &id);
        Ok(xml)
    }

    /// Begins to update a stack and answers at once; `DescribeStacks` waits for the end.
    ///
    /// # Errors
    /// 400 for a bad template or parameter, a stack in the wrong state, and if nothing would change.
    pub(super) fn update_stack(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let name = form.required("StackName")?;
        let disable_rollback = form.flag("DisableRollback")?;
        let options = options(form)?;
        let parsed = form.get("TemplateBody").map(Template::parse);
        let id = self.store.write(|state| {
            let known = state.stack(form.region, name)?;
            if let Some(known) = &known
                && is_repeat(known, form)?
            {
                return Ok(known.id.clone());
            }
            let stack = stack_to_update(name, known)?;
            let planned = planned(&stack, self.around(state, &stack)?, form, parsed)?;
            if planned.nothing {
                return Err(ApiError::validation("No updates are to be performed."));
            }
            begin(
                state,
                stack,
                planned,
                Start { disable_rollback, options, fingerprint: fingerprint(form) },
            )
        })?;
        self.engine.wake();
        let mut xml = Xml::default();
        xml.text("StackId", &id);
        Ok(xml)
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
    start: Start,
) -> Result<String, ApiError> {
    let change_set = ChangeSet {
        id: id::change_set(&stack.region, "direct"),
        name: String::new(),
        stack_id: stack.id.clone(),
        stack_name: stack.name.clone(),
        description: None,
        created: now(),
        status: ChangeSetStatus::Complete,
        reason: None,
        execution: Execution::Available,
        definition: planned.definition,
        changes: planned.changes,
        fingerprint: start.fingerprint,
        on_failure: None,
        reverts_drift: false,
    };
    let stack_id = stack.id.clone();
    execute(state, stack, change_set, start)?;
    Ok(stack_id)
}
