//! An operation that is under way, and what is known of its stack.

mod record;

use std::collections::BTreeMap;

use crate::blueprint::Blueprint;
use crate::functions::Exports;
use crate::order;
use crate::provider::ProviderCall;
use crate::stacks::{
    Before, ChangeSet, Definition, OperationPhase, Stack, StackError, StackOperation,
    StackResource, StackStore, is_over,
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
pub(super) struct OperationWork<'a> {
    store: &'a StackStore,
    pub(super) operation: StackOperation,
    pub(super) stack: Stack,
    pub(super) change_set: Option<ChangeSet>,
    pub(super) resources: BTreeMap<String, StackResource>,
    /// What other stacks export. None of them changes while this operation runs.
    exports: Exports,
}

impl<'a> OperationWork<'a> {
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
    pub(super) fn backwards(&self) -> Vec<StackResource> {
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
            restores: self.operation.phase == OperationPhase::Rollback,
        }
    }

    /// Whether the policy of a resource keeps it where it is although its stack gives it up.
    pub(super) fn retains(&self, resource: &StackResource) -> bool {
        let made_now = resource.before == Before::Nothing
            && matches!(self.operation.phase, OperationPhase::Rollback)
            || self.operation.creates;
        let except = made_now && self.operation.options.retain_except_on_create;
        resource.policies.deletion.retains(made_now) && !except
    }

    /// Whether the creation of the stack has taken longer than it may.
    pub(super) fn is_overdue(&self) -> bool {
        let minutes = self.stack.timeout_minutes.filter(|_| self.operation.creates);
        minutes.is_some_and(|minutes| is_over(&self.stack.created, minutes, jiff::Timestamp::now()))
    }
}

/// The reason of a stack whose resources would not go, in CloudFormation's words.
pub(super) fn not_deleted(names: &[String]) -> String {
    format!("The following resource(s) failed to delete: [{}]. ", names.join(", "))
}
