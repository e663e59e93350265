//! What is read, and what is refused, in which words.

use super::{ExpressionKind, SubPiece, Template};

const RESOURCE: &str = "Resources:\n  A:\n    Type: AWS::EC2::VPC\n";

fn message(body: &str) -> String {
    Template::parse(body).map(|_| ()).unwrap_err()
}

#[test]
fn what_is_wrong_with_a_template_is_said_with_its_place() {
    let cases = [
        ("", "Template format error: YAML not well-formed."),
        ("just text", "Template format error: unsupported structure."),
        (
            "Description: none",
            "Template format error: At least one Resources member must be defined.",
        ),
        ("Resources: {}", "Template format error: At least one Resources member must be defined."),
        ("A: 1\n B: 2", "Template format error: YAML not well-formed. (line 2, column"),
        (
            "{\"Resources\": {\"A\": }}",
            "Template format error: JSON not well-formed. (line 1, column 21)",
        ),
        ("{\"A\": 1, \"A\": 2}", "the key A is there twice"),
        (
            "Resources:\n  A: {}\n  A: {}",
            "YAML not well-formed. (line 3, column 3): the key A is there twice",
        ),
        (
            "Resources: &a\n  A: 1\nOutputs: *a",
            "Template error: YAML aliases are not allowed in CloudFormation templates (line 3)",
        ),
        ("Resources:\n  A:\n    <<: {Type: x}", "hash merges (<<) are not allowed"),
        ("Resources:\n  A: !Nix 3", "!Nix is no function of CloudFormation"),
        ("Resources: 1\n---\nResources: 2", "a second one begins here"),
        ("Nix: 1\nResources: {}", "Invalid template property or properties [Nix]"),
        ("Transform: AWS::Serverless\n", "the section Transform is not supported here"),
        ("Rules: {}\n", "the section Rules is not supported here"),
        ("Resources:\n  A_b: {Type: x}", "the name A_b is non alphanumeric"),
        (
            "Resources:\n  A: {}",
            "[Resources/A (line 2)] Every Resources object must contain a Type member.",
        ),
        (
            "Resources:\n  A:\n    Type: x\n    Nix: 1",
            "[Resources/A/Nix (line 4)] Invalid template resource property 'Nix'",
        ),
        (
            "Resources:\n  A:\n    Type: x\n    DeletionPolicy: Snapshot",
            "DeletionPolicy Snapshot is not supported here",
        ),
        (
            "Resources:\n  A:\n    Type: x\n    Properties:\n      B:",
            "[Resources/A/Properties/B (line 5)] 'null' values are not allowed in templates",
        ),
        (
            "Resources:\n  A:\n    Type: x\n    Properties:\n      B: !Base64 x",
            "Fn::Base64 is not supported here; supported are Ref",
        ),
        (
            "Resources:\n  A:\n    Type: x\n    Properties:\n      B: {'Fn::Length': [x]}",
            "[Resources/A/Properties/B/Fn::Length (line 5)] Fn::Length needs the transform AWS::LanguageExtensions, which is not supported here",
        ),
        (
            "Resources:\n  A:\n    Type: x\n    Properties:\n      B: {Ref: A, C: 1}",
            "Ref must be the only key of its object",
        ),
        (
            "Resources:\n  A:\n    Type: x\n    Properties:\n      B: !If [a, b]",
            "takes a list of 3: a condition and two values",
        ),
        (
            "Resources:\n  A:\n    Type: x\n    Properties:\n      B: !GetAtt A",
            "Fn::GetAtt takes Resource.Attribute",
        ),
        (
            "Resources:\n  A:\n    Type: x\n    Properties:\n      B: !Sub 'a${b'",
            "a ${ without its }",
        ),
        (
            "Resources:\n  A:\n    Type: x\n    DependsOn: B",
            "Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            "Resources:\n  A:\n    Type: x\nOutputs:\n  O: {Value: !GetAtt B.C}",
            "Unresolved resource dependencies [B] in the Outputs block of the template",
        ),
        (
            "Resources:\n  A:\n    Type: x\nOutputs:\n  O: {Description: d}",
            "Every Outputs member must contain a Value object",
        ),
        (
            "Conditions:\n  C: !Equals [!Ref A, b]\nResources:\n  A:\n    Type: x",
            "Unresolved resource dependencies [A] in the Conditions block",
        ),
        (
            "Conditions:\n  C: !Not [!Condition D]\n  D: !And [!Condition C, !Condition C]\nResources:\n  A:\n    Type: x",
            "Circular condition dependency: C -> D -> C",
        ),
        (
            "Conditions:\n  C: !Equals [!ImportValue x, b]\nResources:\n  A:\n    Type: x",
            "Fn::ImportValue cannot be used in the Conditions section",
        ),
        (
            "Parameters:\n  P: {Type: String, Default: !ImportValue x}\nResources:\n  A:\n    Type: x",
            "[Parameters/P/Default (line 2)] must be a string",
        ),
        (
            "Mappings:\n  M: {a: {b: {Ref: x}}}\nResources:\n  A:\n    Type: x",
            "[Mappings/M/a/b (line 2)] Every Mappings attribute must be a String or a List",
        ),
        (
            "Mappings:\n  M: {a: b}\nResources:\n  A:\n    Type: x",
            "[Mappings/M/a (line 2)] must be an object",
        ),
        (
            "Mappings:\n  M: {yes: {a: b}, on: {a: c}}\nResources:\n  A:\n    Type: x",
            "the key true is there twice",
        ),
        (
            "Conditions:\n  C: !And [!Condition C]\nResources:\n  A:\n    Type: x",
            "takes 2 to 10 conditions",
        ),
        (
            "Parameters:\n  P: {}\nResources:\n  A:\n    Type: x",
            "Every Parameters object must contain a Type member",
        ),
        (
            "Parameters:\n  P: {Type: AWS::SSM::Parameter}\nResources:\n  A:\n    Type: x",
            "the parameter type AWS::SSM::Parameter is not supported here",
        ),
        (
            "Parameters:\n  P: {Type: String, AllowedPattern: '('}\nResources:\n  A:\n    Type: x",
            "the pattern ( cannot be used",
        ),
    ];
    for (body, expected) in cases {
        let said = message(body);
        assert!(said.contains(expected), "{body}\n{expected}\n{said}");
    }
    let deep = format!("Resources: {}1{}", "[".repeat(90), "]".repeat(90));
    assert!(message(&deep).contains("nested deeper than 60 levels"));
    assert!(
        message(&format!("{RESOURCE}#{}", "x".repeat(51_200)))
            .contains("less than or equal to 51200")
    );
    assert!(
        message(&format!("{{\"Resources\":{}1{}", "[".repeat(900), "]".repeat(9)))
            .contains("JSON not well-formed")
    );
}

