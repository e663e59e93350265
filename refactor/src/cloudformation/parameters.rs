//! The parameter values of a stack: what was given, what the stack had, what the template says otherwise.

use std::collections::BTreeMap;

use serde_json::Value;

use super::template::{Parameter, ParameterKind, Template};

/// Bytes that a value may have, as on AWS.
const VALUE_LIMIT: usize = 4_096;

/// A parameter as a caller gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) key: String,
    pub(crate) value: GivenValue,
}

/// The value of a given parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GivenValue {
    /// `ParameterValue`.
    New(String),
    /// `UsePreviousValue`: what the stack has, and not the default.
    Previous,
}

/// Why values cannot be used; one sentence or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParameterError(pub(crate) String);

/// Finds a value for every parameter of the template, in the template's order.
///
/// # Errors
/// For names that the template does not have, values that are missing, and values that break a rule.
pub(crate) fn settle(
    template: &Template,
    given: &[Given],
    previous: &[(String, String)],
) -> Result<Vec<(String, String)>, ParameterError> {
    known(template, given)?;
    let mut missing = Vec::new();
    let mut values = Vec::new();
    for parameter in &template.parameters {
        let given = given.iter().rev().find(|given| given.key == parameter.name);
        let value = match given.map(|given| &given.value) {
            Some(GivenValue::New(value)) => Some(value),
            Some(GivenValue::Previous) => {
                previous.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value)
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
            return Err(ParameterError(format!(
                "Parameter '{}' has {} bytes; a value has at most {VALUE_LIMIT}",
                parameter.name,
                value.len()
            )));
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
            let value = match parameter.kind {
                ParameterKind::Text | ParameterKind::Number => Value::String(value.clone()),
                ParameterKind::TextList | ParameterKind::NumberList => {
                    items(value).map(|item| Value::String(item.to_owned())).collect()
                }
            };
            Some((parameter.name.clone(), value))
        })
        .collect()
}

fn known(template: &Template, given: &[Given]) -> Result<(), ParameterError> {
    let unknown: Vec<&str> = given
        .iter()
        .map(|given| given.key.as_str())
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
    Err(ParameterError(format!(
        "Parameters: [{}] do not exist in the template{}",
        unknown.join(","),
        hint.unwrap_or_default()
    )))
}

/// The CLI drops what it does not find in the template, so a misspelt name arrives here as a missing one.
fn without_value(missing: &[&str]) -> ParameterError {
    let overrides: Vec<String> = missing.iter().map(|name| format!("{name}=...")).collect();
    let misspelt = missing.iter().find_map(|name| {
        let stem = name.strip_suffix("ID");
        let other = name.strip_suffix("Id").filter(|_| stem.is_none());
        stem.map(|stem| (name, format!("{stem}Id")))
            .or_else(|| other.map(|stem| (name, format!("{stem}ID"))))
    });
    let near = misspelt.map(|(name, other)| format!(" ({name}, not {other})")).unwrap_or_default();
    ParameterError(format!(
        "Parameters: [{}] must have values. Give --parameter-overrides {}; names are case-sensitive{near}, and the AWS CLI drops names that the template does not have",
        missing.join(","),
        overrides.join(" ")
    ))
}

