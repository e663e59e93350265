//! The constraints of a parameter. Those of a list are asked of each of its values.

use crate::template::{Parameter, ParameterForm};

/// Checks a value against the type and all constraints.
///
/// # Errors
/// The first that is broken, with the value; of a list, the one value that breaks it.
pub(super) fn check(parameter: &Parameter, value: &str) -> Result<(), String> {
    if !parameter.kind.is_list {
        return one(parameter, value).map_err(|rule| broken(parameter, value, &rule));
    }
    if value.is_empty() {
        return empty(parameter).map_err(|rule| broken(parameter, value, &rule));
    }
    items(value)
        .try_for_each(|item| one(parameter, item).map_err(|rule| broken(parameter, item, &rule)))
}

/// The items of a list parameter: separated by commas, spaces around them do not count, nothing is no item.
pub(super) fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|_| !value.is_empty())
}

fn one(parameter: &Parameter, value: &str) -> Result<(), String> {
    if !parameter.allowed_values.is_empty()
        && !parameter.allowed_values.iter().any(|allowed| allowed == value)
    {
        return Err(format!(
            "must be one of AllowedValues [{}]",
            parameter.allowed_values.join(", ")
        ));
    }
    parameter.kind.form.check(value)?;
    if parameter.kind.form == ParameterForm::Number
        && let Ok(number) = value.parse::<f64>()
    {
        range(parameter, number)?;
    }
    text(parameter, value)
}

/// A list without values has nothing that is no number and nothing that is not allowed.
fn empty(parameter: &Parameter) -> Result<(), String> {
    if parameter.kind.form != ParameterForm::Number {
        parameter.kind.form.check("")?;
    }
    text(parameter, "")
}

fn range(parameter: &Parameter, number: f64) -> Result<(), String> {
    match (parameter.min_value, parameter.max_value) {
        (Some(least), _) if number < least => {
            Err(format!("must be a number not less than {least}"))
        }
        (_, Some(most)) if number > most => {
            Err(format!("must be a number not greater than {most}"))
        }
        _ => Ok(()),
    }
}

fn text(parameter: &Parameter, value: &str) -> Result<(), String> {
    let length = value.chars().count() as u64;
    match (parameter.min_length, parameter.max_length, &parameter.allowed_pattern) {
        (Some(least), _, _) if length < least => {
            Err(format!("must contain at least {least} characters"))
        }
        (_, Some(most), _) if length > most => {
            Err(format!("must contain at most {most} characters"))
        }
        (_, _, Some(pattern)) if !pattern.matches(value) => {
            Err(format!("must match pattern {}", pattern.source))
        }
        _ => Ok(()),
    }
}

fn broken(parameter: &Parameter, value: &str, rule: &str) -> String {
    let name = &parameter.name;
    // A value that must not be shown must not be shown here either.
    let shown = if parameter.no_echo { "****" } else { value };
    match &parameter.constraint_description {
        Some(description) => format!(
            "Parameter {name} failed to satisfy constraint: {description} (the value is '{shown}', it {rule})"
        ),
        None => format!("Parameter '{name}' {rule}; the value is '{shown}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::settle;
    use crate::template::Template;

    /// What is said about a value of a parameter that is declared so.
    fn said(declaration: &str, value: &str) -> Result<(), String> {
        let body = format!("Parameters:\n  P: {declaration}\nResources: {{A: {{Type: x}}}}");
        let template = Template::parse(&body)?;
        let given = ("P".to_owned(), Some(value.to_owned()));
        settle(&template, &[given], &[]).map(drop)
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
            let said = said(declaration, value).unwrap_err();
            assert!(said.contains(expected), "{declaration}: {said}");
        }
        assert_eq!(said("{Type: String, AllowedPattern: '[a-z]+', MinLength: 1}", "ab"), Ok(()));
    }

    #[test]
    fn constraints_of_a_list_are_asked_of_each_value() {
        let capitals =
            "{Type: CommaDelimitedList, AllowedPattern: '[A-Z]+', MinLength: 3, MaxLength: 4}";
        for value in ["GET,POST", "GET, POST", " GET ,POST ", "GET"] {
            assert_eq!(said(capitals, value), Ok(()), "{value}");
        }
        let cases = [
            ("GET,post", "Parameter 'P' must match pattern [A-Z]+; the value is 'post'"),
            ("GET,OK", "must contain at least 3 characters; the value is 'OK'"),
            ("GET,PATCH", "must contain at most 4 characters; the value is 'PATCH'"),
            ("GET,", "must contain at least 3 characters; the value is ''"),
            ("", "must contain at least 3 characters; the value is ''"),
        ];
        for (value, expected) in cases {
            let message = said(capitals, value).unwrap_err();
            assert!(message.contains(expected), "{value}: {message}");
        }
        let numbers = "{Type: List<Number>, MinValue: 2, MaxLength: 2}";
        assert_eq!(said(numbers, "2,10"), Ok(()));
        assert_eq!(said("{Type: List<Number>, AllowedValues: [1]}", ""), Ok(()));
        assert!(
            said(numbers, "2,100")
                .unwrap_err()
                .contains("at most 2 characters; the value is '100'")
        );
    }

    #[test]
    fn an_id_is_asked_for_its_form_alone_and_in_a_list() {
        let good = [
            ("AWS::EC2::VPC::Id", "vpc-0123456789abcdef0"),
            ("AWS::EC2::VPC::Id", "vpc-01234567"),
            ("List<AWS::EC2::Subnet::Id>", "subnet-01234567, subnet-89abcdef"),
            ("AWS::EC2::SecurityGroup::Id", "sg-01234567"),
            ("AWS::EC2::AvailabilityZone::Name", "locala"),
        ];
        for (kind, value) in good {
            assert_eq!(said(&format!("{{Type: '{kind}'}}"), value), Ok(()), "{kind} {value}");
        }
        let bad = [
            (
                "AWS::EC2::VPC::Id",
                "",
                "must be vpc- and 8 or 17 hexadecimal digits; the value is ''",
            ),
            ("AWS::EC2::VPC::Id", "vpc-0123", "the value is 'vpc-0123'"),
            ("AWS::EC2::VPC::Id", "vpc-ABCDEF01", "must be vpc-"),
            ("AWS::EC2::VPC::Id", "subnet-01234567", "must be vpc-"),
            (
                "List<AWS::EC2::Subnet::Id>",
                "subnet-01234567,vpc-01234567",
                "the value is 'vpc-01234567'",
            ),
            ("List<AWS::EC2::Subnet::Id>", "", "must be subnet-"),
            ("AWS::EC2::KeyPair::KeyName", "", "must not be empty"),
        ];
        for (kind, value, expected) in bad {
            let message = said(&format!("{{Type: '{kind}'}}"), value).unwrap_err();
            assert!(message.contains(expected), "{kind} {value}: {message}");
        }
    }
}
