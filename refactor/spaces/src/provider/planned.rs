//! What can be said against the properties of a resource before it is made.

use serde_json::{Map, Value};

use super::properties::members;
use crate::resource::{NewApplication, NewEnvironment, NewRoute, NewService, ResourceType};
use crate::{ApiError, Members, rules};
use cloudformation::is_unknown;
use cloudformation::provider::{Properties, ResourceKind, StepFailure};

/// Checks properties by what they are alone; what is not known yet is not looked at.
///
/// # Errors
/// All that creating the resource would refuse, whatever there is already.
pub(super) fn check_properties(
    kind: ResourceKind,
    properties: &Properties,
) -> Result<(), StepFailure> {
    let mut properties = properties.clone();
    if properties.get("Tags").is_some_and(|tags| tags.is_string() && is_unknown(tags)) {
        properties.remove("Tags");
    }
    let members = members(&properties)?;
    let given = || Members::planned(&members);
    let own = match kind {
        ResourceKind::Environment => NewEnvironment::read(given()).map(drop),
        ResourceKind::Application => NewApplication::read(given()).map(drop),
        ResourceKind::Service => NewService::read(given()).map(drop),
        ResourceKind::Route => NewRoute::read(given()).map(drop),
    };
    let parents: &[(&str, ResourceType)] = match kind {
        ResourceKind::Environment => &[],
        ResourceKind::Application => &[("EnvironmentIdentifier", ResourceType::Environment)],
        ResourceKind::Service | ResourceKind::Route => &[
            ("EnvironmentIdentifier", ResourceType::Environment),
            ("ApplicationIdentifier", ResourceType::Application),
        ],
    };
    let faults: Vec<String> =
        [own, check_parents(&members, parents)].into_iter().filter_map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(StepFailure { reason: faults.join("; ") }) }
}

fn check_parents(
    members: &Map<String, Value>,
    parents: &[(&str, ResourceType)],
) -> Result<(), ApiError> {
    let mut given = Members::planned(members);
    for (name, kind) in parents {
        given.text(name, |text| rules::id(*kind, text));
    }
    given.finish(|| Some(()))
}

/// What is wrong; nothing is if only something is not known yet.
fn fault(checked: Result<(), ApiError>) -> Option<String> {
    let message = checked.err()?.message().to_owned();
    (!message.is_empty()).then_some(message)
}