#[test]
fn a_template_has_keys_of_255_characters_and_20000_values_at_most() {
    let body = |key: &str, items: usize| {
        let list = vec!["1"; items].join(",");
        format!(r#"{{"Resources": {{"A": {{"Type": "x", "Properties": {{"{key}": [{list}]}}}}}}}}"#)
    };
    let long = "k".repeat(24_000);
    let cases = [
        (
            body(&long, 12_000),
            "[Resources/A/Properties] the key kkkkkkkkkkkkkkkkkkkk... has 24000 characters, and a key has up to 255",
        ),
        (body(&long[..256], 1), "has 256 characters"),
        (
            body("B", 19_995),
            "[Resources/A/Properties/B/19994] a template has up to 20000 values, and here is one more",
        ),
    ];
    for (body, said) in cases {
        let message = message(&body);
        assert!(message.contains(said), "{message}");
    }
    for (key, items) in [(&long[..255], 12_000), ("B", 19_994)] {
        assert!(Template::parse(&body(key, items)).is_ok(), "{items} items");
    }
}

#[test]
fn templates_are_read_as_editors_write_them() {
    let windows = format!("\u{feff}# a comment\r\n{}", RESOURCE.replace('\n', "\r\n"));
    assert_eq!(Template::parse(&windows).unwrap().resources[0].kind, "AWS::EC2::VPC");
    let json = "\u{feff}\r\n{\r\n\t\"Resources\": {\"A\": {\"Type\": \"x\\u0079\"}}}";
    assert_eq!(Template::parse(json).unwrap().resources[0].kind, "xy");
    let block = format!(
        "{RESOURCE}    Properties:\n      P: !Sub |\n        one\n        ${{AWS::Region}}\n"
    );
    assert!(matches!(
        Template::parse(&block).unwrap().resources[0].properties[0].1.kind,
        ExpressionKind::Sub { .. }
    ));
}

/// What it costs to read a template grows with its size and no faster.
#[test]
fn a_hostile_template_is_read_or_refused_at_once() {
    let mut conditions = "Conditions:\n  C0: !Equals [a, a]\n".to_owned();
    for number in 1..200 {
        let before = number - 1;
        conditions += &format!("  C{number}: !And [!Condition C{before}, !Condition C{before}]\n");
    }
    let template =
        Template::parse(&format!("{conditions}{RESOURCE}    Condition: C199\n")).unwrap();
    let stack = crate::functions::StackIdentity {
        id: "i".to_owned(),
        name: "n".to_owned(),
        region: "r".to_owned(),
    };
    let scope = crate::functions::Scope::new(&template, stack, [].into(), [].into()).unwrap();
    assert!(scope.holds(Some(&"C199".to_owned())));
    let more = format!("{conditions}  D: !Equals [a, a]\n{RESOURCE}");
    assert!(
        message(&more).contains("Number of conditions, 201, is greater than maximum allowed, 200")
    );
    let pattern = "Parameters:\n  P: {Type: String, AllowedPattern: '(a{900}){900}'}\n";
    assert!(message(&format!("{pattern}{RESOURCE}")).contains("cannot be used"));
}

/// Long and short forms, YAML and JSON: the same template.
#[test]
fn all_forms_of_a_function_are_the_same() {
    let property = |value: &str| {
        let body = format!(
            "Conditions:\n  C: !Equals [a, a]\n{RESOURCE}  B:\n    Type: x\n    Properties:\n      P: {value}\n"
        );
        Template::parse(&body).unwrap().resources[1].properties[0].1.kind.clone()
    };
    assert_eq!(property("!Ref A"), ExpressionKind::Ref("A".to_owned()));
    assert_eq!(property("!Ref A"), property("{Ref: A}"));
    let attribute =
        ExpressionKind::GetAtt { resource: "A".to_owned(), attribute: "B.C".to_owned() };
    assert_eq!(property("!GetAtt A.B.C"), attribute);
    assert_eq!(property("!GetAtt [A, B.C]"), attribute);
    assert_eq!(property("{'Fn::GetAtt': [A, B.C]}"), attribute);
    let ExpressionKind::Sub { pieces, .. } = property("!Sub 'x${A}-${A.B}${!C}'") else { panic!() };
    let expected = [
        SubPiece::Text("x".to_owned()),
        SubPiece::Ref("A".to_owned()),
        SubPiece::Text("-".to_owned()),
        SubPiece::GetAtt { resource: "A".to_owned(), attribute: "B".to_owned() },
        SubPiece::Text("${C}".to_owned()),
    ];
    assert_eq!(pieces, expected);
    let json = r#"{"Resources": {"A": {"Type": "x", "Properties": {"P": {"Fn::If": ["C", {"Ref": "AWS::NoValue"}, [1, true]]}}}},
                   "Conditions": {"C": {"Fn::Or": [{"Condition": "D"}, {"Condition": "D"}]}, "D": {"Fn::Equals": ["a", "b"]}}}"#;
    let template = Template::parse(json).unwrap();
    assert!(matches!(template.resources[0].properties[0].1.kind, ExpressionKind::If { .. }));
}

