//! `DescribeStackResources` and `ListStackResources`.

use super::error::ApiError;
use super::form::Form;
use super::page::{next_token, page};
use super::xml::Xml;
use super::{Api, Caller};
use crate::cloudformation::stacks::{Resource, Stack};

impl Api {
    /// The resources of a stack, or the one of that logical id.
    ///
    /// # Errors
    /// 400 where there is no such stack, or no such resource in it.
    pub(super) fn describe_stack_resources(
        &self,
        caller: &Caller,
        form: &Form<'_>,
        xml: &mut Xml,
    ) -> Result<(), ApiError> {
        let (stack, mut resources) = self.stack_resources(caller, form)?;
        if let Some(logical_id) = form.get("LogicalResourceId") {
            resources.retain(|resource| resource.logical_id == logical_id);
            if resources.is_empty() {
                return Err(ApiError::validation(format!(
                    "Resource {logical_id} does not exist for stack {}",
                    stack.name
                )));
            }
        }
        xml.list("StackResources", &resources, |xml, resource| {
            xml.text("StackName", &stack.name);
            xml.text("StackId", &stack.id);
            describe(xml, resource, "Timestamp");
        });
        Ok(())
    }

    /// The resources of a stack, page by page.
    ///
    /// # Errors
    /// 400 where there is no such stack.
    pub(super) fn list_stack_resources(
        &self,
        caller: &Caller,
        form: &Form<'_>,
        xml: &mut Xml,
    ) -> Result<(), ApiError> {
        let (_, resources) = self.stack_resources(caller, form)?;
        let (given, token) = page(&resources, form, |resource| resource.logical_id.as_str())?;
        xml.list("StackResourceSummaries", given, |xml, resource| {
            describe(xml, resource, "LastUpdatedTimestamp")
        });
        next_token(xml, token);
        Ok(())
    }

    fn stack_resources(
        &self,
        caller: &Caller,
        form: &Form<'_>,
    ) -> Result<(Stack, Vec<Resource>), ApiError> {
        let name = form.required("StackName")?;
        self.store.read(|state| {
            let stack = state
                .stack(&caller.region, name)?
                .ok_or_else(|| ApiError::no_stack_with_id(name))?;
            let resources = state.resources(&stack.id)?;
            Ok((stack, resources))
        })
    }
}

fn describe(xml: &mut Xml, resource: &Resource, time: &str) {
    xml.text("LogicalResourceId", &resource.logical_id);
    xml.optional(
        "PhysicalResourceId",
        resource.current.as_ref().map(|current| current.physical_id.as_str()),
    );
    xml.text("ResourceType", &resource.kind);
    xml.text(time, &resource.updated);
    xml.text("ResourceStatus", resource.status.word());
    xml.optional("ResourceStatusReason", resource.reason.as_deref());
    not_checked_resource(xml);
}

fn not_checked_resource(xml: &mut Xml) {
    xml.element("DriftInformation", |xml| xml.text("StackResourceDriftStatus", "NOT_CHECKED"));
}
