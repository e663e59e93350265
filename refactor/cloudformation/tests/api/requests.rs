//! Requests one by one: what is refused, in which words, and what is repeated without harm.

use http::StatusCode;

use crate::fixture::{Fixture, MONOLITH, SERVICES, SPACE};

type Fields<'a> = &'a [(&'a str, &'a str)];

/// What a template or its values do wrong, and what the answer has to say.
#[test]
fn what_cannot_work_is_refused_before_anything_is_made() {
    let property =
        |text: &str| SPACE.replacen("      StageName: api", "", 1).replacen("Name: board", text, 1);
    let cases = [
        (
            SPACE.replace("AWS::EC2::Subnet", "AWS::S3::Bucket"),
            "Unrecognized resource types: [AWS::S3::Bucket]: the resource Subnet",
        ),
        (property("Nome: board"), "Encountered unsupported property Nome"),
        (property("Name: [board]"), "Value of property Name must be of type String"),
        (
            SPACE.replacen("      ProxyType: API_GATEWAY\n", "", 1),
            "Property ProxyType cannot be empty",
        ),
        (
            SPACE.replacen("!GetAtt Application.ProxyUrl", "!GetAtt Application.Url", 1),
            "resource Application does not support attribute type Url in Fn::GetAtt",
        ),
        (
            SPACE.replacen("!Ref Environment\n", "!Ref Nothing\n", 1),
            "Template format error: Unresolved resource dependencies [Nothing] in the Resources block of the template",
        ),
        (
            SPACE.replacen("DependsOn: [VPC]", "DependsOn: [Application]", 1),
            "Circular dependency between resources: [Application, Environment] (Application -> Environment -> Application)",
        ),
        (
            SPACE.replacen("Ref VPC", "If [Yes, a, b]", 1),
            "unresolved condition dependency Yes in Fn::If",
        ),
        (SPACE.replacen("Select [0,", "Select [7,", 1), "Fn::Select cannot select 7"),
    ];
    let fixture = Fixture::new();
    for (template, expected) in cases {
        assert_ne!(template, SPACE, "{expected}");
        let answer = fixture.plan("space", "CREATE", &template, &[MONOLITH]);
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{expected}");
        assert_eq!(answer.text("Code"), "ValidationError");
        assert!(
            answer.text("Message").contains(expected),
            "{expected}\n{}",
            answer.text("Message")
        );
    }
    assert!(
        fixture.ask("DescribeStacks", &[("StackName", "space")]).body.contains("does not exist")
    );
}

#[test]
fn messages_that_clients_match_on_are_word_for_word() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    let cases: [(&str, Fields<'_>, u16, &str, &str); 11] = [
        (
            "DescribeStacks",
            &[("StackName", "nix")],
            400,
            "ValidationError",
            "Stack with id nix does not exist",
        ),
        (
            "GetTemplateSummary",
            &[("StackName", "nix")],
            400,
            "ValidationError",
            "Stack with id nix does not exist",
        ),
        (
            "GetTemplate",
            &[("StackName", "nix")],
            400,
            "ValidationError",
            "Stack with id nix does not exist",
        ),
        (
            "DescribeStackEvents",
            &[("StackName", "nix")],
            400,
            "ValidationError",
            "Stack [nix] does not exist",
        ),
        (
            "DescribeChangeSet",
            &[("StackName", "nix"), ("ChangeSetName", "c")],
            400,
            "ValidationError",
            "Stack [nix] does not exist",
        ),
        (
            "DeleteChangeSet",
            &[("StackName", "nix"), ("ChangeSetName", "c")],
            400,
            "ValidationError",
            "Stack [nix] does not exist",
        ),
        (
            "DescribeChangeSet",
            &[("StackName", "space"), ("ChangeSetName", "c")],
            404,
            "ChangeSetNotFound",
            "ChangeSet [c] does not exist",
        ),
        (
            "ExecuteChangeSet",
            &[("ChangeSetName", "arn:x")],
            404,
            "ChangeSetNotFound",
            "ChangeSet [arn:x] does not exist",
        ),
        (
            "CreateChangeSet",
            &[
                ("StackName", "space"),
                ("ChangeSetName", "c"),
                ("ChangeSetType", "CREATE"),
                ("TemplateBody", SPACE),
            ],
            400,
            "ValidationError",
            "Stack [space] already exists and cannot be created again with the changeSet [c].",
        ),
        (
            "CreateChangeSet",
            &[
                ("StackName", "nix"),
                ("ChangeSetName", "c"),
                ("ChangeSetType", "UPDATE"),
                ("TemplateBody", SPACE),
            ],
            400,
            "ValidationError",
            "Stack [nix] does not exist",
        ),
        (
            "DoWhat",
            &[],
            400,
            "InvalidAction",
            "Could not find operation DoWhat for version 2010-05-15",
        ),
    ];
    for (action, fields, status, code, message) in cases {
        let answer = fixture.ask(action, fields);
        assert_eq!(
            (answer.status.as_u16(), answer.text("Code"), answer.text("Message")),
            (status, code.into(), message.into())
        );
        assert_eq!(answer.text("Type"), "Sender");
    }
}

