//! `DescribeStacks`.

use super::api::Api;
use super::error::ApiError;
use super::form::Form;
use super::page::page;
use super::xml::Xml;
use crate::stacks::{Definition, Stack, StackDrift};

impl Api {
    /// One stack, or all that are not deleted. The answer about one that is in progress is held until it is done, for
    /// 25 s at most: clients look again only after 30 s.
    ///
    /// # Errors
    /// 400 if there is no such stack; by ARN, deleted ones are found, too.
    pub(super) fn describe_stacks(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let stacks = match form.get("StackName") {
            None => {
                let mut stacks = self.store.read(|state| state.stacks(form.region))?;
                stacks.retain(|stack| stack.deleted.is_none());
                stacks
            }
            Some(name) => {
                let unknown = || ApiError::no_stack_with_id(name);
                let mut stack = self.stack(form, name)?.ok_or_else(unknown)?;
                if stack.status.in_progress() {
                    self.hold(&stack.id)?;
                    stack = self.stack(form, name)?.ok_or_else(unknown)?;
                }
                vec![stack]
            }
        };
        page(Xml::default(), form, "Stacks", &stacks, |stack| &stack.id, describe)
    }
}

fn describe(xml: &mut Xml, stack: &Stack) {
    xml.text("StackId", &stack.id);
    xml.text("StackName", &stack.name);
    xml.optional("ChangeSetId", stack.change_set_id.as_deref());
    xml.optional("Description", stack.definition.description.as_deref());
    parameters(xml, &stack.definition);
    xml.text("CreationTime", &stack.created);
    xml.optional("LastUpdatedTime", stack.updated.as_deref());
    xml.optional("DeletionTime", stack.deleted.as_deref());
    xml.element("RollbackConfiguration", |_| {});
    xml.text("StackStatus", stack.status.word());
    xml.optional("StackStatusReason", stack.reason.as_deref());
    xml.text("DisableRollback", &stack.disable_rollback.to_string());
    xml.optional(
        "TimeoutInMinutes",
        stack.timeout_minutes.map(|minutes| minutes.to_string()).as_deref(),
    );
    xml.texts("NotificationARNs", &stack.definition.notification_arns);
    xml.texts("Capabilities", &stack.definition.capabilities);
    xml.list("Outputs", &stack.outputs, |xml, output| {
        xml.text("OutputKey", &output.key);
        xml.text("OutputValue", &output.value);
        xml.optional("Description", output.description.as_deref());
        xml.optional("ExportName", output.export.as_deref());
    });
    tags(xml, &stack.definition);
    xml.optional("RoleARN", stack.definition.role.as_deref());
    xml.text("EnableTerminationProtection", &stack.termination_protection.to_string());
    drift(xml, stack);
}

/// Parameters with their values, except those that the template hides.
pub(super) fn parameters(xml: &mut Xml, definition: &Definition) {
    xml.list("Parameters", &definition.parameters, |xml, (name, value)| {
        xml.text("ParameterKey", name);
        xml.text("ParameterValue", if definition.hidden.contains(name) { "****" } else { value });
    });
}

/// Tags of a stack.
pub(super) fn tags(xml: &mut Xml, definition: &Definition) {
    xml.list("Tags", &definition.tags, |xml, (key, value)| {
        xml.text("Key", key);
        xml.text("Value", value);
    });
}

/// What the last drift detection found.
pub(super) fn drift(xml: &mut Xml, stack: &Stack) {
    xml.element("DriftInformation", |xml| {
        xml.text("StackDriftStatus", stack.drift.as_ref().map_or("NOT_CHECKED", StackDrift::word));
        xml.optional("LastCheckTimestamp", stack.drift.as_ref().map(|drift| drift.time.as_str()));
    });
}
