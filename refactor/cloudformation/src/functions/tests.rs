//! What functions give, and what is said where they cannot.

use serde_json::Value;

use super::*;
use crate::template::Template;

/// Evaluates a value in a template with parameters `P` = "p", `L` = ["x", "y"] and conditions `Yes` and `No`.
fn evaluate(value: &str) -> Result<Option<Value>, String> {
    let body = format!(
        "Parameters: {{P: {{Type: String}}, L: {{Type: CommaDelimitedList}}}}
Mappings: {{M: {{p: {{K: found, L: [1, two]}}, yes: {{on: 010, '010': text}}}}}}
Conditions:
  Yes: !Equals [!Ref P, p]
  No: !Not [!Condition Yes]
  Both: !And [!Condition Yes, !Condition No]
  Either: !Or [!Condition Both, !Equals [1, '1']]
Resources:
  A:
    Type: x
    Properties:
      V: {value}
  B: {{Type: x}}
"
    );
    let template = Template::parse(&body)?;
    let stack =
        StackIdentity { id: "arn".to_owned(), name: "s".to_owned(), region: "moon".to_owned() };
    let parameters =
        [("P".to_owned(), Value::from("p")), ("L".to_owned(), Value::from(vec!["x", "y"]))].into();
    let exports = [("other:Id".to_owned(), "env-1".to_owned())].into();
    let scope = Scope::new(&template, stack, parameters, exports)?;
    let lookup = |name: &str, attribute: Option<&str>| match attribute {
        None if name == "B" => Ok("b-1".to_owned()),
        Some(attribute) if name == "B" => Ok(format!("b-1-{attribute}")),
        _ => Err(format!("{name} is not there")),
    };
    scope.evaluate(&template.resources[0].properties[0].1, &lookup)
}

