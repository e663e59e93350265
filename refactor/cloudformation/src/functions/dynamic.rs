//! Dynamic references: on AWS `{{resolve:ssm:name}}` stands for a value of another service.

use serde_json::Value;

const BEGINNING: &str = "{{resolve:";

/// The value, if it is no text or list of texts with a dynamic reference in it.
///
/// # Errors
/// Names the service and what to do. The rest of the text is not shown: it may be a parameter with NoEcho.
pub(super) fn check_dynamic(value: Value) -> Result<Value, String> {
    // What is deeper was checked when it was worked out.
    let texts = match &value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut texts = texts.iter().filter_map(Value::as_str);
    let Some((_, rest)) = texts.find_map(|text| text.split_once(BEGINNING)) else {
        return Ok(value);
    };
    let is_name = |c: &char| c.is_ascii_alphabetic() || *c == '-';
    let service: String = rest.chars().take_while(is_name).take(20).collect();
    Err(format!(
        "the dynamic reference {BEGINNING}{service}:...}}}} is not supported here: there is no service to read it from; give the value as a parameter, with NoEcho if it is a secret"
    ))
}
