//! What values are: known or not yet, and as text.

use serde_json::Value;

/// Stands for what is known only once it is made; in AWS' words.
pub const KNOWN_AFTER_APPLY: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// The value that stands for what is not known yet.
pub(super) fn unknown() -> Value {
    Value::String(KNOWN_AFTER_APPLY.to_owned())
}

/// Whether a text, or one in a list or an object, holds something that is not known yet.
pub fn is_unknown(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(KNOWN_AFTER_APPLY),
        Value::Array(items) => items.iter().any(is_unknown),
        Value::Object(members) => members.values().any(is_unknown),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A scalar as text; CloudFormation compares and joins numbers and booleans as such.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