#[test]
fn functions_give_what_the_manual_says() {
    let cases = [
        ("!Ref P", r#""p""#),
        ("!Ref L", r#"["x","y"]"#),
        ("!Ref B", r#""b-1""#),
        ("!GetAtt B.Arn", r#""b-1-Arn""#),
        ("!Ref AWS::StackName", r#""s""#),
        ("!Ref AWS::StackId", r#""arn""#),
        ("!Ref AWS::Region", r#""moon""#),
        ("!Ref AWS::AccountId", r#""000000000000""#),
        ("!Ref AWS::Partition", r#""aws""#),
        ("!Join [':', [a, 1, !Ref P]]", r#""a:1:p""#),
        ("!Join ['', !Ref L]", r#""xy""#),
        ("!Join [',', [a, !Ref AWS::NoValue]]", r#""a""#),
        ("!Select [1, [a, b]]", r#""b""#),
        ("!Select ['0', !GetAZs '']", r#""moona""#),
        ("!Select [2, !GetAZs {Ref: AWS::Region}]", r#""moonc""#),
        ("!If [Yes, a, b]", r#""a""#),
        ("!If [No, a, !Ref B]", r#""b-1""#),
        ("!If [Either, {K: 1}, b]", r#"{"K":1}"#),
        ("!If [Both, a, [1, true]]", "[1,true]"),
        ("!Sub '${P}-${B}-${B.Id}-${!P}-${AWS::Region}'", r#""p-b-1-b-1-Id-${P}-moon""#),
        ("!Sub ['${X}${P}', {X: !Join ['', [y]]}]", r#""yp""#),
        ("{K: !Ref AWS::NoValue, M: 1}", r#"{"M":1}"#),
        ("!Split [',', 'a,,b']", r#"["a","","b"]"#),
        ("!Select [2, !Split ['-', !Sub 'x-y-${P}']]", r#""p""#),
        ("!FindInMap [M, !Ref P, K]", r#""found""#),
        ("!FindInMap [M, p, L]", r#"[1,"two"]"#),
        ("!FindInMap [M, yes, on]", "8"),
        ("!FindInMap [M, 'true', '010']", r#""text""#),
        ("!Select [1, !Cidr [10.0.0.0/16, 2, 8]]", r#""10.0.1.0/24""#),
        ("!ImportValue other:Id", r#""env-1""#),
        ("!Sub ['${E}!', {E: !ImportValue other:Id}]", r#""env-1!""#),
    ];
    for (written, expected) in cases {
        assert_eq!(evaluate(written).unwrap().unwrap().to_string(), expected, "{written}");
    }
    assert_eq!(evaluate("!If [Yes, !Ref AWS::NoValue, b]"), Ok(None));
}

#[test]
fn what_cannot_be_worked_out_is_said_with_its_place() {
    let cases = [
        (
            "!Select [2, [a, b]]",
            "[Resources/A/Properties/V (line 12)] Fn::Select cannot select 2: the list has 2 values",
        ),
        ("!Select [x, [a]]", "Fn::Select cannot select x"),
        ("!Select [0, a]", "Fn::Select takes an index and a list"),
        ("!Join [',', [[a]]]", "Fn::Join object takes a list of strings"),
        ("!Sub '${L}'", "Fn::Sub takes strings"),
        ("!Ref A", "A is not there"),
        (
            "!ImportValue none:Id",
            "Template error: [Resources/A/Properties/V (line 12)] No export named none:Id found",
        ),
        (
            "!FindInMap [N, p, K]",
            "Mapping named 'N' is not present in the 'Mappings' section of template",
        ),
        ("!FindInMap [M, !FindInMap [M, yes, '010'], K]", "Unable to get mapping for M::text::K"),
        (
            "!FindInMap [M, p, K, {DefaultValue: d}]",
            "a DefaultValue of Fn::FindInMap needs the transform AWS::LanguageExtensions, which is not supported here",
        ),
        ("!FindInMap [M, !Sub p, K]", "Fn::FindInMap takes strings, Ref and Fn::FindInMap"),
        ("!Split ['', a]", "a delimiter cannot be empty"),
        ("!Split [',', [a]]", "every Fn::Split object takes a string"),
        (
            "!Cidr [10.0.0.0/16, 2]",
            "takes a list of 3: a block, how many parts of it, and bits for hosts",
        ),
        ("!Cidr [10.0.0.0/16, x, 8]", "Fn::Cidr gives 1 to 256 parts of a block, not x"),
        (
            "!ImportValue {Ref: B}",
            "the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs",
        ),
        (
            "!ImportValue {'Fn::ImportValue': other:Id}",
            "must not depend on any resources, imported values",
        ),
        (
            "'{{resolve:secretsmanager:db:SecretString:password}}'",
            "[Resources/A/Properties/V (line 12)] the dynamic reference {{resolve:secretsmanager:...}} is not supported here",
        ),
        (
            "!Sub '{{resolve:ssm:${P}}}'",
            "the dynamic reference {{resolve:ssm:...}} is not supported here",
        ),
        (
            "!Join ['', ['{{reso', 'lve:ssm-secure:x}}']]",
            "the dynamic reference {{resolve:ssm-secure:...}}",
        ),
        ("!Join ['', [LONG, LONG]]", "the value has 16386 bytes; at most 16384 are allowed"),
    ];
    for (written, expected) in cases {
        let said = evaluate(&written.replace("LONG", &"x".repeat(8_193))).unwrap_err();
        assert!(said.contains(expected), "{written}: {said}");
    }
}

#[test]
fn the_branch_that_is_not_taken_is_not_looked_at() {
    assert_eq!(evaluate("!If [No, !Ref A, !Select [0, [b]]]").unwrap().unwrap(), "b");
}

/// While a template is only validated, nothing that depends on a parameter, a condition or an export is known.
#[test]
fn what_is_not_known_yet_is_a_value_and_no_fault() {
    let values = [
        "!Ref P",
        "!Select [3, !Ref L]",
        "!Select [!Ref P, [a]]",
        "!FindInMap [M, !Ref P, K]",
        "!ImportValue {Ref: P}",
        "!ImportValue some:name",
        "!If [C, !Select [9, [a]], b]",
        "!Select [4, !Cidr [!Ref P, 6, 8]]",
        "!Select [5, !Split [':', !GetAtt A.Arn]]",
        "!Join ['', [a, !Ref P]]",
        "!Join ['', !FindInMap [M, !Ref P, K]]",
        "!Sub '${P}.${A}'",
    ];
    for value in values {
        let body = format!(
            "Parameters: {{P: {{Type: String}}, L: {{Type: CommaDelimitedList}}}}
Mappings: {{M: {{p: {{K: found}}}}}}
Conditions: {{C: !Equals [!Ref P, p]}}
Resources: {{A: {{Type: x, Properties: {{V: {value}}}}}}}"
        );
        let template = Template::parse(&body).unwrap();
        let scope = Scope::undecided(&template);
        let lookup = |_: &str, _: Option<&str>| Ok(KNOWN_AFTER_APPLY.to_owned());
        let found = scope.evaluate(&template.resources[0].properties[0].1, &lookup);
        assert!(is_unknown(&found.unwrap().unwrap()), "{value}");
    }
}

#[test]
fn what_is_not_known_yet_is_split_at_the_text_around_it() {
    let template = Template::parse(
        "Resources: {A: {Type: x, Properties: {V: !Split ['|', !Ref A], W: !Split [':', !Ref A]}}}",
    )
    .unwrap();
    let scope = Scope::undecided(&template);
    let lookup =
        |_: &str, _: Option<&str>| Ok(format!("env-{KNOWN_AFTER_APPLY}|app-{KNOWN_AFTER_APPLY}"));
    let value = |index: usize| {
        scope.evaluate(&template.resources[0].properties[index].1, &lookup).unwrap().unwrap()
    };
    assert_eq!(
        value(0),
        serde_json::json!([format!("env-{KNOWN_AFTER_APPLY}"), format!("app-{KNOWN_AFTER_APPLY}")])
    );
    assert_eq!(value(1).as_array().unwrap().len(), 1);
}
