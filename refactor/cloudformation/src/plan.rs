//! What a change set will do: the difference between what is there and what is to be.

use std::collections::BTreeMap;

use super::blueprint::Blueprint;
use super::change::{ChangeAction, PlannedChange, PropertyChange};
use super::functions::KNOWN_AFTER_APPLY;
use super::kinds::{Maker, Type};
use super::provider::{Properties, Provider, ResourceKind};
use super::stacks::{Generation, ResourceStatus, StackOutput, StackResource};
use super::template::{Policies, Policy};

/// What a change set comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// In the order in which they are carried out: removals last.
    pub(crate) changes: Vec<PlannedChange>,
    /// As far as they are known before.
    pub(crate) outputs: Vec<StackOutput>,
}

/// How a resource becomes what it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is so already.
    Keep,
    Create,
    Change,
    /// The new one is made first, the old one removed when all else is done.
    Replace,
    /// A route of the same application: its path may exist only once, so one step does both.
    Swap,
}

/// Decides how a resource gets its properties.
pub(crate) fn way(kind: &Type, current: Option<&Generation>, wanted: &Properties) -> Way {
    let Some(current) = current else { return Way::Create };
    let differences = kind.differences(&current.properties, wanted);
    let route = Maker::Spaces(ResourceKind::Route);
    if differences.is_empty() {
        Way::Keep
    } else if !differences.iter().any(|difference| difference.replaces) {
        Way::Change
    } else if kind.maker == route && same_application(current, wanted) {
        Way::Swap
    } else {
        Way::Replace
    }
}

/// Plans all changes.
///
/// # Errors
/// All that is wrong with the properties of resources; a resource whose type changes; one that would go and may not.
pub(crate) fn plan(
    blueprint: &Blueprint,
    resources: &[StackResource],
    provider: &dyn Provider,
) -> Result<Plan, String> {
    let known: BTreeMap<&str, &StackResource> =
        resources.iter().map(|known| (known.logical_id.as_str(), known)).collect();
    // What stays what it is; all else is known only later.
    let mut stays: BTreeMap<String, &Generation> = BTreeMap::new();
    let mut changes = Vec::new();
    let mut faults = Vec::new();
    for logical_id in &blueprint.order {
        let kind = blueprint.kind(logical_id)?;
        let known = known.get(logical_id.as_str());
        if let Some(known) = known.filter(|known| known.kind != kind.name) {
            return Err(format!(
                "Update of resource type is not permitted. The new template modifies resource type of the following resources: [{logical_id}] ({} becomes {}); give the new one another name",
                known.kind, kind.name
            ));
        }
        let wanted = match blueprint.properties(logical_id, &look_up(blueprint, &stays)) {
            Ok(wanted) => wanted,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        let current = known.and_then(|known| known.current.as_ref());
        let way = way(kind, current, &wanted);
        if way != Way::Keep {
            faults.extend(blueprint.refused(logical_id, &wanted, provider)?);
        }
        if let (Some(current), Way::Keep | Way::Change) = (current, &way) {
            stays.insert(logical_id.clone(), current);
        }
        let policies = blueprint.policies(logical_id);
        if way == Way::Swap && policies.replacement != Policy::Delete {
            return Err(format!(
                "UpdateReplacePolicy Retain of {logical_id}: a route is replaced in one step, because its path may exist only once, so the old one cannot stay; take Delete"
            ));
        }
        let details = match (way, current) {
            (Way::Keep, Some(_)) => {
                known.map(|known| policy_details(known.policies, policies)).unwrap_or_default()
            }
            (_, Some(current)) => kind.differences(&current.properties, &wanted),
            (_, None) => Vec::new(),
        };
        if way == Way::Create || !details.is_empty() {
            let action = if way == Way::Create { ChangeAction::Add } else { ChangeAction::Modify };
            changes.push(PlannedChange {
                replaces: matches!(way, Way::Replace | Way::Swap),
                details,
                after: Some(wanted),
                ..change(action, logical_id, kind.name, current)
            });
        }
    }
    faults.extend(unwanted(blueprint, resources).filter_map(|known| {
        let reason = kept(blueprint.region(), known, provider)?;
        Some(format!("{} cannot be removed: {reason}", known.logical_id))
    }));
    if !faults.is_empty() {
        return Err(faults.join("; "));
    }
    changes.extend(unwanted(blueprint, resources).map(|known| {
        change(ChangeAction::Remove, &known.logical_id, &known.kind, known.current.as_ref())
    }));
    let outputs = blueprint.outputs(&look_up(blueprint, &stays))?;
    Ok(Plan { changes, outputs })
}

/// What keeps a resource that is no longer wanted, if anything does: an update would end well and leave it.
fn kept(region: &str, known: &StackResource, provider: &dyn Provider) -> Option<String> {
    let current = known.current.as_ref().filter(|_| !known.policies.deletion.retains(false))?;
    let Maker::Spaces(kind) = Type::of(&known.kind)?.maker else { return None };
    provider.may_go(region, kind, &current.physical_id).err().map(|failure| failure.reason)
}

/// What is there and no longer wanted.
pub(crate) fn unwanted<'a>(
    blueprint: &Blueprint,
    resources: &'a [StackResource],
) -> impl Iterator<Item = &'a StackResource> {
    resources.iter().filter(|known| {
        known.status != ResourceStatus::DeleteComplete
            && !blueprint.order.contains(&known.logical_id)
    })
}

