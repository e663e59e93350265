//! Dynamic references: on AWS `{{resolve:ssm:name}}` stands for a value of another service.

use serde_json::Value;

const BEGINNING: &str = "{{resolve:";

/// Checks that a text, or one in a list, holds no dynamic reference.
///
/// # Errors
/// Names the service and what to do. The rest of the text is not shown: it may be a parameter with NoEcho.
pub(super) fn check_dynamic(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => match text.split_once(BEGINNING) {
            None => Ok(()),
            Some((_, rest)) => {
                let service: String = rest
                    .chars()
                    .take_while(|character| character.is_ascii_alphabetic() || *character == '-')
                    .take(20)
                    .collect();
                Err(format!(
                    "the dynamic reference {BEGINNING}{service}:...}}}} is not supported here: there is no service to read it from; give the value as a parameter, with NoEcho if it is a secret"
                ))
            }
        },
        // What is deeper was checked when it was worked out.
        Value::Array(items) => {
            items.iter().filter(|item| item.is_string()).try_for_each(check_dynamic)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Ok(()),
    }
}
