//! `DescribeStackResources` and `ListStackResources`.

use super::api::Api;
use super::error::ApiError;
use super::form::Form;
use super::page::page;
use super::xml::Xml;
use crate::stacks::{Stack, StackResource};

impl Api {
    /// The resources of a stack, or the one of that logical id.
    ///
    /// # Errors
    /// 400 if there is no such stack, or no such resource in it.
    pub(super) fn describe_stack_resources(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let (stack, mut resources) = match form.get("PhysicalResourceId") {
            Some(id) => self.owner_of(form, id)?,
            None => self.stack_resources(form)?,
        };
        if let Some(logical_id) = form.get("LogicalResourceId") {
            resources.retain(|resource| resource.logical_id == logical_id);
            if resources.is_empty() {
                return Err(ApiError::no_resource(&stack, logical_id));
            }
        }
        let mut xml = Xml::default();
        xml.list("StackResources", &resources, |xml, resource| {
            xml.text("StackName", &stack.name);
            xml.text("StackId", &stack.id);
            describe(xml, resource, "Timestamp");
        });
        Ok(xml)
    }

    /// One resource of a stack, with what is known of it.
    ///
    /// # Errors
    /// 400 if there is no such stack, or no such resource in it.
    pub(super) fn describe_stack_resource(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let logical_id = form.required("LogicalResourceId")?;
        let (stack, resources) = self.stack_resources(form)?;
        let found = resources.iter().find(|resource| resource.logical_id == logical_id);
        let resource = found.ok_or_else(|| ApiError::no_resource(&stack, logical_id))?;
        let mut xml = Xml::default();
        xml.element("StackResourceDetail", |xml| {
            xml.text("StackName", &stack.name);
            xml.text("StackId", &stack.id);
            describe(xml, resource, "LastUpdatedTimestamp");
        });
        Ok(xml)
    }

    /// The resources of a stack, page by page.
    ///
    /// # Errors
    /// 400 if there is no such stack.
    pub(super) fn list_stack_resources(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let (_, resources) = self.stack_resources(form)?;
        let name = "StackResourceSummaries";
        page(
            Xml::default(),
            form,
            name,
            &resources,
            |found| &found.logical_id,
            |xml, resource| {
                describe(xml, resource, "LastUpdatedTimestamp");
            },
        )
    }

    /// The living stack that has the resource of a physical id, with all its resources.
    fn owner_of(
        &self,
        form: &Form<'_>,
        physical_id: &str,
    ) -> Result<(Stack, Vec<StackResource>), ApiError> {
        if form.get("StackName").is_some() {
            return Err(ApiError::validation(
                "StackName and PhysicalResourceId both name a stack; give only one of them",
            ));
        }
        self.store.read(|state| {
            for stack in state.stacks(form.region)? {
                let resources = state.resources(&stack.id)?;
                let has = |resource: &StackResource| {
                    resource.current.as_ref().is_some_and(|made| made.physical_id == physical_id)
                };
                if stack.deleted.is_none() && resources.iter().any(has) {
                    return Ok((stack, resources));
                }
            }
            Err(ApiError::validation(format!("Stack for {physical_id} does not exist")))
        })
    }
}

fn describe(xml: &mut Xml, resource: &StackResource, time: &str) {
    xml.text("LogicalResourceId", &resource.logical_id);
    xml.optional(
        "PhysicalResourceId",
        resource.current.as_ref().map(|current| current.physical_id.as_str()),
    );
    xml.text("ResourceType", &resource.kind);
    xml.text(time, &resource.updated);
    xml.text("ResourceStatus", resource.status.word());
    xml.optional("ResourceStatusReason", resource.reason.as_deref());
    xml.element("DriftInformation", |xml| {
        let drift = resource.drift.as_ref();
        let status = drift.map_or("NOT_CHECKED", |drift| drift.status.word());
        xml.text("StackResourceDriftStatus", status);
        xml.optional("LastCheckTimestamp", drift.map(|drift| drift.time.as_str()));
    });
}
