//! Rollback: backwards through the order in which things were made; what is new goes, what was changed is put back.

use super::calls::StackEngine;
use super::work::{AfterPhase, OperationWork, not_deleted};
use crate::kinds::Type;
use crate::stacks::{Before, Generation, ResourceStatus, StackError, StackResource, StackStatus};

impl StackEngine {
    /// Rolls every resource back. One that cannot be is recorded with the reason, and the others go on.
    pub(super) fn roll_back(&self, work: &mut OperationWork<'_>) -> Result<AfterPhase, StackError> {
        let mut failed = Vec::new();
        for logical_id in made_order(work).into_iter().rev() {
            let Some(mut resource) = work.resources.get(&logical_id).cloned() else { continue };
            if !self.put_back(work, &mut resource)? {
                failed.push(logical_id);
            }
        }
        let failure = work.operation.failure.clone();
        if !work.operation.creates {
            self.restore_view(work, failed.is_empty())?;
        } else if failed.is_empty() {
            work.import_again(None)?;
        }
        let (status, reason) = match (work.operation.creates, failed.is_empty()) {
            (true, true) => (StackStatus::RollbackComplete, failure),
            (true, false) => (StackStatus::RollbackFailed, Some(not_deleted(&failed))),
            (false, true) => (StackStatus::UpdateRollbackComplete, failure),
            (false, false) => {
                let failed = failed.join(", ");
                let reason = format!("The following resource(s) failed to update: [{failed}]. ");
                (StackStatus::UpdateRollbackFailed, Some(reason))
            }
        };
        work.finish(status, reason)
    }

    /// Puts one resource back; false if that failed.
    fn put_back(
        &self,
        work: &mut OperationWork<'_>,
        resource: &mut StackResource,
    ) -> Result<bool, StackError> {
        let (in_progress, complete) =
            (ResourceStatus::UpdateInProgress, ResourceStatus::UpdateComplete);
        let restored = match (resource.before.clone(), resource.current.clone()) {
            (Before::Same, _) => {
                if [ResourceStatus::UpdateFailed, in_progress].contains(&resource.status) {
                    work.record(resource, complete, None)?;
                }
                return Ok(true);
            }
            (Before::Nothing, _) => {
                let Err(stop) = self.take_away(work, resource) else { return Ok(true) };
                work.record(resource, ResourceStatus::DeleteFailed, Some(stop.reason()?))?;
                return Ok(false);
            }
            (Before::Changed(_) | Before::Swapped(_), None) => return Ok(true),
            (Before::Changed(old), Some(current)) => {
                work.record(resource, in_progress, None)?;
                let step = work.step(&resource.logical_id, "restore");
                Type::find(&resource.kind, &resource.logical_id)
                    .and_then(|kind| self.change(kind, &step, &current, &old.properties))
            }
            (Before::Swapped(old), Some(current)) => {
                work.record(resource, in_progress, None)?;
                let step = work.step(&resource.logical_id, "restore");
                self.swap(&step, &current, &old.properties)
            }
            (Before::Replaced(old) | Before::Lost(old), current) => {
                work.record(resource, in_progress, None)?;
                // The old one is still there, or was gone before: it is the resource again, whatever becomes of the new
                // one.
                resource.current = None;
                if let Some(current) = current {
                    self.give_up(work, resource, current)?;
                }
                Ok(old)
            }
        };
        match restored {
            Ok(generation) => {
                resource.before = Before::Same;
                resource.current = Some(generation);
                work.record(resource, complete, None)?;
                Ok(true)
            }
            Err(reason) => {
                work.record(resource, ResourceStatus::UpdateFailed, Some(reason))?;
                Ok(false)
            }
        }
    }

    /// Removes what took the place of a resource; it is left over if that fails.
    fn give_up(
        &self,
        work: &mut OperationWork<'_>,
        resource: &mut StackResource,
        new: Generation,
    ) -> Result<(), StackError> {
        let physical_id = new.physical_id.clone();
        let reason =
            self.remove(&resource.kind, &work.step(&resource.logical_id, "remove"), &new).err();
        let status = match reason {
            None => ResourceStatus::DeleteComplete,
            Some(_) => {
                resource.leftovers.push(new);
                ResourceStatus::DeleteFailed
            }
        };
        work.tell(resource, &physical_id, status, reason)
    }

    /// After the rollback of an update, needs, policies and outputs are again those of the definition that the stack has
    /// kept. A route that was swapped back has a new id. What could not be put back may still use what the update took
    /// over from other stacks: only a `whole` rollback gives that up.
    fn restore_view(&self, work: &mut OperationWork<'_>, whole: bool) -> Result<(), StackError> {
        let Ok(blueprint) = work.blueprint(&work.stack.definition) else { return Ok(()) };
        for (logical_id, needs) in &blueprint.needs {
            let Some(mut resource) = work.resources.get(logical_id).cloned() else { continue };
            resource.needs = needs.iter().cloned().collect();
            resource.policies = blueprint.policies(logical_id);
            work.note(resource)?;
        }
        if whole {
            work.import_again(Some(&blueprint))?;
        }
        if let Ok(outputs) = blueprint.outputs(&|name, attribute| work.look_up(name, attribute)) {
            work.stack.outputs = outputs;
        }
        Ok(())
    }
}

/// The order in which the operation went forward; what it did not touch needs no place in it.
fn made_order(work: &OperationWork<'_>) -> Vec<String> {
    work.blueprint(&work.wanted()).map_or_else(|_| work.order(), |blueprint| blueprint.order)
}
