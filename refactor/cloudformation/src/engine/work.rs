//! An operation that is under way: what is known of its stack, and how each step is recorded.

use std::collections::BTreeMap;

use crate::blueprint::Blueprint;
use crate::functions::Exports;
use crate::id;
use crate::order;
use crate::provider::ProviderCall;
use crate::stacks::{
    Before, ChangeSet, Definition, Event, Execution, Phase, Resource, ResourceStatus, Stack,
    StackError, StackOperation, StackStatus, StackStore, Transaction, is_over, now,
};

/// What follows a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterPhase {
    /// The phase that the operation now has.
    Phase,
    /// Nothing: the operation is done.
    Finished,
}

/// Why a step was not carried out.
pub(super) enum StepError {
    /// It cannot be, for this reason.
    Refused(String),
    Store(StackError),
}

impl StepError {
    /// The reason for which the step cannot be carried out.
    pub(super) fn reason(self) -> Result<String, StackError> {
        match self {
            Self::Refused(reason) => Ok(reason),
            Self::Store(err) => Err(err),
        }
    }
}

impl From<String> for StepError {
    fn from(reason: String) -> Self {
        Self::Refused(reason)
    }
}

impl From<StackError> for StepError {
    fn from(err: StackError) -> Self {
        Self::Store(err)
    }
}

/// What an operation works on. What stands here stands on disk, too.
pub(super) struct Work<'a> {
    store: &'a StackStore,
    pub(super) operation: StackOperation,
    pub(super) stack: Stack,
    pub(super) change_set: Option<ChangeSet>,
    pub(super) resources: BTreeMap<String, Resource>,
    /// What other stacks export. None of them changes while this operation runs.
    exports: Exports,
}

impl<'a> Work<'a> {
    /// Reads what is recorded.
    pub(super) fn load(
        store: &'a StackStore,
        operation: StackOperation,
    ) -> Result<Self, StackError> {
        store.read(|state| {
            let stack = state.stack_by_id(&operation.stack_id)?;
            let change_set = match &operation.change_set_id {
                Some(id) => state.change_set(None, id)?,
                None => None,
            };
            let resources = state.resources(&stack.id)?.into_iter();
            let resources =
                resources.map(|resource| (resource.logical_id.clone(), resource)).collect();
            let exports = state.exports(&stack.region, &stack.id)?;
            Ok(Self { store, operation, stack, change_set, resources, exports })
        })
    }

