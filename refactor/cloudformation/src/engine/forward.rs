//! Forward: each resource becomes what it is to be, in the order of needs. A step that was carried out before a
//! restart finds that nothing is left to do.

use super::calls::StackEngine;
use super::work::{AfterPhase, OperationWork, StepError};
use crate::blueprint::Blueprint;
use crate::kinds::Type;
use crate::plan::{Way, way};
use crate::provider::Properties;
use crate::stacks::{
    Before, Generation, OperationPhase, ResourceStatus, StackError, StackResource, StackStatus, now,
};

/// What AWS says of a resource that cannot change in place.
const REPLACES: &str =
    "Requested update requires the creation of a new physical resource; hence creating one.";

/// What AWS says of a creation that takes longer than `TimeoutInMinutes`.
const OVERDUE: &str = "Stack creation time exceeded the specified timeout.";

impl StackEngine {
    /// Makes and changes all resources, then makes the result what the stack is; or turns to the rollback.
    pub(super) fn forward(&self, work: &mut OperationWork<'_>) -> Result<AfterPhase, StackError> {
        match self.reach_all(work) {
            Ok(()) if work.operation.creates => Ok(AfterPhase::Finished),
            Ok(()) => Ok(AfterPhase::Phase),
            Err(stop) => failed(work, stop.reason()?),
        }
    }

    fn reach_all(&self, work: &mut OperationWork<'_>) -> Result<(), StepError> {
        let blueprint = work.blueprint(&work.wanted())?;
        work.import(&blueprint)?;
        for logical_id in &blueprint.order {
            if work.is_overdue() {
                return Err(OVERDUE.to_owned().into());
            }
            let known = work.resources.get(logical_id).cloned();
            let mut resource = known.unwrap_or_else(|| new_resource(&blueprint, logical_id));
            if let Err(stop) = self.reach(work, &blueprint, &mut resource) {
                let reason = stop.reason()?;
                let status = match resource.current {
                    Some(_) => ResourceStatus::UpdateFailed,
                    None => ResourceStatus::CreateFailed,
                };
                work.record(&mut resource, status, Some(reason.clone()))?;
                let verb = if work.operation.creates { "create" } else { "update" };
                return Err(StepError::Refused(format!(
                    "The following resource(s) failed to {verb}: [{logical_id}]. {reason}"
                )));
            }
        }
        work.commit(&blueprint)
    }

    /// One resource; refused if the provider refuses, or if its properties cannot be worked out.
    fn reach(
        &self,
        work: &mut OperationWork<'_>,
        blueprint: &Blueprint,
        resource: &mut StackResource,
    ) -> Result<(), StepError> {
        let logical_id = resource.logical_id.clone();
        if work.change_set.as_ref().is_some_and(|set| set.reverts_drift) {
            let recorded = resource.current.clone();
            *resource = self.as_it_is(&work.stack.region, resource)?;
            if let (Some(lost), None, Before::Same) =
                (recorded, &resource.current, &resource.before)
            {
                resource.before = Before::Lost(lost);
            }
        }
        let kind = blueprint.kind(&logical_id)?;
        let look_up = |name: &str, attribute: Option<&str>| work.look_up(name, attribute);
        let wanted = blueprint.properties(&logical_id, &look_up)?;
        let way = way(kind, resource.current.as_ref(), &wanted);
        if way == Way::Keep {
            return Ok(keep(work, blueprint, resource)?);
        }
        kind.name.clone_into(&mut resource.kind);
        resource.needs = needs(blueprint, &logical_id);
        resource.policies = blueprint.policies(&logical_id);
        announce(work, resource, way)?;
        let made = self.carry_out(work, way, kind, resource, &wanted)?;
        let old = resource.current.replace(made);
        Ok(reached(work, resource, way, old)?)
    }

