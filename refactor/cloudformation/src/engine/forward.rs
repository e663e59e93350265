//! Forward: each resource becomes what it is to be, in the order of needs. A step that was carried out before a
//! restart finds that nothing is left to do.

use super::work::Work;
use super::{Engine, Next};
use crate::blueprint::Blueprint;
use crate::kinds::{Maker, Type};
use crate::plan::{Way, way};
use crate::provider::{Created, Properties, Provider, ProviderCall};
use crate::stacks::{
    Before, Generation, Phase, Resource, ResourceStatus, StackStatus, StoreError, now,
};
use crate::template::Policies;

/// What AWS says of a resource that cannot change in place.
const REPLACES: &str =
    "Requested update requires the creation of a new physical resource; hence creating one.";

/// What AWS says of a creation that takes longer than `TimeoutInMinutes`.
const OVERDUE: &str = "Stack creation time exceeded the specified timeout.";

/// Why a resource could not be made or changed.
struct Stopped {
    logical_id: String,
    reason: String,
}

impl Engine {
    /// Makes and changes all resources, then makes the result what the stack is; or turns to the rollback.
    pub(super) fn forward(&self, work: &mut Work<'_>) -> Result<Next, StoreError> {
        let blueprint = match work.blueprint(&work.wanted()) {
            Ok(blueprint) => blueprint,
            Err(reason) => return self.failed(work, reason),
        };
        if let Err(reason) = work.import(&blueprint)? {
            return self.failed(work, reason);
        }
        for logical_id in &blueprint.order {
            if work.is_overdue() {
                return self.failed(work, OVERDUE.to_owned());
            }
            if let Err(stopped) = self.reach(work, &blueprint, logical_id)? {
                let verb = if work.operation.creates { "create" } else { "update" };
                let reason = format!(
                    "The following resource(s) failed to {verb}: [{}]. {}",
                    stopped.logical_id, stopped.reason
                );
                return self.failed(work, reason);
            }
        }
        match work.commit(&blueprint)? {
            Ok(()) if work.operation.creates => Ok(Next::Finished),
            Ok(()) => Ok(Next::Phase),
            Err(reason) => self.failed(work, reason),
        }
    }

    fn failed(&self, work: &mut Work<'_>, reason: String) -> Result<Next, StoreError> {
        let creates = work.operation.creates;
        if work.operation.options.deletes_on_failure {
            let reason = format!("{reason} Delete requested by user.");
            work.tell_status(StackStatus::CreateFailed, Some(reason.clone()))?;
            return work.enter(Phase::Delete, StackStatus::DeleteInProgress, Some(reason));
        }
        if work.stack.disable_rollback {
            let status =
                if creates { StackStatus::CreateFailed } else { StackStatus::UpdateFailed };
            return work.finish(status, Some(reason));
        }
        work.operation.failure = Some(reason.clone());
        let status = if creates {
            StackStatus::RollbackInProgress
        } else {
            StackStatus::UpdateRollbackInProgress
        };
        work.enter(Phase::Rollback, status, Some(reason))
    }

    /// One resource: `Err` if the provider refuses, or if its properties cannot be worked out.
    fn reach(
        &self,
        work: &mut Work<'_>,
        blueprint: &Blueprint,
        logical_id: &str,
    ) -> Result<Result<(), Stopped>, StoreError> {
        let known = work.resources.get(logical_id).cloned();
        let mut resource = known.unwrap_or_else(|| new_resource(blueprint, logical_id));
        if work.change_set.as_ref().is_some_and(|set| set.reverts_drift) {
            let recorded = resource.current.clone();
            resource = match self.as_it_is(&work.stack.region, resource.clone()) {
                Ok(resource) => resource,
                Err(failure) => return self.stopped(work, resource, failure.reason),
            };
            if let (Some(lost), None, Before::Same) =
                (recorded, &resource.current, &resource.before)
            {
                resource.before = Before::Lost(lost);
            }
        }
        let wanted = blueprint.kind(logical_id).and_then(|kind| {
            let look_up = |name: &str, attribute: Option<&str>| work.look_up(name, attribute);
            Ok((kind, blueprint.properties(logical_id, &look_up)?))
        });
        let (kind, wanted) = match wanted {
            Ok(wanted) => wanted,
            Err(reason) => return self.stopped(work, resource, reason),
        };
        let current = resource.current.clone();
        let way = way(kind, current.as_ref(), &wanted);
        let needs = needs(blueprint, logical_id);
        let policies = blueprint.policies(logical_id);
        if way == Way::Keep {
            keep(work, resource, needs, policies)?;
            return Ok(Ok(()));
        }
        kind.name.clone_into(&mut resource.kind);
        resource.needs = needs;
        resource.policies = policies;
        let mut resource = announce(work, resource, &way)?;
        match self.carry_out(work, &way, kind, logical_id, current.as_ref(), &wanted) {
            Ok(made) => {
                resource.current = Some(Generation {
                    physical_id: made.physical_id,
                    attributes: made.attributes,
                    properties: wanted,
                });
                reached(work, resource, &way, current)?;
                Ok(Ok(()))
            }
            Err(reason) => self.stopped(work, resource, reason),
        }
    }

