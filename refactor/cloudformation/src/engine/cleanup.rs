//! Cleanup: an update has come about; what it no longer wants goes. What cannot go stays on record, and the next
//! update or the deletion of the stack tries again.

use super::calls::StackEngine;
use super::work::{AfterPhase, OperationWork, StepError};
use crate::stacks::{ResourceStatus, StackError, StackResource, StackStatus};

impl StackEngine {
    /// Removes, in rounds: what another one still needs goes in the next round. Ends with a round that removes nothing.
    pub(super) fn clean_up(&self, work: &mut OperationWork<'_>) -> Result<AfterPhase, StackError> {
        let wanted = match work.blueprint(&work.stack.definition) {
            Ok(blueprint) => blueprint.order,
            // It was understood a moment ago: another version has begun this. Nothing is removed on a guess.
            Err(reason) => return work.finish(StackStatus::UpdateComplete, Some(reason)),
        };
        loop {
            let mut removed = false;
            let mut refused = Vec::new();
            for mut resource in work.backwards() {
                let keeps = wanted.contains(&resource.logical_id);
                if let Err(stop) = self.trim(work, &mut resource, keeps, &mut removed) {
                    refused.push((resource.logical_id, stop.reason()?));
                }
            }
            if removed {
                continue;
            }
            for (logical_id, reason) in refused {
                let Some(mut resource) = work.resources.get(&logical_id).cloned() else { continue };
                match resource.leftovers.first().cloned() {
                    Some(old) if wanted.contains(&logical_id) => {
                        let failed = ResourceStatus::DeleteFailed;
                        work.tell(&resource, &old.physical_id, failed, Some(reason))?;
                    }
                    _ => work.record(&mut resource, ResourceStatus::DeleteFailed, Some(reason))?,
                }
            }
            return work.finish(StackStatus::UpdateComplete, None);
        }
    }

    /// Removes what is left over of a resource, and the resource itself if the template no longer has it.
    fn trim(
        &self,
        work: &mut OperationWork<'_>,
        resource: &mut StackResource,
        keeps: bool,
        removed: &mut bool,
    ) -> Result<(), StepError> {
        while let Some(old) = resource.leftovers.first().cloned() {
            let status = if resource.policies.replacement.retains(false) {
                ResourceStatus::DeleteSkipped
            } else {
                work.tell(resource, &old.physical_id, ResourceStatus::DeleteInProgress, None)?;
                self.remove(&resource.kind, &work.step(&resource.logical_id, "remove"), &old)?;
                ResourceStatus::DeleteComplete
            };
            resource.leftovers.remove(0);
            work.note(resource.clone())?;
            work.tell(resource, &old.physical_id, status, None)?;
            *removed = true;
        }
        if !keeps {
            self.take_away(work, resource)?;
            *removed = true;
        }
        Ok(())
    }

    /// Removes a resource and forgets it, unless its policy is to retain it: then it is only forgotten.
    pub(super) fn take_away(
        &self,
        work: &mut OperationWork<'_>,
        resource: &mut StackResource,
    ) -> Result<(), StepError> {
        let mut status = ResourceStatus::DeleteComplete;
        if let Some(current) = resource.current.clone() {
            if work.retains(resource) {
                status = ResourceStatus::DeleteSkipped;
            } else {
                work.record(resource, ResourceStatus::DeleteInProgress, None)?;
                self.remove(&resource.kind, &work.step(&resource.logical_id, "remove"), &current)?;
            }
        }
        Ok(work.forget(resource, status)?)
    }
}