    /// From the queue to the first phase; a deletion ends here if another stack imports from this one. What an earlier
    /// operation left half-done (it failed, and was not to be rolled back) is from here on what the stack is; what it
    /// wanted to remove is removed in the end.
    pub(super) fn begin(&mut self) -> Result<AfterPhase, StackError> {
        let phase =
            if self.operation.change_set_id.is_some() { Phase::Forward } else { Phase::Delete };
        // The operations before this one may have imported what nothing imported when it was asked for.
        if phase == Phase::Delete
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

    /// The definition that this operation is to bring about.
    pub(super) fn wanted(&self) -> Definition {
        self.change_set
            .as_ref()
            .map_or_else(|| self.stack.definition.clone(), |set| set.definition.clone())
    }

    /// What a definition comes to for this stack.
    pub(super) fn blueprint(&self, definition: &Definition) -> Result<Blueprint, String> {
        Blueprint::new(definition, &self.stack, self.exports.clone())
    }

    /// `Ref` and `Fn::GetAtt` of the resources as they are now.
    pub(super) fn look_up(&self, name: &str, attribute: Option<&str>) -> Result<String, String> {
        match self.resources.get(name).and_then(|resource| resource.current.as_ref()) {
            Some(current) => current.look_up(name, attribute),
            None => Err(format!("the resource {name} is not there")),
        }
    }

    /// Names of all resources, each after what it needs.
    pub(super) fn order(&self) -> Vec<String> {
        let resources = self.resources.values();
        let needs = resources
            .clone()
            .map(|resource| (resource.logical_id.clone(), resource.needs.iter().cloned().collect()))
            .collect();
        let names =
            resources.map(|resource| (resource.logical_id.as_str(), resource.kind.as_str()));
        // A circle can stand here only between old and new needs; then any order is as good as another.
        order::sort(names, &needs)
            .unwrap_or_else(|_circle| self.resources.keys().cloned().collect())
    }

    /// The resources, each before what it needs.
    pub(super) fn backwards(&self) -> Vec<Resource> {
        let found = |logical_id: &String| self.resources.get(logical_id).cloned();
        self.order().iter().rev().filter_map(found).collect()
    }

    /// A step of this operation. The same step has the same token after a restart.
    pub(super) fn step(&self, logical_id: &str, verb: &str) -> ProviderCall {
        let digest = xxhash_rust::xxh3::xxh3_128(format!("{logical_id}/{verb}").as_bytes());
        ProviderCall {
            region: self.stack.region.clone(),
            stack_id: self.stack.id.clone(),
            logical_id: logical_id.to_owned(),
            // Together 20 + 1 + 32 characters.
            token: format!("{}-{digest:032x}", self.operation.id),
            restores: self.operation.phase == Phase::Rollback,
        }
    }

    /// Gives a resource a state, and records it with an event that says the same.
    pub(super) fn record(
        &mut self,
        resource: &mut Resource,
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

    /// Whether the policy of a resource keeps it where it is although its stack gives it up.
    pub(super) fn retains(&self, resource: &Resource) -> bool {
        let made_now = resource.before == Before::Nothing
            && matches!(self.operation.phase, Phase::Rollback)
            || self.operation.creates;
        let except = made_now && self.operation.options.retain_except_on_create;
        resource.policies.deletion.retains(made_now) && !except
    }

    /// Records a resource without an event: nothing has happened to it, but more is known.
    pub(super) fn note(&mut self, resource: Resource) -> Result<(), StackError> {
        self.write(|work, state| work.put(state, resource))
    }

    /// Records that something of a resource, which is not all of it, has got a state.
    pub(super) fn tell(
        &mut self,
        resource: &Resource,
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
    pub(super) fn forget(
        &mut self,
        resource: &mut Resource,
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
    pub(super) fn enter(
        &mut self,
        phase: Phase,
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
    pub(super) fn tell_status(
        &mut self,
        status: StackStatus,
        reason: Option<String>,
    ) -> Result<(), StackError> {
        self.write(|work, state| work.status(state, status, reason))
    }

    /// Whether the creation of the stack has taken longer than it may.
    pub(super) fn is_overdue(&self) -> bool {
        let minutes = self.stack.timeout_minutes.filter(|_| self.operation.creates);
        minutes.is_some_and(|minutes| is_over(&self.stack.created, minutes, jiff::Timestamp::now()))
    }

    /// Records what the stack takes over from others, beside what it took over before: they must keep it for as long
    /// as either may be needed.
    pub(super) fn import(&mut self, blueprint: &Blueprint) -> Result<(), StepError> {
        let names = blueprint.imports()?;
        Ok(self.write(|work, state| state.add_imports(&work.stack, &names))?)
    }

    /// Records the imports of the stack after it is back in its earlier state: those of `blueprint`, or none. If they
    /// cannot be evaluated, all that the stack may import stay recorded.
    pub(super) fn import_again(&mut self, blueprint: Option<&Blueprint>) -> Result<(), StackError> {
        let Ok(names) = blueprint.map(Blueprint::imports).transpose() else { return Ok(()) };
        let names = names.unwrap_or_default();
        self.write(|work, state| {
            state.drop_imports(&work.stack.id)?;
            state.add_imports(&work.stack, &names)
        })
    }

    /// Makes what was wanted what the stack is, with its outputs; refused if it cannot be so.
    pub(super) fn commit(&mut self, blueprint: &Blueprint) -> Result<(), StepError> {
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
                work.phase(state, Phase::Cleanup)?;
                work.status(state, StackStatus::UpdateCleanup, None)?;
            }
            Ok(())
        })
    }

    /// Ends the operation.
    pub(super) fn finish(
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

    fn put(&mut self, state: &Transaction<'_>, resource: Resource) -> Result<(), StackError> {
        state.put_resource(&self.stack.id, &resource)?;
        self.resources.insert(resource.logical_id.clone(), resource);
        Ok(())
    }

    fn phase(&mut self, state: &Transaction<'_>, phase: Phase) -> Result<(), StackError> {
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

    fn resource_event(&self, resource: &Resource) -> Event {
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

/// The reason of a stack whose resources would not go, in CloudFormation's words.
pub(super) fn not_deleted(names: &[String]) -> String {
    format!("The following resource(s) failed to delete: [{}]. ", names.join(", "))
}
