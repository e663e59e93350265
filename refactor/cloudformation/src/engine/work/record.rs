//! How each step of an operation is recorded: on disk, and then in memory.

use super::{AfterPhase, OperationWork, StepError};
use crate::blueprint::Blueprint;
use crate::id;
use crate::stacks::{
    Before, Event, Execution, OperationPhase, ResourceStatus, Stack, StackError, StackResource,
    StackStatus, Transaction, now,
};

impl OperationWork<'_> {
    /// From the queue to the first phase; a deletion ends here if another stack imports from this one. What an earlier
    /// operation left half-done (it failed, and was not to be rolled back) is from here on what the stack is; what it
    /// wanted to remove is removed in the end.
    pub(in crate::engine) fn begin(&mut self) -> Result<AfterPhase, StackError> {
        let phase = if self.operation.change_set_id.is_some() {
            OperationPhase::Forward
        } else {
            OperationPhase::Delete
        };
        // The operations before this one may have imported what nothing imported when it was asked for.
        if phase == OperationPhase::Delete
            && let Some(reason) = self.store.read(|state| state.still_imported(&self.stack))?
        {
            return self.finish(StackStatus::DeleteFailed, Some(reason));
        }
        self.write(|work, state| {
            work.settle(state)?;
            work.phase(state, phase)
        })?;
        Ok(AfterPhase::Phase)
    }

    /// Gives a resource a state, and records it with an event that says the same.
    pub(in crate::engine) fn record(
        &mut self,
        resource: &mut StackResource,
        status: ResourceStatus,
        reason: Option<String>,
    ) -> Result<(), StackError> {
        resource.status = status;
        resource.reason = reason;
        resource.updated = now();
        self.write(|work, state| {
            state.add_event(&work.resource_event(resource))?;
            work.put(state, resource.clone())
        })
    }

    /// Records a resource without an event: nothing has happened to it, but more is known.
    pub(in crate::engine) fn note(&mut self, resource: StackResource) -> Result<(), StackError> {
        self.write(|work, state| work.put(state, resource))
    }

    /// Records that something of a resource, which is not all of it, has got a state.
    pub(in crate::engine) fn tell(
        &mut self,
        resource: &StackResource,
        physical_id: &str,
        status: ResourceStatus,
        reason: Option<String>,
    ) -> Result<(), StackError> {
        self.write(|work, state| {
            let event = Event {
                physical_id: physical_id.to_owned(),
                status: status.word().to_owned(),
                reason,
                ..work.resource_event(resource)
            };
            state.add_event(&event)
        })
    }

    /// Forgets a resource that has come to its last state.
    pub(in crate::engine) fn forget(
        &mut self,
        resource: &mut StackResource,
        status: ResourceStatus,
    ) -> Result<(), StackError> {
        resource.status = status;
        resource.reason = None;
        self.write(|work, state| {
            state.add_event(&work.resource_event(resource))?;
            state.delete_resource(&work.stack.id, &resource.logical_id)?;
            work.resources.remove(&resource.logical_id);
            Ok(())
        })
    }

    /// Goes on to another phase, with the state that the stack has in it.
    pub(in crate::engine) fn enter(
        &mut self,
        phase: OperationPhase,
        status: StackStatus,
        reason: Option<String>,
    ) -> Result<AfterPhase, StackError> {
        self.write(|work, state| {
            work.phase(state, phase)?;
            work.status(state, status, reason)
        })?;
        Ok(AfterPhase::Phase)
    }

    /// Records a state that the stack passes through.
    pub(in crate::engine) fn tell_status(
        &mut self,
        status: StackStatus,
        reason: Option<String>,
    ) -> Result<(), StackError> {
        self.write(|work, state| work.status(state, status, reason))
    }

    /// Records what the stack takes over from others, beside what it took over before: they must keep it for as long
    /// as either may be needed.
    pub(in crate::engine) fn import(&mut self, blueprint: &Blueprint) -> Result<(), StepError> {
        let names = blueprint.imports()?;
        Ok(self.write(|work, state| state.add_imports(&work.stack, &names))?)
    }

    /// Records the imports of the stack after it is back in its earlier state: those of `blueprint`, or none. If they
    /// cannot be evaluated, all that the stack may import stay recorded.
    pub(in crate::engine) fn import_again(
        &mut self,
        blueprint: Option<&Blueprint>,
    ) -> Result<(), StackError> {
        let Ok(names) = blueprint.map(Blueprint::imports).transpose() else { return Ok(()) };
        let names = names.unwrap_or_default();
        self.write(|work, state| {
            state.drop_imports(&work.stack.id)?;
            state.add_imports(&work.stack, &names)
        })
    }

    /// Makes what was wanted what the stack is, with its outputs; refused if it cannot be so.
    pub(in crate::engine) fn commit(&mut self, blueprint: &Blueprint) -> Result<(), StepError> {
        let outputs = blueprint.outputs(&|name, attribute| self.look_up(name, attribute))?;
        let imports = blueprint.imports()?;
        let stack = Stack { outputs, definition: self.wanted(), ..self.stack.clone() };
        self.write(|work, state| {
            if let Some(reason) = state.put_exports(&stack)? {
                return Err(StepError::Refused(reason));
            }
            state.drop_imports(&stack.id)?;
            state.add_imports(&stack, &imports)?;
            work.stack = stack;
            work.settle(state)?;
            if work.operation.creates {
                work.end(state, StackStatus::CreateComplete, None)?;
            } else {
                work.phase(state, OperationPhase::Cleanup)?;
                work.status(state, StackStatus::UpdateCleanup, None)?;
            }
            Ok(())
        })
    }

    /// Ends the operation.
    pub(in crate::engine) fn finish(
        &mut self,
        status: StackStatus,
        reason: Option<String>,
    ) -> Result<AfterPhase, StackError> {
        self.write(|work, state| work.end(state, status, reason))?;
        Ok(AfterPhase::Finished)
    }

    /// Writes all changes in one transaction. If that fails, the operation is read again from disk, so the changes
    /// that `work` made in memory do not matter.
    fn write<T, E: From<StackError>>(
        &mut self,
        work: impl FnOnce(&mut Self, &Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let store = self.store;
        store.write(|state| work(self, state))
    }

    /// Nothing will be put back from here on: an old resource that is still there has only to be removed.
    fn settle(&mut self, state: &Transaction<'_>) -> Result<(), StackError> {
        for mut resource in self.resources.clone().into_values() {
            resource.drift = None;
            if let Before::Replaced(old) = std::mem::replace(&mut resource.before, Before::Same) {
                resource.leftovers.push(old);
            }
            self.put(state, resource)?;
        }
        Ok(())
    }

    fn put(&mut self, state: &Transaction<'_>, resource: StackResource) -> Result<(), StackError> {
        state.put_resource(&self.stack.id, &resource)?;
        self.resources.insert(resource.logical_id.clone(), resource);
        Ok(())
    }

    fn phase(&mut self, state: &Transaction<'_>, phase: OperationPhase) -> Result<(), StackError> {
        self.operation.phase = phase;
        state.put_operation(&self.operation)
    }

    fn status(
        &mut self,
        state: &Transaction<'_>,
        status: StackStatus,
        reason: Option<String>,
    ) -> Result<(), StackError> {
        self.stack.status = status;
        self.stack.reason = reason;
        if status == StackStatus::DeleteComplete {
            self.stack.deleted = Some(now());
        }
        state.put_stack(&self.stack)?;
        state.add_event(&self.stack.event(self.operation.options.token.clone()))
    }

    fn end(
        &mut self,
        state: &Transaction<'_>,
        status: StackStatus,
        reason: Option<String>,
    ) -> Result<(), StackError> {
        self.status(state, status, reason)?;
        if let Some(change_set) = &mut self.change_set {
            let done = matches!(status, StackStatus::CreateComplete | StackStatus::UpdateComplete);
            change_set.execution = if done { Execution::Complete } else { Execution::Failed };
            if change_set.is_direct() {
                state.delete_change_set(&change_set.id)?;
            } else {
                state.put_change_set(change_set)?;
            }
        }
        state.end_operation(&self.stack.id)
    }

    fn resource_event(&self, resource: &StackResource) -> Event {
        let current = resource.current.as_ref();
        Event {
            id: format!("{}-{}-{}", resource.logical_id, resource.status.word(), id::uuid()),
            logical_id: resource.logical_id.clone(),
            physical_id: current.map(|current| current.physical_id.clone()).unwrap_or_default(),
            kind: resource.kind.clone(),
            status: resource.status.word().to_owned(),
            reason: resource.reason.clone(),
            ..self.stack.event(self.operation.options.token.clone())
        }
    }
}
