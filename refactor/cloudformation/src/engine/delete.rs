//! Deletion of a stack: backwards, and no further than the first resource that refuses. What the others need is then
//! still there, and traffic goes on as it did.

use super::calls::StackEngine;
use super::work::{AfterPhase, OperationWork, not_deleted};
use crate::stacks::{Before, ResourceStatus, StackError, StackResource, StackStatus};

impl StackEngine {
    /// Removes all resources of the stack.
    pub(super) fn delete(&self, work: &mut OperationWork<'_>) -> Result<AfterPhase, StackError> {
        for mut resource in work.backwards() {
            if matches!(
                resource.status,
                ResourceStatus::DeleteComplete | ResourceStatus::DeleteSkipped
            ) {
                continue;
            }
            let kept = resource.current.is_some() && work.retains(&resource);
            if kept || work.operation.options.retain.contains(&resource.logical_id) {
                work.record(&mut resource, ResourceStatus::DeleteSkipped, None)?;
                continue;
            }
            work.record(&mut resource, ResourceStatus::DeleteInProgress, None)?;
            if let Err(reason) = self.remove_all(work, &resource) {
                if work.operation.options.force {
                    work.record(&mut resource, ResourceStatus::DeleteSkipped, Some(reason))?;
                    continue;
                }
                work.record(&mut resource, ResourceStatus::DeleteFailed, Some(reason))?;
                let reason = not_deleted(&[resource.logical_id]);
                return work.finish(StackStatus::DeleteFailed, Some(reason));
            }
            resource.leftovers.clear();
            resource.before = Before::Same;
            work.record(&mut resource, ResourceStatus::DeleteComplete, None)?;
        }
        work.finish(StackStatus::DeleteComplete, None)
    }

    /// Removes all that there is of a resource, the newest first: it may need what came before it.
    fn remove_all(&self, work: &OperationWork<'_>, resource: &StackResource) -> Result<(), String> {
        let older = match &resource.before {
            Before::Replaced(old) => Some(old),
            _ => None,
        };
        let step = work.step(&resource.logical_id, "remove");
        let older = older.into_iter().chain(resource.leftovers.iter().rev());
        let mut all = resource.current.iter().chain(older);
        all.try_for_each(|old| self.remove(&resource.kind, &step, old))
    }
}
