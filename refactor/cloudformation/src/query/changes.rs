//! One planned change, as `DescribeChangeSet` shows it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::xml::Xml;
use crate::change::{ChangeAction, PlannedChange, PropertyChange};
use crate::provider::Properties;
use crate::stacks::Definition;

/// The values of parameters that are never shown.
pub(super) struct Secrets<'a>(Vec<&'a str>);

impl<'a> Secrets<'a> {
    /// Those of some definitions.
    pub(super) fn of(definitions: impl IntoIterator<Item = &'a Definition>) -> Self {
        let hidden = |definition: &'a Definition| {
            let parameters = definition.parameters.iter();
            parameters
                .filter(|(name, value)| definition.hidden.contains(name) && !value.is_empty())
                .map(|(_, value)| value.as_str())
        };
        Self(definitions.into_iter().flat_map(hidden).collect())
    }

    fn cover(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                self.0.iter().fold(text.clone(), |text, secret| text.replace(secret, "****")).into()
            }
            Value::Array(items) => items.iter().map(|item| self.cover(item)).collect(),
            Value::Object(members) => Value::Object(self.cover_all(members)),
            other => other.clone(),
        }
    }

    pub(super) fn cover_all(&self, members: &Properties) -> Properties {
        members.iter().map(|(name, value)| (name.clone(), self.cover(value))).collect()
    }
}

/// A change; with the values of its properties if the secrets to cover in them are given.
pub(super) fn change(xml: &mut Xml, change: &PlannedChange, values: Option<&Secrets<'_>>) {
    xml.text("Type", "Resource");
    xml.element("ResourceChange", |xml| {
        let (action, modifies) = match change.action {
            ChangeAction::Add => ("Add", false),
            ChangeAction::Modify => ("Modify", true),
            ChangeAction::Remove => ("Remove", false),
        };
        xml.text("Action", action);
        xml.text("LogicalResourceId", &change.logical_id);
        xml.optional("PhysicalResourceId", change.physical_id.as_deref());
        xml.text("ResourceType", &change.kind);
        if modifies {
            xml.text("Replacement", if change.replaces { "True" } else { "False" });
        }
        let scopes: BTreeSet<&str> = change.details.iter().map(PropertyChange::attribute).collect();
        xml.texts("Scope", scopes);
        xml.list("Details", &change.details, |xml, detail| {
            xml.element("Target", |xml| target(xml, change, detail, values));
            xml.text("Evaluation", "Static");
        });
        if let Some(secrets) = values {
            for (name, properties) in
                [("BeforeContext", &change.before), ("AfterContext", &change.after)]
            {
                let shown = properties.as_ref().map(|properties| {
                    json!({ "Properties": secrets.cover_all(properties) }).to_string()
                });
                xml.optional(name, shown.as_deref());
            }
        }
    });
}

fn target(
    xml: &mut Xml,
    change: &PlannedChange,
    detail: &PropertyChange,
    values: Option<&Secrets<'_>>,
) {
    xml.text("Attribute", detail.attribute());
    if detail.attribute() == "Properties" {
        xml.text("Name", &detail.property);
    }
    xml.text("RequiresRecreation", if detail.replaces { "Always" } else { "Never" });
    let Some(secrets) = values.filter(|_| !detail.attribute().ends_with("Policy")) else { return };
    let value = |properties: &Option<Properties>| {
        properties.as_ref()?.get(&detail.property).map(|value| match secrets.cover(value) {
            Value::String(text) => text,
            other => other.to_string(),
        })
    };
    let (before, after) = (value(&change.before), value(&change.after));
    xml.text("Path", &format!("/Properties/{}", detail.property));
    xml.optional("BeforeValue", before.as_deref());
    xml.optional("AfterValue", after.as_deref());
    let kind = match (before, after) {
        (None, _) => "Add",
        (_, None) => "Remove",
        _ => "Modify",
    };
    xml.text("AttributeChangeType", kind);
}