/// The tutorial writes `EnvironmentId` but `ApplicationID`; the CLI drops a name that the template does not have.
#[test]
fn a_missing_parameter_says_how_it_is_written() {
    let fixture = Fixture::new();
    let answer =
        fixture.plan("services", "CREATE", SERVICES, &[("EnvironmentId", "env-0000000001")]);
    let message = answer.text("Message");
    assert!(message.starts_with("Parameters: [ApplicationID] must have values. "), "{message}");
    assert!(message.contains("--parameter-overrides ApplicationID=..."), "{message}");
    assert!(message.contains("(ApplicationID, not ApplicationId)"), "{message}");
    let answer =
        fixture.plan("services", "CREATE", SERVICES, &[("ApplicationId", "app-0000000001")]);
    let message = "Parameters: [ApplicationId] do not exist in the template. Names are case-sensitive: this one is ApplicationID";
    assert_eq!(answer.text("Message"), message);
}

#[test]
fn an_id_of_several_parts_names_the_part_to_use() {
    let fixture = Fixture::new();
    let parameters = [
        ("EnvironmentId", "env-0000000001"),
        ("ApplicationID", "env-0000000001|app-0000000002"),
        ("PostsUrl", "http://p:1"),
    ];
    let message = fixture.plan("services", "CREATE", SERVICES, &parameters).text("Message");
    assert!(message.contains("use the part app-0000000002"), "{message}");
    assert!(message.contains("[properties of Resources/PostsService (line 2"), "{message}");
}

#[test]
fn ref_of_an_application_is_refused_where_its_id_belongs() {
    let template =
        SPACE.replacen("!GetAtt Application.ApplicationIdentifier", "!Ref Application", 1);
    let message = Fixture::new().plan("space", "CREATE", &template, &[MONOLITH]).text("Message");
    assert!(message.contains("names more than one resource (it is what Ref gives)"), "{message}");
    assert!(
        message.contains("in a template Fn::GetAtt [properties of Resources/DefaultRoute"),
        "{message}"
    );
}

#[test]
fn a_region_has_a_limited_number_of_stacks() {
    let fixture = Fixture::new();
    let template = "Resources: {A: {Type: AWS::EC2::InternetGateway}}";
    for number in 0..200 {
        assert_eq!(
            fixture.plan(&format!("s{number}"), "CREATE", template, &[]).status,
            StatusCode::OK
        );
    }
    assert_eq!(
        fixture.plan("one-more", "CREATE", template, &[]).text("Code"),
        "LimitExceededException"
    );
    assert_eq!(
        fixture.plan("s7", "CREATE", template, &[]).status,
        StatusCode::OK,
        "known ones go on"
    );
    let first = fixture.ask("DescribeStacks", &[]);
    assert_eq!(first.texts("StackName").len(), 100);
    let second = fixture.ask("DescribeStacks", &[("NextToken", &first.text("NextToken"))]);
    assert_eq!((second.texts("StackName").len(), second.texts("NextToken").len()), (100, 0));
}

