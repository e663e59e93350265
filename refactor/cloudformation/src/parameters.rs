//! The parameter values of a stack: what was given, what the stack had, what the template says otherwise.

mod constraints;

use std::collections::BTreeMap;

use serde_json::Value;

use self::constraints::{check, items};
use super::template::Template;

/// Bytes that a value may have, as on AWS.
const VALUE_LIMIT: usize = 4_096;

/// A parameter as a caller gives it: `None` for `UsePreviousValue`, which is what the stack has, and not the default.
pub(crate) type GivenParameter = (String, Option<String>);

/// Finds a value for every parameter of the template, in the template's order.
///
/// # Errors
/// For names that the template does not have, values that are missing, and values that break a rule.
pub(crate) fn settle(
    template: &Template,
    given: &[GivenParameter],
    previous: &[(String, String)],
) -> Result<Vec<(String, String)>, String> {
    known(template, given)?;
    let mut missing = Vec::new();
    let mut values = Vec::new();
    for parameter in &template.parameters {
        let name = &parameter.name;
        let value = match given.iter().rev().find(|(known, _)| known == name) {
            Some((_, Some(value))) => Some(value),
            Some((_, None)) => {
                previous.iter().find(|(known, _)| known == name).map(|(_, value)| value)
            }
            None => parameter.default.as_ref(),
        };
        match value {
            Some(value) => values.push((parameter.name.clone(), value.clone())),
            None => missing.push(parameter.name.as_str()),
        }
    }
    if !missing.is_empty() {
        return Err(without_value(&missing));
    }
    for (parameter, (_, value)) in template.parameters.iter().zip(&values) {
        if value.len() > VALUE_LIMIT {
            return Err(format!(
                "Parameter '{}' has {} bytes; a value has at most {VALUE_LIMIT}",
                parameter.name,
                value.len()
            ));
        }
        check(parameter, value)?;
    }
    Ok(values)
}

/// The values with their types, as `Ref` gives them.
pub(crate) fn typed(template: &Template, values: &[(String, String)]) -> BTreeMap<String, Value> {
    template
        .parameters
        .iter()
        .filter_map(|parameter| {
            let (_, value) = values.iter().find(|(name, _)| *name == parameter.name)?;
            let value = if parameter.kind.is_list {
                items(value).map(|item| Value::String(item.to_owned())).collect()
            } else {
                Value::String(value.clone())
            };
            Some((parameter.name.clone(), value))
        })
        .collect()
}

fn known(template: &Template, given: &[GivenParameter]) -> Result<(), String> {
    let unknown: Vec<&str> = given
        .iter()
        .map(|(key, _)| key.as_str())
        .filter(|key| template.parameter(key).is_none())
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let near = unknown.iter().find_map(|key| {
        template.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(key))
    });
    let hint =
        near.map(|parameter| format!(". Names are case-sensitive: this one is {}", parameter.name));
    Err(format!(
        "Parameters: [{}] do not exist in the template{}",
        unknown.join(","),
        hint.unwrap_or_default()
    ))
}

/// The CLI drops what it does not find in the template, so a misspelt name arrives here as a missing one.
fn without_value(missing: &[&str]) -> String {
    let overrides: Vec<String> = missing.iter().map(|name| format!("{name}=...")).collect();
    let misspelt = missing.iter().find_map(|name| {
        let stem = name.strip_suffix("ID");
        let other = name.strip_suffix("Id").filter(|_| stem.is_none());
        stem.map(|stem| (name, format!("{stem}Id")))
            .or_else(|| other.map(|stem| (name, format!("{stem}ID"))))
    });
    let near = misspelt.map(|(name, other)| format!(" ({name}, not {other})")).unwrap_or_default();
    format!(
        "Parameters: [{}] must have values. Give --parameter-overrides {}; names are case-sensitive{near}, and the AWS CLI drops names that the template does not have",
        missing.join(","),
        overrides.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle_one(declaration: &str, given: Option<Option<String>>) -> Result<String, String> {
        let body = format!("Parameters:\n  P: {declaration}\nResources: {{A: {{Type: x}}}}");
        let template = Template::parse(&body)?;
        let given: Vec<GivenParameter> =
            given.into_iter().map(|value| ("P".to_owned(), value)).collect();
        let previous = [("P".to_owned(), "before".to_owned())];
        settle(&template, &given, &previous).map(|values| values[0].1.clone())
    }

    #[test]
    fn a_value_is_given_or_kept_or_the_default() {
        let declaration = "{Type: String, Default: usual}";
        assert_eq!(settle_one(declaration, None).as_deref(), Ok("usual"));
        assert_eq!(settle_one(declaration, Some(Some(String::new()))).as_deref(), Ok(""));
        assert_eq!(settle_one(declaration, Some(None)).as_deref(), Ok("before"));
    }

    #[test]
    fn a_missing_value_says_how_it_is_given() {
        let said = settle_one("{Type: String}", None).unwrap_err();
        assert!(
            said.starts_with("Parameters: [P] must have values. Give --parameter-overrides P=...;"),
            "{said}"
        );
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let template = Template::parse(
            "Parameters: {L: {Type: CommaDelimitedList}}\nResources: {A: {Type: x}}",
        )
        .unwrap();
        for (written, expected) in [("a, b ,c", r#"["a","b","c"]"#), ("", "[]"), ("a", r#"["a"]"#)]
        {
            let values = typed(&template, &[("L".to_owned(), written.to_owned())]);
            assert_eq!(values["L"].to_string(), expected);
        }
    }
}
