//! Templates as people write them for AWS.

use http::StatusCode;

use crate::fixture::Fixture;

#[test]
fn yes_no_on_and_off_without_quotes_are_booleans() {
    let fixture = Fixture::new();
    let flags = include_str!("../../../../cases/inputs/A1.flags.yaml");
    assert_eq!(fixture.deploy("flags", "CREATE", flags, &[]), "CREATE_COMPLETE");
    let rest = include_str!("../../../../cases/inputs/A1.tags-and-condition.yaml");
    assert_eq!(fixture.deploy("rest", "CREATE", rest, &[]), "CREATE_COMPLETE");
    let tags = r#"[{"Key":"plain","Value":"true"},{"Key":"quoted","Value":"YES"}]"#;
    assert!(fixture.world.picture()[0].ends_with(tags), "{:?}", fixture.world.picture());
    assert_eq!(fixture.world.property("Description"), ["condition-held"]);
}

#[test]
fn a_yes_in_quotes_is_a_text_and_no_boolean() {
    let fixture = Fixture::new();
    let refused = fixture.plan(
        "flags",
        "CREATE",
        include_str!("../../../../cases/inputs/A1.quoted-is-refused.yaml"),
        &[],
    );
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let said = refused.text("Message");
    assert!(said.contains("EnableDnsSupport must be of type Boolean"), "{said}");
}

#[test]
fn parameters_may_be_ids_of_a_network_whose_form_is_checked() {
    let fixture = Fixture::new();
    let cases = [
        (
            include_str!("../../../../cases/inputs/A2.AWSECVPCId.yaml"),
            "AWS::EC2::VPC::Id",
            "vpc-0123456789abcdef0",
        ),
        (
            include_str!("../../../../cases/inputs/A2.AWSECSubnetId.yaml"),
            "AWS::EC2::Subnet::Id",
            "subnet-01234567",
        ),
        (
            include_str!("../../../../cases/inputs/A2.AWSECSecurityGroupId.yaml"),
            "AWS::EC2::SecurityGroup::Id",
            "sg-01234567",
        ),
        (
            include_str!("../../../../cases/inputs/A2.ListAWSECSubnetId.yaml"),
            "List<AWS::EC2::Subnet::Id>",
            "subnet-01234567,subnet-01234568",
        ),
    ];
    for (number, (template, kind, value)) in cases.into_iter().enumerate() {
        let name = format!("ids{number}");
        let refused = fixture.plan(&name, "CREATE", template, &[("P", "tgw-1")]);
        let said = refused.text("Message");
        assert!(said.contains("and 8 or 17 hexadecimal digits; the value is 'tgw-1'"), "{said}");
        assert_eq!(fixture.deploy(&name, "CREATE", template, &[("P", value)]), "CREATE_COMPLETE");
        let summary = fixture.ask("GetTemplateSummary", &[("StackName", &name)]);
        assert_eq!(summary.text("ParameterType"), kind);
    }
}

#[test]
fn a_pattern_for_a_list_is_asked_of_each_value() {
    let fixture = Fixture::new();
    let template = include_str!("../../../../cases/inputs/A17.yaml");
    for (number, list) in ["GET,POST", "GET, POST", "GET"].into_iter().enumerate() {
        let name = format!("listed{number}");
        let status = fixture.deploy(&name, "CREATE", template, &[("List", list)]);
        assert_eq!(status, "CREATE_COMPLETE", "{list}");
    }
    let refused = fixture.plan("refused", "CREATE", template, &[("List", "GET,post")]);
    let said = refused.text("Message");
    assert!(said.contains("methods in capitals (the value is 'post'"), "{said}");
}

/// The forms that the user guide shows: https://docs.aws.amazon.com/migrationhub-refactor-spaces.
#[test]
fn a_whole_application_with_its_network_is_deployed_and_deleted() {
    let fixture = Fixture::new();
    let template = include_str!("../../../../cases/inputs/A13.yaml");
    for _ in 0..2 {
        let url = [("BackendUrl", "http://127.0.0.1:3000/api")];
        assert_eq!(fixture.deploy("first", "CREATE", template, &url), "CREATE_COMPLETE");
        fixture.ask("DeleteStack", &[("StackName", "first")]);
        // Answered once the stack is gone.
        fixture.ask("DescribeStacks", &[("StackName", "first")]);
        assert_eq!(fixture.world.picture(), Vec::<String>::new());
    }
}

