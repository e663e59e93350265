//! What is known to be wrong before anything is made is said before anything is made.

use http::StatusCode;

use crate::fixture::Fixture;

/// What is said of a template, if it is refused.
fn validated(fixture: &Fixture, template: &str) -> Option<String> {
    let answer = fixture.ask("ValidateTemplate", &[("TemplateBody", template)]);
    (answer.status != StatusCode::OK).then(|| answer.text("Message"))
}

#[test]
fn the_faults_of_all_resource_types_are_said_at_once() {
    let fixture = Fixture::new();
    let template = "Resources: {A: {Type: AWS::S3::Bucket}, B: {Type: AWS::SQS::Queue}, C: {Type: AWS::EC2::VPC}}";
    let types = "Template format error: Unrecognized resource types: [AWS::S3::Bucket, AWS::SQS::Queue]: the resources A, B cannot be made here. Supported are AWS::RefactorSpaces::Environment";
    for said in [
        fixture.plan("all", "CREATE", template, &[]).text("Message"),
        validated(&fixture, template).unwrap(),
    ] {
        assert!(said.starts_with(types), "{said}");
    }
}

#[test]
fn validate_template_refuses_what_no_value_of_a_parameter_can_put_right() {
    let fixture = Fixture::new();
    let cases = [
        (
            "Resources: {A: {Type: AWS::S3::Bucket}}",
            "Unrecognized resource types: [AWS::S3::Bucket]: the resource A",
        ),
        (
            "Resources: {A: {Type: AWS::S3::Bucket, Condition: C}}\nConditions: {C: !Equals [a, b]}",
            "Unrecognized resource types",
        ),
        (
            "Resources: {A: {Type: AWS::EC2::VPC}}\nOutputs: {O: {Value: !GetAtt A.Nothing}}",
            "resource A does not support attribute type Nothing",
        ),
        (
            "Resources: {A: {Type: AWS::EC2::VPC, Properties: {CidrBlock: '{{resolve:ssm:block}}'}}}",
            "[Resources/A/Properties/CidrBlock (line 1)] the dynamic reference {{resolve:ssm:...}} is not supported here",
        ),
        (
            "Resources: {A: {Type: AWS::EC2::VPC}}\nOutputs: {O: {Value: '{{resolve:ssm:block}}'}}",
            "[Outputs/O/Value (line 2)] the dynamic reference",
        ),
        (
            "Resources: {A: {Type: AWS::EC2::VPC, DependsOn: B}, B: {Type: AWS::EC2::VPC, DependsOn: A}}",
            "Circular dependency between resources: [A, B]",
        ),
        (
            "Resources: {A: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !FindInMap [M, a, b]}}}",
            "Mapping named 'M' is not present",
        ),
    ];
    for (template, expected) in cases {
        let said = validated(&fixture, template).unwrap_or_default();
        assert!(said.contains(expected), "{template}\n{said}");
    }
    for template in [
        crate::fixture::SPACE,
        crate::fixture::SERVICES,
        include_str!("../../../../rs.yaml"),
        include_str!("../../../../rs-service.yaml"),
        include_str!("../../../../cases/inputs/A9.imports.yaml"),
        include_str!("../../../../cases/inputs/A13.yaml"),
        "Parameters: {P: {Type: String}}\nResources: {A: {Type: AWS::EC2::VPC, Properties: {EnableDnsSupport: !Ref P, Ipv4NetmaskLength: !Ref P, Tags: [{Key: !Ref P, Value: !Ref P}]}}}",
        "Parameters: {P: {Type: String}}\nResources: {A: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: !Ref P, NetworkFabricType: !Ref P, Tags: [{Key: !Ref P, Value: a}]}}}",
        "Conditions: {C: !Equals [a, b]}\nResources: {A: {Type: AWS::RefactorSpaces::Environment, Condition: C, Properties: {Name: a, NetworkFabricType: NONE}}}",
    ] {
        assert_eq!(validated(&fixture, template), None, "{template}");
    }
}

#[test]
fn a_dynamic_reference_is_refused_in_a_template_and_in_a_parameter() {
    let fixture = Fixture::new();
    let template = "Parameters: {P: {Type: String, NoEcho: true}}
Resources: {A: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref P}}}";
    let refused =
        fixture.plan("dynamic", "CREATE", template, &[("P", "{{resolve:ssm-secure:hidden}}")]);
    let said = refused.text("Message");
    assert!(said.contains("[Resources/A/Properties/CidrBlock (line 2)] the dynamic reference {{resolve:ssm-secure:...}} is not supported here"), "{said}");
    assert!(!said.contains("hidden"), "{said}");
    assert_eq!(
        fixture.deploy("plain", "CREATE", template, &[("P", "{{10.0.0.0/16}}")]),
        "CREATE_COMPLETE"
    );
}

/// Ids of several parts are taken apart as people do it on AWS; it is known beforehand that they will be.
#[test]
fn the_parts_of_a_reference_can_be_used_before_it_is_known() {
    let fixture = Fixture::new();
    let template = include_str!("../../../../cases/inputs/A13.yaml")
        .replace("!GetAtt App.ApplicationIdentifier", "!Select [1, !Split ['|', !Ref App]]");
    let url = [("BackendUrl", "http://127.0.0.1:3000/api")];
    assert_eq!(fixture.deploy("first", "CREATE", &template, &url), "CREATE_COMPLETE");
}
