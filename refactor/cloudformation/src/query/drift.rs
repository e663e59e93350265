//! Drift: `DetectStackDrift`, `DetectStackResourceDrift` and what they found.

mod shown;

use super::api::Api;
use super::error::ApiError;
use super::form::Form;
use super::page::page;
use super::xml::Xml;
use crate::id;
use crate::stacks::{
    DriftStatus, ResourceDrift, Stack, StackDrift, StackResource, StackStatus, now,
};
use shown::describe;

const STATUSES: [&str; 4] = ["IN_SYNC", "MODIFIED", "DELETED", "NOT_CHECKED"];

impl Api {
    /// Looks at the resources of a stack, or at some of them. All is done when it answers.
    ///
    /// # Errors
    /// 400 if there is no such stack or resource, or an operation on the stack is under way.
    pub(super) fn detect_stack_drift(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let (stack, mut resources) = self.stack_resources(form)?;
        let only = form.texts("LogicalResourceIds")?;
        for name in &only {
            if !resources.iter().any(|resource| resource.logical_id == *name) {
                return Err(ApiError::no_resource(&stack, name));
            }
        }
        resources.retain(|resource| only.is_empty() || only.contains(&resource.logical_id));
        let found = self.detected(&stack, resources)?;
        let drifted = found.iter().filter(|resource| has_drifted(resource)).count();
        let drift = StackDrift { id: id::uuid(), time: now(), drifted };
        let xml = Xml::of(&[("StackDriftDetectionId", &drift.id)]);
        self.keep_drift(&stack, found, Some(drift))?;
        Ok(xml)
    }

    /// Looks at one resource of a stack.
    ///
    /// # Errors
    /// 400 if there is no such stack or resource, if nothing stands behind the resource, or if an operation on the stack
    /// is under way.
    pub(super) fn detect_stack_resource_drift(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let name = form.required("LogicalResourceId")?;
        let (stack, mut resources) = self.stack_resources(form)?;
        resources.retain(|resource| resource.logical_id == name);
        if resources.is_empty() {
            return Err(ApiError::no_resource(&stack, name));
        }
        let found = self.detected(&stack, resources)?;
        let Some((resource, drift)) = found.first().and_then(|it| Some((it, it.drift.as_ref()?)))
        else {
            return Err(ApiError::validation(format!(
                "Drift detection is not supported for the resource {name}: it is only recorded, and nothing stands behind it"
            )));
        };
        let mut xml = Xml::default();
        xml.element("StackResourceDrift", |xml| describe(xml, &stack, resource, drift));
        self.keep_drift(&stack, found, None)?;
        Ok(xml)
    }

    /// What a detection found; it is over, since it is over when it is answered.
    ///
    /// # Errors
    /// 400 if it is not the last one of any stack.
    pub(super) fn describe_stack_drift_detection_status(
        &self,
        form: &Form<'_>,
    ) -> Result<Xml, ApiError> {
        let id = form.required("StackDriftDetectionId")?;
        let stacks = self.store.read(|state| state.stacks(form.region))?;
        let found = stacks
            .iter()
            .find_map(|stack| Some((stack, stack.drift.as_ref().filter(|drift| drift.id == id)?)));
        let Some((stack, drift)) = found else {
            return Err(ApiError::validation(format!(
                "Drift detection {id} is not known: a stack keeps its last one until it is changed"
            )));
        };
        Ok(Xml::of(&[
            ("StackId", &stack.id),
            ("StackDriftDetectionId", id),
            ("StackDriftStatus", drift.word()),
            ("DetectionStatus", "DETECTION_COMPLETE"),
            ("DriftedStackResourceCount", &drift.drifted.to_string()),
            ("Timestamp", &drift.time),
        ]))
    }

    /// The resources of a stack that were looked at, page by page.
    ///
    /// # Errors
    /// 400 if there is no such stack.
    pub(super) fn describe_stack_resource_drifts(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let wanted = form.words("StackResourceDriftStatusFilters", &STATUSES)?;
        let (stack, resources) = self.stack_resources(form)?;
        let drifts = resources.iter().filter_map(|found| Some((found, found.drift.as_ref()?)));
        let wanted = |drift: &ResourceDrift| {
            wanted.is_empty() || wanted.iter().any(|word| word == drift.status.word())
        };
        let drifts: Vec<_> = drifts.filter(|(_, drift)| wanted(drift)).collect();
        page(
            Xml::default(),
            form,
            "StackResourceDrifts",
            &drifts,
            |(resource, _)| &resource.logical_id,
            |xml, (resource, drift)| describe(xml, &stack, resource, drift),
        )
    }

    /// The resources of a stack as they are now; none if there is no such stack.
    ///
    /// # Errors
    /// 400 if the provider cannot tell.
    pub(super) fn as_they_are(
        &self,
        form: &Form<'_>,
        name: &str,
    ) -> Result<Vec<StackResource>, ApiError> {
        let Some(stack) = self.stack(form, name)? else { return Ok(Vec::new()) };
        let resources = self.store.read(|state| state.resources(&stack.id))?;
        let now = resources.iter().map(|known| self.engine.as_it_is(&stack.region, known));
        now.collect::<Result<_, _>>().map_err(ApiError::validation)
    }

    fn detected(
        &self,
        stack: &Stack,
        resources: Vec<StackResource>,
    ) -> Result<Vec<StackResource>, ApiError> {
        is_idle(stack)?;
        let detect = |resource: StackResource| {
            let drift = self.engine.drift(&stack.region, &resource);
            Ok(StackResource { drift: drift.map_err(ApiError::validation)?, ..resource })
        };
        resources.into_iter().map(detect).collect()
    }

    fn keep_drift(
        &self,
        stack: &Stack,
        found: Vec<StackResource>,
        drift: Option<StackDrift>,
    ) -> Result<(), ApiError> {
        self.store.write(|state| {
            let stack = state.stack_by_id(&stack.id)?;
            is_idle(&stack)?;
            let known = state.resources(&stack.id)?;
            for resource in known {
                let seen = found.iter().find(|seen| {
                    seen.logical_id == resource.logical_id && seen.current == resource.current
                });
                if let Some(seen) = seen {
                    let drift = seen.drift.clone();
                    state.put_resource(&stack.id, &StackResource { drift, ..resource })?;
                }
            }
            let drift = drift.or(stack.drift.clone());
            Ok(state.put_stack(&Stack { drift, ..stack })?)
        })
    }
}

/// Whether nothing is under way for the stack, and it has resources of its own.
fn is_idle(stack: &Stack) -> Result<(), ApiError> {
    let bare = matches!(stack.status, StackStatus::ReviewInProgress | StackStatus::DeleteComplete);
    if stack.status.in_progress() || bare {
        return Err(ApiError::wrong_state(stack, "looked at for drift", ""));
    }
    Ok(())
}

fn has_drifted(resource: &StackResource) -> bool {
    resource.drift.as_ref().is_some_and(|drift| drift.status != DriftStatus::InSync)
}