#[test]
fn a_change_set_can_be_executed_twice_and_works_once() {
    let fixture = Fixture::new();
    let planned = fixture.plan("space", "CREATE", SPACE, &[MONOLITH]);
    for _ in 0..2 {
        let executed = fixture.ask(
            "ExecuteChangeSet",
            &[("ChangeSetName", &planned.text("Id")), ("StackName", "space")],
        );
        assert_eq!(executed.status, StatusCode::OK);
        assert!(
            executed.body.contains("<ExecuteChangeSetResult></ExecuteChangeSetResult>"),
            "{}",
            executed.body
        );
    }
    assert_eq!(fixture.world.calls().len(), 4);
    let described = fixture.ask("DescribeChangeSet", &[("ChangeSetName", &planned.text("Id"))]);
    assert_eq!(described.text("ExecutionStatus"), "EXECUTE_COMPLETE");
}

#[test]
fn a_repeated_request_gives_the_same_change_set() {
    let fixture = Fixture::new();
    let fields = |url| {
        [
            ("StackName", "space"),
            ("ChangeSetName", "c1"),
            ("ChangeSetType", "CREATE"),
            ("TemplateBody", SPACE),
            ("Parameters.member.1.ParameterKey", "MonolithUrl"),
            ("Parameters.member.1.ParameterValue", url),
            ("Capabilities", ""),
            ("Tags", ""),
        ]
    };
    let first = fixture.ask("CreateChangeSet", &fields(MONOLITH.1));
    let second = fixture.ask("CreateChangeSet", &fields(MONOLITH.1));
    assert_eq!(first.text("Id"), second.text("Id"));
    let other = fixture.ask("CreateChangeSet", &fields("http://other/api"));
    assert_eq!(other.text("Code"), "AlreadyExistsException");
    fixture.ask("ExecuteChangeSet", &[("ChangeSetName", "c1"), ("StackName", "space")]);
    assert_eq!(fixture.status("space"), "CREATE_COMPLETE");
    let mut update = fields("http://other/api");
    update[2].1 = "UPDATE";
    let again = fixture.ask("CreateChangeSet", &update);
    assert_eq!(again.status, StatusCode::OK, "the first of that name is done: {}", again.body);
}

#[test]
fn a_stack_under_review_can_be_planned_again_and_deleted() {
    let fixture = Fixture::new();
    let first = fixture.plan("space", "CREATE", SPACE, &[MONOLITH]);
    let second = fixture.plan("space", "CREATE", SPACE, &[("MonolithUrl", "http://other/api")]);
    assert_eq!(first.text("StackId"), second.text("StackId"));
    assert_eq!(fixture.status("space"), "REVIEW_IN_PROGRESS");
    fixture.ask("ExecuteChangeSet", &[("ChangeSetName", &second.text("Id"))]);
    let late = fixture.ask("ExecuteChangeSet", &[("ChangeSetName", &first.text("Id"))]);
    assert_eq!(late.text("Code"), "InvalidChangeSetStatus");
    fixture.plan("other", "CREATE", SPACE, &[MONOLITH]);
    fixture.ask("DeleteStack", &[("StackName", "other")]);
    assert!(
        fixture.ask("DescribeStacks", &[("StackName", "other")]).body.contains("does not exist")
    );
    assert_eq!(fixture.ask("DeleteStack", &[("StackName", "never-was")]).status, StatusCode::OK);
}

#[test]
fn a_stack_without_resources_is_a_stack() {
    let fixture = Fixture::new();
    let parameters = [("EnvironmentId", "env-0000000001"), ("ApplicationID", "app-0000000001")];
    assert_eq!(fixture.deploy("services", "CREATE", SERVICES, &parameters), "CREATE_COMPLETE");
    let described = fixture.ask("DescribeStacks", &[("StackName", "services")]);
    assert_eq!(described.output("UsersService"), "Users service creation skipped");
}

