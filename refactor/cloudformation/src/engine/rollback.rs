//! Rollback: backwards through the order in which things were made; what is new goes, what was changed is put back.

use super::work::Work;
use super::{Engine, Next};
use crate::kinds::{Maker, Type};
use crate::provider::{Created, Provider};
use crate::stacks::{Before, Generation, Resource, ResourceStatus, StackStatus, StoreError, now};

impl Engine {
    /// Rolls every resource back. One that cannot be is recorded with the reason, and the others go on.
    pub(super) fn roll_back(&self, work: &mut Work<'_>) -> Result<Next, StoreError> {
        let mut failed = Vec::new();
        for logical_id in made_order(work).into_iter().rev() {
            let Some(resource) = work.resources.get(&logical_id).cloned() else { continue };
            let Ok(kind) = Type::find(&resource.kind, &logical_id) else { continue };
            if !self.put_back(work, kind.maker, resource)? {
                failed.push(logical_id);
            }
        }
        let failure = work.operation.failure.clone();
        if work.operation.creates {
            return match failed.as_slice() {
                [] => {
                    work.import_again(None)?;
                    work.finish(StackStatus::RollbackComplete, failure)
                }
                names => work.finish(StackStatus::RollbackFailed, Some(not_deleted(names))),
            };
        }
        self.restore_view(work, failed.is_empty())?;
        match failed.as_slice() {
            [] => work.finish(StackStatus::UpdateRollbackComplete, failure),
            names => {
                let reason =
                    format!("The following resource(s) failed to update: [{}]. ", names.join(", "));
                work.finish(StackStatus::UpdateRollbackFailed, Some(reason))
            }
        }
    }

    /// Puts one resource back; false if that failed.
    fn put_back(
        &self,
        work: &mut Work<'_>,
        maker: Maker,
        mut resource: Resource,
    ) -> Result<bool, StoreError> {
        match resource.before.clone() {
            Before::Same => {
                if resource.status == ResourceStatus::UpdateFailed
                    || resource.status == ResourceStatus::UpdateInProgress
                {
                    resource.status = ResourceStatus::UpdateComplete;
                    resource.reason = None;
                    work.record(resource)?;
                }
                Ok(true)
            }
            Before::Nothing => self.take_away(work, maker, resource),
            Before::Changed(old) => {
                let Some(current) = resource.current.clone() else { return Ok(true) };
                let resource = self.announce(work, resource)?;
                let step = work.step(&resource.logical_id, "restore");
                let made = self.change(maker, &step, &current, &old.properties);
                self.restored(work, resource, old, made)
            }
            Before::Swapped(old) => {
                let Some(current) = resource.current.clone() else { return Ok(true) };
                let resource = self.announce(work, resource)?;
                let step = work.step(&resource.logical_id, "restore");
                let made = self
                    .ask(&step, |provider: &dyn Provider| {
                        provider.replace_route(&step, &current.physical_id, &old.properties)
                    })
                    .map_err(|failure| failure.reason);
                self.restored(work, resource, old, made)
            }
            Before::Replaced(old) | Before::Lost(old) => {
                let mut resource = self.announce(work, resource)?;
                // The old one is still there, or was gone before: it is the resource again, whatever becomes of the new
                // one.
                if let Some(current) = resource.current.take() {
                    let physical_id = current.physical_id.clone();
                    if let Err(reason) =
                        self.remove_generation(work, maker, &resource.logical_id, &current)
                    {
                        resource.leftovers.push(current);
                        work.tell(
                            &resource,
                            &physical_id,
                            ResourceStatus::DeleteFailed,
                            Some(reason),
                        )?;
                    } else {
                        work.tell(&resource, &physical_id, ResourceStatus::DeleteComplete, None)?;
                    }
                }
                let made = Created {
                    physical_id: old.physical_id.clone(),
                    attributes: old.attributes.clone(),
                };
                self.restored(work, resource, old, Ok(made))
            }
        }
    }

    /// Removes what the operation made, unless its policy is to retain it.
    fn take_away(
        &self,
        work: &mut Work<'_>,
        maker: Maker,
        mut resource: Resource,
    ) -> Result<bool, StoreError> {
        if resource.current.is_some() && work.retains(&resource) {
            let skipped = ResourceStatus::DeleteSkipped;
            work.forget(Resource { status: skipped, reason: None, ..resource })?;
            return Ok(true);
        }
        if let Some(current) = resource.current.clone() {
            resource.status = ResourceStatus::DeleteInProgress;
            resource.reason = None;
            work.record(resource.clone())?;
            if let Err(reason) = self.remove_generation(work, maker, &resource.logical_id, &current)
            {
                resource.status = ResourceStatus::DeleteFailed;
                resource.reason = Some(reason);
                work.record(resource)?;
                return Ok(false);
            }
        }
        resource.status = ResourceStatus::DeleteComplete;
        resource.reason = None;
        work.forget(resource)?;
        Ok(true)
    }

    fn announce(
        &self,
        work: &mut Work<'_>,
        mut resource: Resource,
    ) -> Result<Resource, StoreError> {
        resource.status = ResourceStatus::UpdateInProgress;
        resource.reason = None;
        resource.updated = now();
        work.record(resource.clone())?;
        Ok(resource)
    }

    fn restored(
        &self,
        work: &mut Work<'_>,
        mut resource: Resource,
        old: Generation,
        made: Result<Created, String>,
    ) -> Result<bool, StoreError> {
        resource.updated = now();
        let done = made.is_ok();
        match made {
            Ok(made) => {
                resource.before = Before::Same;
                resource.status = ResourceStatus::UpdateComplete;
                resource.current = Some(Generation {
                    physical_id: made.physical_id,
                    attributes: made.attributes,
                    properties: old.properties,
                });
            }
            Err(reason) => {
                resource.status = ResourceStatus::UpdateFailed;
                resource.reason = Some(reason);
            }
        }
        work.record(resource)?;
        Ok(done)
    }

    /// After the rollback of an update, needs, policies and outputs are again those of the definition that the stack has
    /// kept. A route that was swapped back has a new id. What could not be put back may still use what the update took
    /// over from other stacks: only a `whole` rollback gives that up.
    fn restore_view(&self, work: &mut Work<'_>, whole: bool) -> Result<(), StoreError> {
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
fn made_order(work: &Work<'_>) -> Vec<String> {
    work.blueprint(&work.wanted()).map_or_else(|_| work.order(), |blueprint| blueprint.order)
}

/// The reason of a stack whose resources would not go, in CloudFormation's words.
pub(super) fn not_deleted(names: &[String]) -> String {
    format!("The following resource(s) failed to delete: [{}]. ", names.join(", "))
}
