//! Members of requests: honoured, or refused by name.

use http::StatusCode;

use crate::fixture::{Answer, Fixture};

const SMALL: &str = "Parameters: {Text: {Type: String, Default: one}, Secret: {Type: String, Default: hush, NoEcho: true}}
Resources: {Env: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: small, NetworkFabricType: NONE, Description: !Sub '${Text} ${Secret}'}}}";

const TOPIC: &str = "arn:aws:sns:local:000000000000:topic";
const ROLE: &str = "arn:aws:iam::000000000000:role/deploy";

fn send(fixture: &Fixture, action: &str, more: &[(&str, &str)]) -> Answer {
    fixture.ask(action, &[&[("StackName", "kept"), ("TemplateBody", SMALL)], more].concat())
}

fn plan(fixture: &Fixture, kind: &str, text: &str, more: &[(&str, &str)]) -> Answer {
    let name = format!("c{}", fastrand::u64(..));
    let fields = [
        &[
            ("ChangeSetName", name.as_str()),
            ("ChangeSetType", kind),
            ("Parameters.member.1.ParameterKey", "Text"),
            ("Parameters.member.1.ParameterValue", text),
        ],
        more,
    ]
    .concat();
    let planned = send(fixture, "CreateChangeSet", &fields);
    assert_eq!(planned.status, StatusCode::OK, "{}", planned.body);
    fixture.ask("DescribeChangeSet", &[("ChangeSetName", &planned.text("Id"))])
}

/// Deploys and gives the tags, topics, capabilities and role that the stack has then.
fn deploy(fixture: &Fixture, kind: &str, text: &str, more: &[(&str, &str)]) -> [usize; 4] {
    let planned = plan(fixture, kind, text, more);
    assert_eq!(planned.text("Status"), "CREATE_COMPLETE", "{}", planned.body);
    fixture.ask("ExecuteChangeSet", &[("ChangeSetName", &planned.text("ChangeSetId"))]);
    let described = fixture.ask("DescribeStacks", &[("StackName", "kept")]);
    [
        described.texts("Key").len(),
        described.body.matches(TOPIC).count(),
        described.body.matches("CAPABILITY_IAM").count(),
        described.body.matches(ROLE).count(),
    ]
}

#[test]
fn what_an_update_does_not_mention_stays_and_an_empty_list_removes() {
    let fixture = Fixture::new();
    let all = [
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "board"),
        ("NotificationARNs.member.1", TOPIC),
        ("Capabilities.member.1", "CAPABILITY_IAM"),
        ("RoleARN", ROLE),
    ];
    assert_eq!(deploy(&fixture, "CREATE", "one", &all), [1, 1, 1, 1]);
    assert_eq!(plan(&fixture, "UPDATE", "one", &[]).text("Status"), "FAILED", "nothing is new");
    assert_eq!(deploy(&fixture, "UPDATE", "two", &[]), [1, 1, 1, 1]);
    let none = [("Tags", ""), ("NotificationARNs", ""), ("Capabilities", "")];
    assert_eq!(deploy(&fixture, "UPDATE", "three", &none), [0, 0, 0, 1]);
    assert_eq!(
        deploy(&fixture, "UPDATE", "three", &all[2..3]),
        [0, 1, 0, 1],
        "topics are a change"
    );
}

#[test]
fn a_member_that_is_not_honoured_is_refused_by_its_name() {
    let fixture = Fixture::new();
    let cases = [
        ("CreateStack", "TemplateURL", "https://example.com", "TemplateURL"),
        ("CreateStack", "StackPolicyBody", "{}", "StackPolicyBody"),
        (
            "CreateStack",
            "RollbackConfiguration.MonitoringTimeInMinutes",
            "5",
            "RollbackConfiguration.MonitoringTimeInMinutes",
        ),
        (
            "CreateStack",
            "RollbackConfiguration.RollbackTriggers.member.1.Arn",
            "a",
            "RollbackConfiguration.RollbackTriggers.Arn",
        ),
        ("CreateStack", "Parameters.member.1.ResolvedValue", "a", "Parameters.ResolvedValue"),
        ("CreateStack", "Tags.member.1.Valeu", "a", "Tags.Valeu"),
        ("CreateStack", "Whatever", "a", "Whatever"),
        ("CreateChangeSet", "ImportExistingResources", "true", "ImportExistingResources"),
        (
            "CreateChangeSet",
            "ResourcesToImport.member.1.ResourceType",
            "a",
            "ResourcesToImport.ResourceType",
        ),
        (
            "CreateChangeSet",
            "ResourcesToImport.member.2.ResourceType",
            "a",
            "ResourcesToImport.ResourceType",
        ),
        ("GetTemplateSummary", "CallAs", "SELF", "CallAs"),
        (
            "GetTemplateSummary",
            "TemplateSummaryConfig.TreatUnrecognizedResourceTypesAsWarnings",
            "true",
            "TemplateSummaryConfig.TreatUnrecognizedResourceTypesAsWarnings",
        ),
        ("ListStacks", "StackName", "a", "StackName"),
    ];
    for (action, field, value, name) in cases {
        let answer = fixture.ask(action, &[(field, value)]);
        assert_eq!(answer.text("Code"), "ValidationError", "{action} {field}");
        let message = answer.text("Message");
        assert!(
            message.starts_with(&format!("{name} is not supported here")),
            "{action} {field}: {message}"
        );
    }
    let off = [("ImportExistingResources", "false"), ("ResourcesToImport", "")];
    assert_eq!(
        send(
            &fixture,
            "CreateChangeSet",
            &[&off[..], &[("ChangeSetName", "c"), ("ChangeSetType", "CREATE")]].concat()
        )
        .status,
        StatusCode::OK
    );
}