fn check(parameter: &Parameter, value: &str) -> Result<(), ParameterError> {
    let name = &parameter.name;
    let broken = |rule: String| {
        // A value that must not be shown must not be shown here either.
        let shown = if parameter.no_echo { "****" } else { value };
        Err(ParameterError(match &parameter.constraint_description {
            Some(description) => {
                format!(
                    "Parameter {name} failed to satisfy constraint: {description} (the value is '{shown}', it {rule})"
                )
            }
            None => format!("Parameter '{name}' {rule}; the value is '{shown}'"),
        }))
    };
    let numbers = matches!(parameter.kind, ParameterKind::Number | ParameterKind::NumberList);
    let lists = matches!(parameter.kind, ParameterKind::TextList | ParameterKind::NumberList);
    let each: Vec<&str> = if lists { items(value).collect() } else { vec![value] };
    for item in &each {
        if !parameter.allowed_values.is_empty()
            && !parameter.allowed_values.iter().any(|allowed| allowed == item)
        {
            return broken(format!(
                "must be one of AllowedValues [{}]",
                parameter.allowed_values.join(", ")
            ));
        }
        if numbers {
            let Ok(number) = item.parse::<f64>() else {
                return broken("must be a number".to_owned());
            };
            if parameter.min_value.is_some_and(|least| number < least) {
                return broken(format!(
                    "must be a number not less than {}",
                    parameter.min_value.unwrap_or_default()
                ));
            }
            if parameter.max_value.is_some_and(|most| number > most) {
                return broken(format!(
                    "must be a number not greater than {}",
                    parameter.max_value.unwrap_or_default()
                ));
            }
        }
    }
    let length = value.chars().count() as u64;
    if parameter.min_length.is_some_and(|least| length < least) {
        return broken(format!(
            "must contain at least {} characters",
            parameter.min_length.unwrap_or_default()
        ));
    }
    if parameter.max_length.is_some_and(|most| length > most) {
        return broken(format!(
            "must contain at most {} characters",
            parameter.max_length.unwrap_or_default()
        ));
    }
    match &parameter.allowed_pattern {
        Some(pattern) if !pattern.matches(value) => {
            broken(format!("must match pattern {}", pattern.source))
        }
        _ => Ok(()),
    }
}

/// The items of a list parameter: separated by commas, spaces around them do not count, nothing is no item.
fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|_| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle_one(declaration: &str, given: Option<GivenValue>) -> Result<String, String> {
        let body = format!("Parameters:\n  P: {declaration}\nResources: {{A: {{Type: x}}}}");
        let template = Template::parse(&body).map_err(|err| err.0)?;
        let given: Vec<Given> =
            given.into_iter().map(|value| Given { key: "P".to_owned(), value }).collect();
        let previous = [("P".to_owned(), "before".to_owned())];
        settle(&template, &given, &previous).map(|values| values[0].1.clone()).map_err(|err| err.0)
    }

    #[test]
    fn a_value_is_given_or_kept_or_the_default() {
        let declaration = "{Type: String, Default: usual}";
        assert_eq!(settle_one(declaration, None).as_deref(), Ok("usual"));
        assert_eq!(
            settle_one(declaration, Some(GivenValue::New(String::new()))).as_deref(),
            Ok("")
        );
        assert_eq!(settle_one(declaration, Some(GivenValue::Previous)).as_deref(), Ok("before"));
    }

    #[test]
    fn a_value_that_breaks_a_rule_is_refused_with_name_and_rule() {
        let cases = [
            (
                "{Type: String, AllowedValues: [a, b]}",
                "c",
                "Parameter 'P' must be one of AllowedValues [a, b]; the value is 'c'",
            ),
            (
                "{Type: String, AllowedPattern: '[a-z]+'}",
                "ab1",
                "Parameter 'P' must match pattern [a-z]+; the value is 'ab1'",
            ),
            ("{Type: String, AllowedPattern: 'a|b'}", "ab", "must match pattern a|b"),
            ("{Type: String, AllowedPattern: '^a$'}", "a\n", "must match pattern"),
            ("{Type: String, MinLength: 2}", "ä", "must contain at least 2 characters"),
            ("{Type: String, MaxLength: 2}", "abc", "must contain at most 2 characters"),
            ("{Type: Number}", "x", "must be a number"),
            ("{Type: Number, MinValue: 3}", "2", "must be a number not less than 3"),
            ("{Type: Number, MaxValue: 3}", "4", "must be a number not greater than 3"),
            ("{Type: List<Number>}", "1,x", "must be a number"),
            (
                "{Type: CommaDelimitedList, AllowedValues: [a, b]}",
                "a, c",
                "must be one of AllowedValues",
            ),
            (
                "{Type: String, AllowedPattern: a, ConstraintDescription: takes an a}",
                "b",
                "Parameter P failed to satisfy constraint: takes an a (the value is 'b'",
            ),
            ("{Type: String, NoEcho: true, AllowedPattern: a}", "secret", "the value is '****'"),
        ];
        for (declaration, value, expected) in cases {
            let said =
                settle_one(declaration, Some(GivenValue::New(value.to_owned()))).unwrap_err();
            assert!(said.contains(expected), "{declaration}: {said}");
        }
        assert!(
            settle_one(
                "{Type: String, AllowedPattern: '[a-z]+', MinLength: 1}",
                Some(GivenValue::New("ab".to_owned()))
            )
            .is_ok()
        );
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
