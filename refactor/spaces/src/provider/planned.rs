//! What can be said against the properties of a resource before it is made.

use serde_json::{Map, Value};

use super::{SpacesKind, members};
use crate::resource::{NewApplication, NewEnvironment, NewRoute, NewService};
use crate::{ApiError, Members, rules};
use cloudformation::is_unknown;
use cloudformation::provider::{Failure, Kind, Properties};

/// Checks properties by what they are alone; what is not known yet is not looked at.
///
/// # Errors
/// All that creating the resource would refuse, whatever there is already.
pub(super) fn check_properties(kind: Kind, properties: &Properties) -> Result<(), Failure> {
    let mut properties = properties.clone();
    if properties.get("Tags").is_some_and(|tags| tags.is_string() && is_unknown(tags)) {
        properties.remove("Tags");
    }
    let members = members(&properties)?;
    let given = || Members::planned(&members);
    let own = match kind {
        Kind::Environment => NewEnvironment::take(given()).map(drop),
        Kind::Application => NewApplication::take(given()).map(drop),
        Kind::Service => NewService::take(given()).map(drop),
        Kind::Route => NewRoute::take(given()).map(drop),
    };
    let parents: &[(&str, SpacesKind)] = match kind {
        Kind::Environment => &[],
        Kind::Application => &[("EnvironmentIdentifier", SpacesKind::Environment)],
        Kind::Service | Kind::Route => &[
            ("EnvironmentIdentifier", SpacesKind::Environment),
            ("ApplicationIdentifier", SpacesKind::Application),
        ],
    };
    let faults: Vec<String> =
        [own, check_parents(&members, parents)].into_iter().filter_map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure { reason: faults.join("; ") }) }
}

fn check_parents(
    members: &Map<String, Value>,
    parents: &[(&str, SpacesKind)],
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
