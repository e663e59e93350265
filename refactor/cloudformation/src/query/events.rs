//! `DescribeStackEvents`.

use super::Api;
use super::error::ApiError;
use super::form::Form;
use super::page::{next_token, page};
use super::xml::Xml;

impl Api {
    /// What happened to a stack, the newest first.
    ///
    /// # Errors
    /// 400 if there is no such stack.
    pub(super) fn describe_stack_events(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let name = form.required("StackName")?;
        let events = self.store.read(|state| match state.stack(form.region, name)? {
            Some(stack) => Ok(state.events(&stack.id)?),
            None => Err(ApiError::no_stack(name)),
        })?;
        let (given, token) = page(&events, form, |event| event.id.as_str())?;
        let mut xml = Xml::default();
        xml.list("StackEvents", given, |xml, event| {
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
        });
        next_token(&mut xml, token);
        Ok(xml)
    }
}
