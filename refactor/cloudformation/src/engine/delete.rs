//! Deletion of a stack: backwards, and no further than the first resource that refuses. What the others need is then
//! still there, and traffic goes on as it did.

use super::rollback::not_deleted;
use super::work::Work;
use super::{Engine, Next};
use crate::kinds::Type;
use crate::stacks::{Before, ResourceStatus, StackStatus, StoreError, now};

impl Engine {
    /// Removes all resources of the stack.
    pub(super) fn delete(&self, work: &mut Work<'_>) -> Result<Next, StoreError> {
        for logical_id in work.order().into_iter().rev() {
            let Some(mut resource) = work.resources.get(&logical_id).cloned() else { continue };
            if matches!(
                resource.status,
                ResourceStatus::DeleteComplete | ResourceStatus::DeleteSkipped
            ) {
                continue;
            }
            let kept = resource.current.is_some() && work.retains(&resource);
            if kept || work.operation.options.retain.contains(&logical_id) {
                work.skip(resource, None)?;
                continue;
            }
            resource.status = ResourceStatus::DeleteInProgress;
            resource.reason = None;
            resource.updated = now();
            work.record(resource.clone())?;
            // The newest first: it may need what came before it.
            let older = match &resource.before {
                Before::Replaced(old) => Some(old),
                _ => None,
            };
            let generations =
                resource.current.iter().chain(older).chain(resource.leftovers.iter().rev());
            let refused = match Type::find(&resource.kind, &logical_id) {
                Ok(kind) => generations
                    .map(|generation| {
                        self.remove_generation(work, kind.maker, &logical_id, generation)
                    })
                    .find_map(Result::err),
                Err(reason) => Some(reason),
            };
            resource.updated = now();
            if let Some(reason) = refused {
                if work.operation.options.force {
                    work.skip(resource, Some(reason))?;
                    continue;
                }
                resource.status = ResourceStatus::DeleteFailed;
                resource.reason = Some(reason);
                work.record(resource)?;
                return work.finish(StackStatus::DeleteFailed, Some(not_deleted(&[logical_id])));
            }
            resource.status = ResourceStatus::DeleteComplete;
            resource.leftovers.clear();
            resource.before = Before::Same;
            work.record(resource)?;
        }
        work.finish(StackStatus::DeleteComplete, None)
    }
}
