//! `ListStacks`.

use super::Api;
use super::error::ApiError;
use super::form::Form;
use super::page::{next_token, page};
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
        let wanted = form.texts("StackStatusFilter")?;
        if let Some(word) = wanted.iter().find(|word| !STATUSES.contains(&word.as_str())) {
            return Err(ApiError::not_one_of("StackStatusFilter", word, &STATUSES));
        }
        let mut stacks = self.store.read(|state| state.stacks(form.region))?;
        stacks.retain(|stack| {
            wanted.is_empty() || wanted.iter().any(|status| status == stack.status.word())
        });
        let (given, token) = page(&stacks, form, |stack| stack.id.as_str())?;
        let mut xml = Xml::default();
        xml.list("StackSummaries", given, |xml, stack| {
            xml.text("StackId", &stack.id);
            xml.text("StackName", &stack.name);
            xml.optional("TemplateDescription", stack.definition.description.as_deref());
            xml.text("CreationTime", &stack.created);
            xml.optional("LastUpdatedTime", stack.updated.as_deref());
            xml.optional("DeletionTime", stack.deleted.as_deref());
            xml.text("StackStatus", stack.status.word());
            xml.optional("StackStatusReason", stack.reason.as_deref());
            drift(xml, stack);
        });
        next_token(&mut xml, token);
        Ok(xml)
    }
}
