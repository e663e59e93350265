//! What functions give, and what is said where they cannot.

use super::*;

/// Evaluates a value in a template with parameters `P` = "p", `L` = ["x", "y"] and conditions `Yes` and `No`.
fn evaluate(value: &str) -> Result<Option<Value>, String> {
    let body = format!(
        "Parameters: {{P: {{Type: String}}, L: {{Type: CommaDelimitedList}}}}
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
    let template = Template::parse(&body).map_err(|err| err.0)?;
    let stack =
        StackIdentity { id: "arn".to_owned(), name: "s".to_owned(), region: "moon".to_owned() };
    let parameters =
        [("P".to_owned(), Value::from("p")), ("L".to_owned(), Value::from(vec!["x", "y"]))].into();
    let scope = Scope::new(&template, stack, parameters).map_err(|err| err.0)?;
    let lookup = |name: &str, attribute: Option<&str>| match attribute {
        None if name == "B" => Ok("b-1".to_owned()),
        Some(attribute) if name == "B" => Ok(format!("b-1-{attribute}")),
        _ => Err(format!("{name} is not there")),
    };
    scope.evaluate(&template.resources[0].properties[0].1, &lookup).map_err(|err| err.0)
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
            "[Resources/A/Properties/V (line 11)] Fn::Select cannot select 2: the list has 2 values",
        ),
        ("!Select [x, [a]]", "Fn::Select cannot select x"),
        ("!Select [0, a]", "Fn::Select takes an index and a list"),
        ("!Join [',', [[a]]]", "Fn::Join object takes a list of strings"),
        ("!Sub '${L}'", "Fn::Sub takes strings"),
        ("!Ref A", "A is not there"),
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
