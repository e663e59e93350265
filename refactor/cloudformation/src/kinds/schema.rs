//! What properties may look like.

use serde_json::{Map, Value};

use crate::change::PropertyChange;
use crate::functions::{is_unknown, text};
use crate::provider::Properties;

/// A property of a resource type, or a member of one.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    /// Whether a change needs a new resource.
    pub(crate) replaces: bool,
}

/// What a value looks like.
#[derive(Debug)]
pub(crate) enum Shape {
    Text,
    /// The id of one resource, which begins so; `Ref` of applications, services and routes gives several joined by `|`.
    Id(&'static str),
    Flag,
    Integer,
    Texts,
    /// A list of `Key` and `Value`.
    Tags,
    Object(&'static [Property]),
    /// A placeholder takes it as it is.
    Anything,
}

/// A property that changes in place.
pub(super) const fn in_place(name: &'static str, shape: Shape) -> Property {
    Property { name, shape, required: false, replaces: false }
}

/// A property whose change needs a new resource.
pub(super) const fn replaces(name: &'static str, shape: Shape) -> Property {
    Property { name, shape, required: false, replaces: true }
}

impl Property {
    /// The same, but it may not be left out.
    pub(super) const fn required(self) -> Self {
        Self { name: self.name, shape: self.shape, required: true, replaces: self.replaces }
    }
}

pub(super) fn check(
    schema: &[Property],
    values: &Properties,
    path: &str,
) -> Result<Properties, String> {
    let mut checked = Map::new();
    let mut faults = Vec::new();
    for (name, value) in values {
        match schema.iter().find(|property| property.name == name) {
            Some(property) => match shaped(&property.shape, value, &format!("{path}{name}")) {
                Ok(value) => {
                    checked.insert(name.clone(), value);
                }
                Err(fault) => faults.push(fault),
            },
            None => {
                let known: Vec<&str> = schema.iter().map(|property| property.name).collect();
                faults.push(format!(
                    "Encountered unsupported property {path}{name}; supported are {}",
                    known.join(", ")
                ));
            }
        }
    }
    let missing = |property: &&Property| property.required && !values.contains_key(property.name);
    faults.extend(
        schema
            .iter()
            .filter(missing)
            .map(|property| format!("Property {path}{} cannot be empty", property.name)),
    );
    if faults.is_empty() { Ok(checked) } else { Err(faults.join("; ")) }
}

fn shaped(shape: &Shape, value: &Value, path: &str) -> Result<Value, String> {
    let wrong = |what: &str| Err(format!("Value of property {path} must be {what}"));
    match shape {
        // What is not known yet may become anything; of an id it is known whether it is one or several.
        shape if value.is_string() && is_unknown(value) && !matches!(shape, Shape::Id(_)) => {
            Ok(value.clone())
        }
        Shape::Text => match text(value) {
            Some(text) => Ok(Value::String(text)),
            None => wrong("of type String"),
        },
        Shape::Id(prefix) => match text(value) {
            Some(text) => id(prefix, &text, path),
            None => wrong("of type String"),
        },
        Shape::Flag => match text(value).as_deref() {
            Some("true") => Ok(Value::Bool(true)),
            Some("false") => Ok(Value::Bool(false)),
            _ => wrong("of type Boolean: true or false"),
        },
        Shape::Integer => match text(value).and_then(|text| text.parse::<i64>().ok()) {
            Some(number) => Ok(Value::from(number)),
            None => wrong("of type Integer"),
        },
        Shape::Texts => match value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| shaped(&Shape::Text, item, &format!("{path}/{index}")))
                .collect(),
            _ => wrong("of type List of String"),
        },
        Shape::Tags => match value {
            Value::Array(items) => {
                let mut tags: Vec<Value> = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let tag = shaped(&Shape::Object(&TAG), item, &format!("{path}/{index}"))?;
                    if tags.iter().any(|known| known.get("Key") == tag.get("Key")) {
                        let key = tag.get("Key").cloned().unwrap_or_default();
                        return wrong(&format!("a list with each Key once; {key} is there twice"));
                    }
                    tags.push(tag);
                }
                Ok(tags.into())
            }
            _ => wrong("of type List of Tag"),
        },
        Shape::Object(members) => match value {
            Value::Object(values) => check(members, values, &format!("{path}/")).map(Value::Object),
            _ => wrong("an object"),
        },
        Shape::Anything => Ok(value.clone()),
    }
}

const TAG: [Property; 2] =
    [in_place("Key", Shape::Text).required(), in_place("Value", Shape::Text).required()];

/// One id where one is wanted. `Ref` of an application is `env-...|app-...`, and people paste it.
fn id(prefix: &str, text: &str, path: &str) -> Result<Value, String> {
    if !text.contains('|') {
        return Ok(Value::String(text.to_owned()));
    }
    Err(match text.split('|').find(|part| part.starts_with(prefix)) {
        Some(part) => format!(
            "Value of property {path} is {text}, which names more than one resource (it is what Ref gives); use the part {part}, in a template Fn::GetAtt"
        ),
        None => format!(
            "Value of property {path} is {text}; it must be one id that begins with {prefix}"
        ),
    })
}

pub(super) fn differences(
    schema: &[Property],
    old: &Properties,
    new: &Properties,
) -> Vec<PropertyChange> {
    let details = schema.iter().filter_map(|property| {
        let replaces = difference(property, old.get(property.name), new.get(property.name))?;
        Some(PropertyChange { property: property.name.to_owned(), replaces })
    });
    details.collect()
}

/// Whether two values differ, and if so whether the change needs a new resource.
fn difference(property: &Property, old: Option<&Value>, new: Option<&Value>) -> Option<bool> {
    if old == new {
        return None;
    }
    let Shape::Object(members) = property.shape else { return Some(property.replaces) };
    // An object that is not there is one without members: what counts is which of them differ.
    let member = |object: Option<&Value>, name| object.and_then(|object| object.get(name)).cloned();
    let differences = members.iter().filter_map(|inner| {
        difference(inner, member(old, inner.name).as_ref(), member(new, inner.name).as_ref())
    });
    differences.max()
}