const EXPORTS: &str = include_str!("../../../../cases/inputs/A9.exports.yaml");
const IMPORTS: &str = include_str!("../../../../cases/inputs/A9.imports.yaml");

#[test]
fn what_a_stack_exports_is_imported_by_another_and_kept_for_it() {
    let fixture = Fixture::new();
    let from = [("From", "producer")];
    let refused = fixture.plan("consumer", "CREATE", IMPORTS, &from);
    let said = refused.text("Message");
    assert!(said.contains("No export named producer:Id found"), "{said}");
    assert!(said.contains("Resources/App/Properties/EnvironmentIdentifier"), "{said}");

    assert_eq!(fixture.deploy("producer", "CREATE", EXPORTS, &[]), "CREATE_COMPLETE");
    assert_eq!(fixture.deploy("consumer", "CREATE", IMPORTS, &from), "CREATE_COMPLETE");
    let environment = fixture.ask("DescribeStacks", &[("StackName", "producer")]).output("Id");
    assert_eq!(fixture.world.property("EnvironmentIdentifier"), [environment]);

    let other = EXPORTS.replace(":Id", ":Other");
    assert_eq!(fixture.deploy("producer", "UPDATE", &other, &[]), "UPDATE_ROLLBACK_COMPLETE");
    let described = fixture.ask("DescribeStacks", &[("StackName", "producer")]);
    let reason = described.text("StackStatusReason");
    assert_eq!(reason, "Export producer:Id cannot be deleted as it is in use by consumer");
    assert_eq!(described.text("ExportName"), "producer:Id");

    let changed = EXPORTS.replace("Name: exporter", "Name: another");
    assert_eq!(fixture.deploy("producer", "UPDATE", &changed, &[]), "UPDATE_ROLLBACK_COMPLETE");
    let reason =
        fixture.ask("DescribeStacks", &[("StackName", "producer")]).text("StackStatusReason");
    assert_eq!(reason, "Export producer:Id cannot be updated as it is in use by consumer");

    fixture.ask("DeleteStack", &[("StackName", "consumer")]);
    assert_eq!(fixture.deploy("producer", "UPDATE", &other, &[]), "UPDATE_COMPLETE");
}

#[test]
fn a_stack_that_imports_no_more_and_one_that_was_rolled_back_hold_no_export() {
    let fixture = Fixture::new();
    let from = [("From", "producer")];
    let literal = IMPORTS.replace("{Fn::ImportValue: !Sub \"${From}:Id\"}", "env-0123456789");
    let other = EXPORTS.replace(":Id", ":Other");
    for (kind, after) in [("CREATE", "ROLLBACK_COMPLETE"), ("UPDATE", "UPDATE_ROLLBACK_COMPLETE")] {
        let fixture = Fixture::new();
        assert_eq!(fixture.deploy("producer", "CREATE", EXPORTS, &[]), "CREATE_COMPLETE");
        if kind == "UPDATE" {
            let network = include_str!("../../../../cases/inputs/A2.AWSECVPCId.yaml")
                .replace("AWS::EC2::VPC::Id", "String")
                .replace("P:", "From:");
            assert_eq!(fixture.deploy("consumer", "CREATE", &network, &from), "CREATE_COMPLETE");
        }
        fixture.world.refuse(Some("create App"));
        assert_eq!(fixture.deploy("consumer", kind, IMPORTS, &from), after);
        assert_eq!(fixture.deploy("producer", "UPDATE", &other, &[]), "UPDATE_COMPLETE", "{kind}");
    }
    assert_eq!(fixture.deploy("producer", "CREATE", EXPORTS, &[]), "CREATE_COMPLETE");
    assert_eq!(fixture.deploy("consumer", "CREATE", IMPORTS, &from), "CREATE_COMPLETE");
    let environment = fixture.ask("DescribeStacks", &[("StackName", "producer")]).output("Id");
    let literal = literal.replace("env-0123456789", &environment).replace("importer", "owner");
    assert_eq!(fixture.deploy("consumer", "UPDATE", &literal, &from), "UPDATE_COMPLETE");
    assert_eq!(fixture.deploy("producer", "UPDATE", &other, &[]), "UPDATE_COMPLETE");
}