    fn carry_out(
        &self,
        work: &Work<'_>,
        way: &Way,
        kind: &Type,
        logical_id: &str,
        current: Option<&Generation>,
        wanted: &Properties,
    ) -> Result<Created, String> {
        let step = work.step(logical_id, "make");
        let made = match (way, current) {
            (Way::PlannedChange, Some(current)) => {
                return self.change(kind.maker, &step, current, wanted);
            }
            (Way::Swap, Some(current)) => self.ask(&step, |provider: &dyn Provider| {
                provider.replace_route(&step, &current.physical_id, wanted)
            }),
            _ => self.create(kind, &step, wanted),
        };
        made.map_err(|failure| failure.reason)
    }

    /// Changes a resource in place.
    pub(super) fn change(
        &self,
        maker: Maker,
        step: &ProviderCall,
        current: &Generation,
        wanted: &Properties,
    ) -> Result<Created, String> {
        let id = &current.physical_id;
        let attributes = match maker {
            Maker::Spaces(kind) => self
                .ask(step, |provider| provider.update(step, kind, id, &current.properties, wanted))
                .map_err(|failure| failure.reason)?,
            Maker::Placeholder(_) => current.attributes.clone(),
        };
        Ok(Created { physical_id: id.clone(), attributes })
    }

    fn stopped(
        &self,
        work: &mut Work<'_>,
        mut resource: Resource,
        reason: String,
    ) -> Result<Result<(), Stopped>, StoreError> {
        resource.status = match resource.current {
            Some(_) => ResourceStatus::UpdateFailed,
            None => ResourceStatus::CreateFailed,
        };
        resource.reason = Some(reason.clone());
        resource.updated = now();
        let logical_id = resource.logical_id.clone();
        work.record(resource)?;
        Ok(Err(Stopped { logical_id, reason }))
    }
}

/// A resource is as it should be already: only what it needs may differ, or that it was once to be removed.
fn keep(
    work: &mut Work<'_>,
    mut resource: Resource,
    needs: Vec<String>,
    policies: Policies,
) -> Result<(), StoreError> {
    let refused_to_go = resource.status == ResourceStatus::DeleteFailed;
    if resource.needs == needs && resource.policies == policies && !refused_to_go {
        return Ok(());
    }
    resource.needs = needs;
    resource.policies = policies;
    if refused_to_go {
        resource.status = ResourceStatus::UpdateComplete;
        resource.reason = None;
    }
    work.note(resource)
}

/// Writes down what is about to happen to a resource.
fn announce(
    work: &mut Work<'_>,
    mut resource: Resource,
    way: &Way,
) -> Result<Resource, StoreError> {
    resource.updated = now();
    resource.reason = None;
    resource.status = ResourceStatus::UpdateInProgress;
    match way {
        Way::Create => {
            resource.status = ResourceStatus::CreateInProgress;
            if resource.before == Before::Same {
                resource.before = Before::Nothing;
            }
        }
        Way::Replace => resource.reason = Some(REPLACES.to_owned()),
        Way::Keep | Way::PlannedChange | Way::Swap => {}
    }
    work.record(resource.clone())?;
    Ok(resource)
}

/// Writes down what has happened to a resource, and what it was before.
fn reached(
    work: &mut Work<'_>,
    mut resource: Resource,
    way: &Way,
    old: Option<Generation>,
) -> Result<(), StoreError> {
    resource.before = match (way, old) {
        (Way::PlannedChange, Some(old)) => Before::Changed(old),
        (Way::Replace, Some(old)) => Before::Replaced(old),
        (Way::Swap, Some(old)) => Before::Swapped(old),
        // As it was announced.
        (_, None) | (Way::Keep | Way::Create, Some(_)) => resource.before,
    };
    resource.status = match way {
        Way::Create => ResourceStatus::CreateComplete,
        _ => ResourceStatus::UpdateComplete,
    };
    resource.reason = None;
    resource.updated = now();
    work.record(resource)
}

fn needs(blueprint: &Blueprint, logical_id: &str) -> Vec<String> {
    blueprint.needs.get(logical_id).map(|needs| needs.iter().cloned().collect()).unwrap_or_default()
}

fn new_resource(blueprint: &Blueprint, logical_id: &str) -> Resource {
    Resource {
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
