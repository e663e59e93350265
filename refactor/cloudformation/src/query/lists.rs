//! `ListStacks`, `DescribeStackEvents`, `ListExports` and `ListImports`.

use super::api::{Api, stack};
use super::error::ApiError;
use super::form::Form;
use super::page::page;
use super::stacks::drift;
use super::xml::Xml;

/// The states of AWS. Nothing is imported here, and creations and updates that go on are none of these; they may be asked
/// for, since clients ask for all there are.
const STATUSES: [&str; 23] = [
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "CREATE_COMPLETE",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
    "DELETE_COMPLETE",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "REVIEW_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "IMPORT_ROLLBACK_FAILED",
    "IMPORT_ROLLBACK_COMPLETE",
];

impl Api {
    /// All stacks, deleted ones too, or those in the states that are asked for.
    pub(super) fn list_stacks(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let wanted = form.words("StackStatusFilter", &STATUSES)?;
        let mut stacks = self.store.read(|state| state.stacks(form.region))?;
        stacks.retain(|stack| {
            wanted.is_empty() || wanted.iter().any(|status| status == stack.status.word())
        });
        page(
            Xml::default(),
            form,
            "StackSummaries",
            &stacks,
            |stack| &stack.id,
            |xml, stack| {
                xml.text("StackId", &stack.id);
                xml.text("StackName", &stack.name);
                xml.optional("TemplateDescription", stack.definition.description.as_deref());
                xml.text("CreationTime", &stack.created);
                xml.optional("LastUpdatedTime", stack.updated.as_deref());
                xml.optional("DeletionTime", stack.deleted.as_deref());
                xml.text("StackStatus", stack.status.word());
                xml.optional("StackStatusReason", stack.reason.as_deref());
                drift(xml, stack);
            },
        )
    }

    /// What happened to a stack, the newest first.
    ///
    /// # Errors
    /// 400 if there is no such stack.
    pub(super) fn describe_stack_events(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let events = self.store.read(|state| {
            let stack = stack(state, form, ApiError::no_stack)?;
            Ok::<_, ApiError>(state.events(&stack.id)?)
        })?;
        page(
            Xml::default(),
            form,
            "StackEvents",
            &events,
            |event| &event.id,
            |xml, event| {
                xml.text("StackId", &event.stack_id);
                xml.text("EventId", &event.id);
                xml.text("StackName", &event.stack_name);
                xml.text("LogicalResourceId", &event.logical_id);
                xml.text("PhysicalResourceId", &event.physical_id);
                xml.text("ResourceType", &event.kind);
                xml.text("Timestamp", &event.time);
                xml.text("ResourceStatus", &event.status);
                xml.optional("ResourceStatusReason", event.reason.as_deref());
                xml.optional("ClientRequestToken", event.token.as_deref());
            },
        )
    }

    /// What the stacks of the region export.
    pub(super) fn list_exports(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let mut stacks = self.store.read(|state| state.stacks(form.region))?;
        stacks.retain(|stack| stack.deleted.is_none());
        let exports = stacks.iter().flat_map(|stack| {
            let named = |(name, value)| (name, value, stack.id.as_str());
            stack.exports().map(named)
        });
        let mut exports: Vec<(&str, &str, &str)> = exports.collect();
        exports.sort_unstable();
        page(
            Xml::default(),
            form,
            "Exports",
            &exports,
            |(name, ..)| name,
            |xml, export| {
                let (name, value, stack) = export;
                xml.text("ExportingStackId", stack);
                xml.text("Name", name);
                xml.text("Value", value);
            },
        )
    }

    /// The names of the stacks that import an export.
    ///
    /// # Errors
    /// 400 if there is none, in AWS' words.
    pub(super) fn list_imports(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let name = form.required("ExportName")?;
        let importers = self.store.read(|state| state.importers(form.region, name))?;
        if importers.is_empty() {
            return Err(ApiError::validation(format!(
                "Export '{name}' is not imported by any stack."
            )));
        }
        page(Xml::default(), form, "Imports", &importers, String::as_str, |xml, name| {
            xml.content(name);
        })
    }
}
