//! The properties of a template, as members of the API and back.

use serde_json::{Map, Value, json};

use crate::resource::{ResourceType, Tags};
use crate::{ApplicationPath, Members, rules};
use cloudformation::provider::{Properties, ProviderCall, StepFailure};

/// The members of the API for the properties of a template: the same, but for the tags.
pub(super) fn members(properties: &Properties) -> Result<Map<String, Value>, StepFailure> {
    let mut members = properties.clone();
    if let Some(list) = properties.get("Tags") {
        let tag =
            |tag: &Value| Some((tag.get("Key")?.as_str()?.to_owned(), tag.get("Value")?.clone()));
        let tags: Option<Map<_, _>> =
            list.as_array().and_then(|list| list.iter().map(tag).collect());
        let tags = tags.ok_or_else(|| StepFailure {
            reason: "Tags must be a list of objects with Key and Value".into(),
        })?;
        members.insert("Tags".into(), tags.into());
    }
    Ok(members)
}

/// Properties with the tags and the activation state that there are, written as they were wherever they are the same.
pub(super) fn actual(expected: &Properties, tags: &Tags, active: Option<bool>) -> Properties {
    let mut actual = expected.clone();
    let pair = |tag: &Value| {
        Some((tag.get("Key")?.as_str()?.to_owned(), tag.get("Value")?.as_str()?.to_owned()))
    };
    let list = expected.get("Tags").and_then(Value::as_array);
    let known: Tags = list.into_iter().flatten().filter_map(pair).collect();
    if known != *tags {
        let tag = |(key, value): (&String, &String)| json!({ "Key": key, "Value": value });
        actual.insert("Tags".to_owned(), tags.iter().map(tag).collect());
    }
    let word = match active {
        Some(true) => "ACTIVE",
        Some(false) => "INACTIVE",
        None => return actual,
    };
    for name in ["UriPathRoute", "DefaultRoute"] {
        let state = actual.get_mut(name).and_then(|nested| nested.get_mut("ActivationState"));
        if let Some(state) = state {
            *state = word.into();
        }
    }
    actual
}

/// The activation state that the properties of a route ask for, as it is written there.
pub(super) fn activation(properties: &Properties) -> Option<&Value> {
    let nested = properties.get("UriPathRoute").or_else(|| properties.get("DefaultRoute"))?;
    nested.get("ActivationState")
}

/// The id of a parent that the properties name.
pub(super) fn parent(
    members: &Map<String, Value>,
    kind: ResourceType,
) -> Result<String, StepFailure> {
    let name = match kind {
        ResourceType::Environment => "EnvironmentIdentifier",
        ResourceType::Application => "ApplicationIdentifier",
        ResourceType::Service => "ServiceIdentifier",
        ResourceType::Route => "RouteIdentifier",
    };
    let mut given = Members::new(members);
    let id = given.text(name, |text| rules::id(kind, text));
    let id = given.required(name, id);
    Ok(given.finish(|| id)?)
}

pub(super) fn place(
    step: &ProviderCall,
    members: &Map<String, Value>,
) -> Result<ApplicationPath, StepFailure> {
    Ok(ApplicationPath {
        region: step.region.clone(),
        environment: parent(members, ResourceType::Environment)?,
        application: parent(members, ResourceType::Application)?,
    })
}