    fn carry_out(
        &self,
        work: &OperationWork<'_>,
        way: Way,
        kind: &Type,
        resource: &StackResource,
        wanted: &Properties,
    ) -> Result<Generation, String> {
        let step = work.step(&resource.logical_id, "make");
        match (way, &resource.current) {
            (Way::Change, Some(current)) => self.change(kind, &step, current, wanted),
            (Way::Swap, Some(current)) => self.swap(&step, current, wanted),
            _ => self.create(kind, &step, wanted),
        }
    }
}

fn failed(work: &mut OperationWork<'_>, reason: String) -> Result<AfterPhase, StackError> {
    let creates = work.operation.creates;
    if work.operation.options.deletes_on_failure {
        let reason = format!("{reason} Delete requested by user.");
        work.tell_status(StackStatus::CreateFailed, Some(reason.clone()))?;
        return work.enter(OperationPhase::Delete, StackStatus::DeleteInProgress, Some(reason));
    }
    if work.stack.disable_rollback {
        let status = if creates { StackStatus::CreateFailed } else { StackStatus::UpdateFailed };
        return work.finish(status, Some(reason));
    }
    work.operation.failure = Some(reason.clone());
    let status = if creates {
        StackStatus::RollbackInProgress
    } else {
        StackStatus::UpdateRollbackInProgress
    };
    work.enter(OperationPhase::Rollback, status, Some(reason))
}

/// A resource is as it should be already: only what it needs may differ, or that an earlier step stopped halfway.
fn keep(
    work: &mut OperationWork<'_>,
    blueprint: &Blueprint,
    resource: &mut StackResource,
) -> Result<(), StackError> {
    let mut kept = resource.clone();
    kept.needs = needs(blueprint, &resource.logical_id);
    kept.policies = blueprint.policies(&resource.logical_id);
    if !matches!(resource.status, ResourceStatus::CreateComplete | ResourceStatus::UpdateComplete) {
        kept.status = ResourceStatus::UpdateComplete;
        kept.reason = None;
    }
    if kept == *resource { Ok(()) } else { work.note(kept) }
}

/// Writes down what is about to happen to a resource.
fn announce(
    work: &mut OperationWork<'_>,
    resource: &mut StackResource,
    way: Way,
) -> Result<(), StackError> {
    if way != Way::Create {
        let reason = (way == Way::Replace).then(|| REPLACES.to_owned());
        return work.record(resource, ResourceStatus::UpdateInProgress, reason);
    }
    if resource.before == Before::Same {
        resource.before = Before::Nothing;
    }
    work.record(resource, ResourceStatus::CreateInProgress, None)
}

/// Writes down what has happened to a resource, and what it was before.
fn reached(
    work: &mut OperationWork<'_>,
    resource: &mut StackResource,
    way: Way,
    old: Option<Generation>,
) -> Result<(), StackError> {
    match (way, old) {
        (Way::Change, Some(old)) => resource.before = Before::Changed(old),
        (Way::Replace, Some(old)) => resource.before = Before::Replaced(old),
        (Way::Swap, Some(old)) => resource.before = Before::Swapped(old),
        // As it was announced.
        (_, None) | (Way::Keep | Way::Create, Some(_)) => {}
    }
    let creates = way == Way::Create;
    let done =
        if creates { ResourceStatus::CreateComplete } else { ResourceStatus::UpdateComplete };
    work.record(resource, done, None)
}

fn needs(blueprint: &Blueprint, logical_id: &str) -> Vec<String> {
    blueprint.needs.get(logical_id).into_iter().flatten().cloned().collect()
}

fn new_resource(blueprint: &Blueprint, logical_id: &str) -> StackResource {
    StackResource {
        logical_id: logical_id.to_owned(),
        kind: blueprint.kind(logical_id).map(|kind| kind.name.to_owned()).unwrap_or_default(),
        status: ResourceStatus::CreateInProgress,
        reason: None,
        updated: now(),
        current: None,
        before: Before::Nothing,
        leftovers: Vec::new(),
        needs: needs(blueprint, logical_id),
        policies: blueprint.policies(logical_id),
        drift: None,
    }
}
