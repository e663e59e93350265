//! Cleanup: an update has come about; what it no longer wants goes. What cannot go stays on record, and the next
//! update or the deletion of the stack tries again.

use super::work::Work;
use super::{Engine, Next};
use crate::kinds::{Maker, Type};
use crate::stacks::{Generation, Resource, ResourceStatus, StackStatus, StoreError, now};

impl Engine {
    /// Removes, in rounds: what another one still needs goes in the next round. Ends with a round that removes nothing.
    pub(super) fn clean_up(&self, work: &mut Work<'_>) -> Result<Next, StoreError> {
        let wanted = match work.blueprint(&work.stack.definition) {
            Ok(blueprint) => blueprint.order,
            // It was understood a moment ago: another version has begun this. Nothing is removed on a guess.
            Err(reason) => return work.finish(StackStatus::UpdateComplete, Some(reason)),
        };
        loop {
            let mut removed = false;
            let mut refused = Vec::new();
            for logical_id in work.order().into_iter().rev() {
                let Some(resource) = work.resources.get(&logical_id).cloned() else { continue };
                let Ok(kind) = Type::find(&resource.kind, &logical_id) else { continue };
                let keeps = wanted.contains(&logical_id);
                match self.trim(work, kind.maker, resource, keeps)? {
                    Trimmed::Nothing => {}
                    Trimmed::Removed => removed = true,
                    Trimmed::Refused { physical_id, reason } => {
                        refused.push((logical_id, physical_id, reason))
                    }
                }
            }
            if removed {
                continue;
            }
            for (logical_id, physical_id, reason) in refused {
                let Some(mut resource) = work.resources.get(&logical_id).cloned() else { continue };
                if wanted.contains(&logical_id) {
                    work.tell(&resource, &physical_id, ResourceStatus::DeleteFailed, Some(reason))?;
                } else {
                    resource.status = ResourceStatus::DeleteFailed;
                    resource.reason = Some(reason);
                    resource.updated = now();
                    work.record(resource)?;
                }
            }
            return work.finish(StackStatus::UpdateComplete, None);
        }
    }

    /// Removes what is left over of a resource, and the resource itself if the template no longer has it.
    fn trim(
        &self,
        work: &mut Work<'_>,
        maker: Maker,
        mut resource: Resource,
        keeps: bool,
    ) -> Result<Trimmed, StoreError> {
        let mut trimmed = Trimmed::Nothing;
        while let Some(old) = resource.leftovers.first().cloned() {
            if resource.policies.replacement.retains(false) {
                resource.leftovers.remove(0);
                work.note(resource.clone())?;
                work.tell(&resource, &old.physical_id, ResourceStatus::DeleteSkipped, None)?;
                trimmed = Trimmed::Removed;
                continue;
            }
            work.tell(&resource, &old.physical_id, ResourceStatus::DeleteInProgress, None)?;
            if let Err(reason) = self.remove_generation(work, maker, &resource.logical_id, &old) {
                return Ok(Trimmed::Refused { physical_id: old.physical_id, reason });
            }
            resource.leftovers.remove(0);
            work.note(resource.clone())?;
            work.tell(&resource, &old.physical_id, ResourceStatus::DeleteComplete, None)?;
            trimmed = Trimmed::Removed;
        }
        if keeps {
            return Ok(trimmed);
        }
        if resource.current.is_some() && work.retains(&resource) {
            let skipped = ResourceStatus::DeleteSkipped;
            work.forget(Resource { status: skipped, reason: None, ..resource })?;
            return Ok(Trimmed::Removed);
        }
        if let Some(current) = resource.current.clone() {
            work.tell(&resource, &current.physical_id, ResourceStatus::DeleteInProgress, None)?;
            if let Err(reason) = self.remove_generation(work, maker, &resource.logical_id, &current)
            {
                return Ok(Trimmed::Refused { physical_id: current.physical_id, reason });
            }
        }
        resource.status = ResourceStatus::DeleteComplete;
        resource.reason = None;
        work.forget(resource)?;
        Ok(Trimmed::Removed)
    }

    /// Removes one generation of a resource.
    pub(super) fn remove_generation(
        &self,
        work: &Work<'_>,
        maker: Maker,
        logical_id: &str,
        generation: &Generation,
    ) -> Result<(), String> {
        let step = work.step(logical_id, "remove");
        self.remove(maker, &step, &generation.physical_id).map_err(|failure| failure.reason)
    }
}

enum Trimmed {
    /// There was nothing to remove.
    Nothing,
    Removed,
    /// The id of what stayed, and why.
    Refused {
        physical_id: String,
        reason: String,
    },
}