#[test]
fn views_show_what_is_stored() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    assert_eq!(fixture.ask("GetTemplate", &[("StackName", "space")]).text("TemplateBody"), SPACE);
    let summary = fixture.ask("GetTemplateSummary", &[("StackName", "space")]);
    assert_eq!(
        summary.texts("ParameterKey"),
        ["EnvironmentName", "MonolithUrl", "ProxyEndpointType"]
    );
    assert_eq!(summary.text("Version"), "2010-09-09");
    let bare = "{\"Resources\": {\"A\": {\"Type\": \"AWS::EC2::InternetGateway\"}}}";
    let summary = fixture.ask("GetTemplateSummary", &[("TemplateBody", bare)]);
    assert!(
        summary.body.contains("<Parameters></Parameters>"),
        "the CLI dies without it: {}",
        summary.body
    );
    assert_eq!(
        fixture.ask("ValidateTemplate", &[("TemplateBody", SPACE)]).texts("DefaultValue"),
        ["banyan", "REGIONAL"]
    );
    assert_eq!(
        fixture
            .ask("ListStacks", &[("StackStatusFilter.member.1", "CREATE_COMPLETE")])
            .text("StackName"),
        "space"
    );
    assert!(
        fixture
            .ask("ListStacks", &[("StackStatusFilter.member.1", "DELETE_COMPLETE")])
            .texts("StackName")
            .is_empty()
    );
    let resource = fixture.ask(
        "DescribeStackResources",
        &[("StackName", "space"), ("LogicalResourceId", "Application")],
    );
    assert_eq!(resource.text("PhysicalResourceId"), "env-0000000001|app-0000000002");
    assert_eq!(fixture.ask("ListExports", &[]).text("Name"), "space:VPCId");
    assert_eq!(
        fixture.ask("ListChangeSets", &[("StackName", "space")]).text("ExecutionStatus"),
        "EXECUTE_COMPLETE"
    );
}

#[test]
fn stacks_of_one_region_are_not_seen_in_another() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    let form = [("Action", "DescribeStacks"), ("StackName", "space")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()));
    let (status, _) =
        fixture.api.handle(&cloudformation::Caller { region: "moon".to_owned() }, &form);
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[test]
fn long_histories_come_in_pages() {
    let fixture = Fixture::new();
    for _ in 0..5 {
        fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
        fixture.ask("DeleteStack", &[("StackName", "space")]);
        fixture.ask("DescribeStacks", &[("StackName", "space")]);
    }
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    for url in 0..6 {
        let url = format!("http://m{url}/api");
        assert_eq!(
            fixture.deploy("space", "UPDATE", SPACE, &[("MonolithUrl", &url)]),
            "UPDATE_COMPLETE"
        );
    }
    let mut fields = vec![("StackName".to_owned(), "space".to_owned())];
    let mut seen = Vec::new();
    loop {
        let fields_now: Vec<(&str, &str)> =
            fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let page = fixture.ask("DescribeStackEvents", &fields_now);
        seen.extend(page.texts("EventId"));
        match page.texts("NextToken").into_iter().next() {
            Some(token) => fields = vec![fields[0].clone(), ("NextToken".to_owned(), token)],
            None => break,
        }
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all, "no event comes twice");
    let wrong = fixture.ask("DescribeStackEvents", &[("StackName", "space"), ("NextToken", "x")]);
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[test]
fn a_change_set_is_deleted_only_through_its_own_stack_and_region() {
    let fixture = Fixture::new();
    fixture.deploy("other", "CREATE", SPACE, &[MONOLITH]);
    let id = fixture.plan("space", "CREATE", SPACE, &[MONOLITH]).text("Id");
    let there =
        || fixture.ask("DescribeChangeSet", &[("ChangeSetName", &id)]).status == StatusCode::OK;
    let delete = |region: &str, fields: &[(&str, &str)]| {
        let fields = [&[("Action", "DeleteChangeSet"), ("ChangeSetName", &id)], fields].concat();
        let form: Vec<_> =
            fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let (status, body) =
            fixture.api.handle(&cloudformation::Caller { region: region.to_owned() }, &form);
        assert_eq!(status, StatusCode::OK, "what is not there is deleted already: {body}");
    };
    delete("local", &[("StackName", "other")]);
    assert!(there(), "of another stack");
    delete("elsewhere", &[]);
    assert!(there(), "of another region");
    delete("local", &[]);
    assert!(!there());
}