impl Generation {
    /// The id, or an attribute.
    ///
    /// # Errors
    /// If this resource does not have the attribute although its type does.
    pub(crate) fn look_up(
        &self,
        logical_id: &str,
        attribute: Option<&str>,
    ) -> Result<String, String> {
        let Some(attribute) = attribute else { return Ok(self.physical_id.clone()) };
        let value = self.attributes.get(attribute).cloned();
        value.ok_or_else(|| format!("the resource {logical_id} has no attribute {attribute}"))
    }
}

/// The policies that change. On AWS too they are details of a modification that touches nothing else.
fn policy_details(old: Policies, new: Policies) -> Vec<PropertyChange> {
    let policies = [
        ("DeletionPolicy", old.deletion == new.deletion),
        ("UpdateReplacePolicy", old.replacement == new.replacement),
    ];
    let changed = policies.into_iter().filter(|(_, same)| !same);
    changed.map(|(name, _)| PropertyChange { property: name.to_owned(), replaces: false }).collect()
}

fn look_up(
    blueprint: &Blueprint,
    stays: &BTreeMap<String, &Generation>,
) -> impl Fn(&str, Option<&str>) -> Result<String, String> {
    |name, attribute| match (stays.get(name), attribute) {
        (Some(generation), attribute) => generation.look_up(name, attribute),
        (None, Some(_)) => Ok(KNOWN_AFTER_APPLY.to_owned()),
        // Of several parts, as it will be: if one id belongs here, it is refused now and not half-way.
        (None, None) => Ok(match blueprint.kind(name)?.maker {
            Maker::Spaces(ResourceKind::Application) => {
                format!("env-{KNOWN_AFTER_APPLY}|app-{KNOWN_AFTER_APPLY}")
            }
            Maker::Spaces(ResourceKind::Service) => {
                format!("env-{KNOWN_AFTER_APPLY}|app-{KNOWN_AFTER_APPLY}|svc-{KNOWN_AFTER_APPLY}")
            }
            _ => KNOWN_AFTER_APPLY.to_owned(),
        }),
    }
}

fn change(
    action: ChangeAction,
    logical_id: &str,
    kind: &str,
    current: Option<&Generation>,
) -> PlannedChange {
    PlannedChange {
        action,
        logical_id: logical_id.to_owned(),
        physical_id: current.map(|current| current.physical_id.clone()),
        kind: kind.to_owned(),
        replaces: false,
        details: Vec::new(),
        before: current.map(|current| current.properties.clone()),
        after: None,
    }
}

fn same_application(current: &Generation, wanted: &Properties) -> bool {
    ["EnvironmentIdentifier", "ApplicationIdentifier"]
        .iter()
        .all(|name| current.properties.get(*name) == wanted.get(*name))
}
