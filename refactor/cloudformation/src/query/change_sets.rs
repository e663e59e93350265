//! `DescribeChangeSet`, `ListChangeSets`, `DeleteChangeSet`.

use super::api::{self, Api};
use super::changes::{self, Secrets};
use super::error::ApiError;
use super::form::Form;
use super::page::page;
use super::stacks::{parameters, tags};
use super::xml::Xml;
use crate::stacks::{ChangeSet, Execution, OnFailure, Stack, StackError, StackStatus, Transaction};

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
        let secrets = Secrets::of([&stack.definition, &change_set.definition]);
        page(
            xml,
            form,
            "Changes",
            &change_set.changes,
            |change| &change.logical_id,
            |xml, change| {
                changes::change(xml, change, values.then_some(&secrets));
            },
        )
    }

    /// The change sets of a stack.
    ///
    /// # Errors
    /// 400 if there is no such stack.
    pub(super) fn list_change_sets(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let mut change_sets = self.store.read(|state| {
            let stack = api::stack(state, form, ApiError::no_stack)?;
            Ok::<_, ApiError>(state.change_sets(&stack.id)?)
        })?;
        change_sets.retain(|change_set| !change_set.is_direct());
        page(Xml::default(), form, "Summaries", &change_sets, |change_set| &change_set.id, head)
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
                let (id, status) = (&change_set.id, change_set.execution.word());
                let message = format!(
                    "ChangeSet [{id}] cannot be deleted in its current execution status of [{status}]"
                );
                return Err(ApiError::new("InvalidChangeSetStatus", message));
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
    let unknown = || {
        let message = format!("ChangeSet [{name}] does not exist");
        ApiError::not_found("ChangeSetNotFound", message)
    };
    let change_set = state.change_set(stack.as_ref().map(|stack| stack.id.as_str()), name)?;
    let change_set = change_set.ok_or_else(unknown)?;
    let stack = match stack {
        Some(stack) => Some(stack),
        None => state.stack(form.region, &change_set.stack_id)?,
    };
    // The same answer as for one that there is not: another stack's or region's change set is none of this one's.
    let own = stack.filter(|stack| change_set.stack_id == stack.id);
    Ok((own.ok_or_else(unknown)?, change_set))
}

/// The stack that a form names, if it names one; with an ARN of a change set it need not.
fn stack_of(state: &Transaction<'_>, form: &Form<'_>) -> Result<Option<Stack>, ApiError> {
    match form.get("StackName") {
        Some(_) => api::stack(state, form, ApiError::no_stack).map(Some),
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
) -> Result<Option<String>, StackError> {
    if stack.status != StackStatus::ReviewInProgress {
        return Ok(Some(stack.definition.template.clone()));
    }
    Ok(state.change_sets(&stack.id)?.pop().map(|change_set| change_set.definition.template))
}
