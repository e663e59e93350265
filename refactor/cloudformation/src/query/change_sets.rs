//! `DescribeChangeSet`, `ListChangeSets`, `DeleteChangeSet`.

use super::Api;
use super::changes::{self, Secrets};
use super::error::ApiError;
use super::form::Form;
use super::page::{next_token, page};
use super::stacks::{parameters, tags};
use super::xml::Xml;
use crate::stacks::{ChangeSet, Execution, OnFailure, Stack, StackStatus, Transaction};

impl Api {
    /// A change set with its changes.
    ///
    /// # Errors
    /// 400 if there is no such stack, 404 if it has no such change set.
    pub(super) fn describe_change_set(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let values = form.flag("IncludePropertyValues")?;
        let (stack, change_set) = self.store.read(|state| find(state, form))?;
        let mut xml = Xml::default();
        head(&mut xml, &change_set);
        parameters(&mut xml, &change_set.definition);
        xml.texts("NotificationARNs", &change_set.definition.notification_arns);
        xml.texts("Capabilities", &change_set.definition.capabilities);
        tags(&mut xml, &change_set.definition);
        xml.optional("OnStackFailure", change_set.on_failure.map(OnFailure::word));
        xml.optional("DeploymentMode", change_set.reverts_drift.then_some("REVERT_DRIFT"));
        let (page, token) = page(&change_set.changes, form, |change| change.logical_id.as_str())?;
        let secrets = Secrets::of([&stack.definition, &change_set.definition]);
        xml.list("Changes", page, |xml, change| {
            changes::change(xml, change, values.then_some(&secrets));
        });
        next_token(&mut xml, token);
        Ok(xml)
    }

    /// The change sets of a stack.
    ///
    /// # Errors
    /// 400 if there is no such stack.
    pub(super) fn list_change_sets(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let name = form.required("StackName")?;
        let mut change_sets = self.store.read(|state| match state.stack(form.region, name)? {
            Some(stack) => Ok(state.change_sets(&stack.id)?),
            None => Err(ApiError::no_stack(name)),
        })?;
        change_sets.retain(|change_set| !change_set.is_direct());
        let (given, token) = page(&change_sets, form, |change_set| change_set.id.as_str())?;
        let mut xml = Xml::default();
        xml.list("Summaries", given, head);
        next_token(&mut xml, token);
        Ok(xml)
    }

    /// Forgets a change set that is not being executed.
    ///
    /// # Errors
    /// 400 if there is no such stack, or the change set is being executed. One that is already gone is no error.
    pub(super) fn delete_change_set(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        self.store.write(|state| {
            let change_set = match find(state, form) {
                Ok((_, change_set)) => change_set,
                Err(err) if err.is_not_found() => return Ok(()),
                Err(err) => return Err(err),
            };
            if change_set.execution == Execution::InProgress {
                return Err(ApiError::change_set_status(format!(
                    "ChangeSet [{}] cannot be deleted in its current execution status of [{}]",
                    change_set.id,
                    change_set.execution.word()
                )));
            }
            state.delete_change_set(&change_set.id)?;
            Ok(())
        })?;
        Ok(Xml::default())
    }
}

/// The change set that a form names, and its stack.
pub(super) fn find(
    state: &Transaction<'_>,
    form: &Form<'_>,
) -> Result<(Stack, ChangeSet), ApiError> {
    let name = form.required("ChangeSetName")?;
    let stack = stack_of(state, form)?;
    let change_set = state.change_set(stack.as_ref().map(|stack| stack.id.as_str()), name)?;
    let change_set = change_set.ok_or_else(|| ApiError::no_change_set(name))?;
    let stack = match stack {
        Some(stack) => stack,
        None => state
            .stack(form.region, &change_set.stack_id)?
            .ok_or_else(|| ApiError::no_change_set(name))?,
    };
    // The same answer as for one that there is not: another stack's or region's change set is none of this one's.
    if change_set.stack_id != stack.id {
        return Err(ApiError::no_change_set(name));
    }
    Ok((stack, change_set))
}

/// The stack that a form names, if it names one; with an ARN of a change set it need not.
fn stack_of(state: &Transaction<'_>, form: &Form<'_>) -> Result<Option<Stack>, ApiError> {
    match form.get("StackName") {
        Some(name) => {
            Ok(Some(state.stack(form.region, name)?.ok_or_else(|| ApiError::no_stack(name))?))
        }
        None if form.required("ChangeSetName")?.starts_with("arn:") => Ok(None),
        None => Err(ApiError::validation(
            "StackName must be specified if ChangeSetName is not specified as an ARN.",
        )),
    }
}

/// What descriptions and lists have in common.
fn head(xml: &mut Xml, change_set: &ChangeSet) {
    xml.text("ChangeSetName", &change_set.name);
    xml.text("ChangeSetId", &change_set.id);
    xml.text("StackId", &change_set.stack_id);
    xml.text("StackName", &change_set.stack_name);
    xml.optional("Description", change_set.description.as_deref());
    xml.text("CreationTime", &change_set.created);
    xml.text("ExecutionStatus", change_set.execution.word());
    xml.text("Status", change_set.status.word());
    xml.optional("StatusReason", change_set.reason.as_deref());
}

/// A stack under review has only change sets.
pub(super) fn newest_definition(
    state: &Transaction<'_>,
    stack: &Stack,
) -> Result<Option<String>, crate::stacks::StoreError> {
    if stack.status != StackStatus::ReviewInProgress {
        return Ok(Some(stack.definition.template.clone()));
    }
    Ok(state.change_sets(&stack.id)?.pop().map(|change_set| change_set.definition.template))
}
