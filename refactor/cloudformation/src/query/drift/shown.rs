//! How a resource differs from what its stack made, property by property.

use serde_json::Value;

use crate::provider::Properties;
use crate::query::changes::Secrets;
use crate::query::xml::Xml;
use crate::stacks::{ResourceDrift, Stack, StackResource};

/// One resource with what was found; values of `NoEcho` parameters are covered.
pub(super) fn describe(
    xml: &mut Xml,
    stack: &Stack,
    resource: &StackResource,
    drift: &ResourceDrift,
) {
    xml.text("StackId", &stack.id);
    xml.text("LogicalResourceId", &resource.logical_id);
    let secrets = Secrets::of([&stack.definition]);
    let shown = |properties: &Properties| Value::Object(secrets.cover_all(properties)).to_string();
    if let Some(current) = &resource.current {
        xml.text("PhysicalResourceId", &current.physical_id);
        xml.text("ExpectedProperties", &shown(&current.properties));
    }
    xml.text("ResourceType", &resource.kind);
    xml.optional("ActualProperties", drift.actual.as_ref().map(shown).as_deref());
    let mut differences = Vec::new();
    if let (Some(current), Some(actual)) = (&resource.current, &drift.actual) {
        compare(
            &secrets.cover_all(&current.properties),
            &secrets.cover_all(actual),
            "",
            &mut differences,
        );
    }
    xml.list("PropertyDifferences", differences, |xml, (path, expected, actual)| {
        xml.text("PropertyPath", &path);
        xml.text("ExpectedValue", expected.as_ref().map(plain).as_deref().unwrap_or("null"));
        xml.text("ActualValue", actual.as_ref().map(plain).as_deref().unwrap_or("null"));
        let kind = match (expected, actual) {
            (None, _) => "ADD",
            (_, None) => "REMOVE",
            _ => "NOT_EQUAL",
        };
        xml.text("DifferenceType", kind);
    });
    xml.text("StackResourceDriftStatus", drift.status.word());
    xml.text("Timestamp", &drift.time);
}

type Compared = (String, Option<Value>, Option<Value>);

fn compare(
    expected: &Properties,
    actual: &Properties,
    path: &str,
    differences: &mut Vec<Compared>,
) {
    let added = actual.keys().filter(|name| !expected.contains_key(*name));
    for name in expected.keys().chain(added) {
        let path = format!("{path}/{name}");
        match (expected.get(name), actual.get(name)) {
            (old, new) if old == new => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                compare(old, new, &path, differences);
            }
            (old, new) => differences.push((path, old.cloned(), new.cloned())),
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