#[test]
fn what_is_written_without_quotes_is_read_as_yaml_1_1() {
    let property = |value: &str| {
        let body = format!("{RESOURCE}    Properties:\n      P: {value}\n");
        match &Template::parse(&body).unwrap().resources[0].properties[0].1.kind {
            ExpressionKind::Literal(value) => value.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let cases = [
        ("2010-09-09", "\"2010-09-09\""),
        ("010", "8"),
        ("'010'", "\"010\""),
        ("1.10", "\"1.10\""),
        ("10", "10"),
        ("true", "true"),
        ("'true'", "\"true\""),
        ("yes", "true"),
        ("'yes'", "\"yes\""),
        ("y", "\"y\""),
        ("''", "\"\""),
        ("!!str 10", "\"10\""),
    ];
    for (written, read) in cases {
        assert_eq!(property(written), read, "{written}");
    }
    let dated = format!("AWSTemplateFormatVersion: 2010-09-09\n{RESOURCE}");
    assert_eq!(Template::parse(&dated).unwrap().version.as_deref(), Some("2010-09-09"));
}

/// A name is what it is called by; only values are read as YAML 1.1 reads them.
#[test]
fn names_stay_as_they_are_written_with_and_without_quotes() {
    let body = "
Parameters: {Yes: {Type: String, Default: off, AllowedValues: [on, off]}}
Conditions: {On: !Equals [!Ref Yes, no], Off: !Not [!Condition On]}
Resources:
  No:
    Type: x
    Condition: On
    DependsOn: Yes2
    Properties: {P: !If [On, !Ref No, {Ref: 'No'}], Q: !If ['On', a, b], R: {Ref: Yes}}
  Yes2: {Type: x}
Outputs: {ON: {Condition: Off, Value: {'Fn::GetAtt': [No, Arn]}}}
";
    let template = Template::parse(body).unwrap();
    let names = ["Yes", "On", "No", "ON"];
    assert_eq!(template.parameters[0].name, names[0]);
    assert_eq!(template.parameters[0].default.as_deref(), Some("false"));
    assert_eq!(template.parameters[0].allowed_values, ["true", "false"]);
    assert_eq!(template.conditions[0].0, names[1]);
    assert_eq!(template.resources[0].logical_id, names[2]);
    assert_eq!(template.outputs[0].key, names[3]);
}