#[test]
fn values_that_aws_does_not_have_are_refused() {
    let fixture = Fixture::new();
    let tag = |number, key| (format!("Tags.member.{number}.Key"), key);
    let (first, second) = (tag(1, "a"), tag(2, "a"));
    let twice = [
        (first.0.as_str(), first.1),
        ("Tags.member.1.Value", "1"),
        (second.0.as_str(), second.1),
        ("Tags.member.2.Value", "2"),
    ];
    let cases: [(&[(&str, &str)], &str); 13] = [
        (
            &[("Capabilities.member.1", "CAPABILITY_ALL")],
            "enum value set: [CAPABILITY_IAM, CAPABILITY_NAMED_IAM, CAPABILITY_AUTO_EXPAND]",
        ),
        (&[("RoleARN", "deploy")], "'deploy' at 'roleARN'"),
        (&[("RoleARN", TOPIC)], "must be the ARN of a role"),
        (&[("NotificationARNs.member.1", "topic")], "must be the ARN of a topic"),
        (&[("NotificationARNs.member.1", ROLE)], "must be the ARN of a topic"),
        (&twice, "Duplicate tag keys found: [a]"),
        (&twice[..1], "takes both Key and Value"),
        (
            &[("ResourceTypes.member.1", "AWS::EC2::*")],
            "Resource type AWS::RefactorSpaces::Environment is not allowed by parameter ResourceTypes [AWS::EC2::*]",
        ),
        (
            &[
                ("Parameters.member.1.ParameterKey", "Text"),
                ("Parameters.member.1.UsePreviousValue", "perhaps"),
            ],
            "takes true or false",
        ),
        (
            &[
                ("Parameters.member.1.ParameterKey", "Text"),
                ("Parameters.member.1.UsePreviousValue", "true"),
                ("Parameters.member.1.ParameterValue", "x"),
            ],
            "Cannot specify usePreviousValue as true and non empty value",
        ),
        (
            &[
                ("Parameters.member.1.ParameterKey", "Text"),
                ("Parameters.member.1.ParameterValue", "x"),
                ("Parameters.member.2.ParameterKey", "Text"),
                ("Parameters.member.2.ParameterValue", "y"),
            ],
            "Parameter Text is given twice",
        ),
        (&[("EnableTerminationProtection", "perhaps")], "takes true or false"),
        (&[("DeploymentConfig.Mode", "EXPRESS")], "enum value set: [STANDARD]"),
    ];
    for (fields, words) in cases {
        let answer = send(&fixture, "CreateStack", fields);
        assert_eq!(answer.text("Code"), "ValidationError", "{words}");
        assert!(answer.text("Message").contains(words), "{words}\n{}", answer.text("Message"));
    }
    let allowed = [
        ("ResourceTypes.member.1", "AWS::EC2::VPC"),
        ("ResourceTypes.member.2", "AWS::RefactorSpaces::*"),
    ];
    assert_eq!(send(&fixture, "CreateStack", &allowed).status, StatusCode::OK);
    let filter = fixture.ask("ListStacks", &[("StackStatusFilter.member.1", "GONE")]);
    assert!(filter.text("Message").contains("'GONE' at 'stackStatusFilter'"), "{}", filter.body);
    let stage = fixture.ask("GetTemplate", &[("StackName", "kept"), ("TemplateStage", "Raw")]);
    assert!(stage.text("Message").contains("[Original, Processed]"), "{}", stage.body);
    let two = fixture.ask("GetTemplateSummary", &[("StackName", "kept"), ("TemplateBody", SMALL)]);
    assert!(two.text("Message").contains("give only one of them"), "{}", two.body);
}

#[test]
fn property_values_of_a_change_set_are_shown_when_they_are_asked_for() {
    let fixture = Fixture::new();
    deploy(&fixture, "CREATE", "one", &[]);
    let planned = plan(
        &fixture,
        "UPDATE",
        "two",
        &[("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")],
    );
    assert!(!planned.body.contains("AfterContext"), "{}", planned.body);
    let id = planned.text("ChangeSetId");
    let shown = fixture
        .ask("DescribeChangeSet", &[("ChangeSetName", &id), ("IncludePropertyValues", "true")]);
    assert!(shown.text("BeforeContext").contains(r#""Description":"one ****""#), "{}", shown.body);
    assert!(shown.text("AfterContext").contains(r#""Description":"two ****""#), "{}", shown.body);
    assert_eq!(shown.texts("BeforeValue")[0], "one ****");
    assert_eq!(shown.texts("AfterValue")[0], "two ****");
    assert_eq!(shown.texts("Path"), ["/Properties/Description", "/Properties/Tags"]);
    assert_eq!(shown.texts("AttributeChangeType"), ["Modify", "Add"]);
    assert!(!shown.body.contains("hush"), "{}", shown.body);
}
