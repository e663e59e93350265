//! Deployments that go well.

use crate::fixture::{Fixture, MONOLITH, SERVICES, SPACE};

#[test]
fn a_new_stack_is_made_in_the_order_of_its_needs() {
    let fixture = Fixture::new();
    assert_eq!(fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]), "CREATE_COMPLETE");
    let calls = [
        "create Environment",
        "create Application",
        "create MonolithService",
        "create DefaultRoute",
    ];
    assert_eq!(fixture.world.calls(), calls);
    let described = fixture.ask("DescribeStacks", &[("StackName", "space")]);
    assert_eq!(described.output("EnvironmentId"), "env-0000000001");
    assert_eq!(described.output("ApplicationId"), "app-0000000002");
    assert_eq!(described.output("ProxyUrl"), "http://127.0.0.1:8080/api");
    assert_eq!(described.output("Note"), "plain text");
    assert_eq!(described.text("ExportName"), "space:VPCId");
    let vpc = described.output("VPCId");
    assert_eq!((vpc.len(), &vpc[..4]), (21, "vpc-"));
    let order = ["EnvironmentId", "ApplicationId", "ProxyUrl", "VPCId", "Note"];
    assert_eq!(described.texts("OutputKey"), order, "outputs stand in the order of the template");
}

#[test]
fn a_second_deployment_of_the_same_has_nothing_to_do() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    let planned = fixture.plan("space", "UPDATE", SPACE, &[("MonolithUrl", "(previous)")]);
    let described = fixture.ask(
        "DescribeChangeSet",
        &[("ChangeSetName", &planned.text("Id")), ("StackName", "space")],
    );
    assert_eq!(described.text("Status"), "FAILED");
    assert_eq!(described.text("ExecutionStatus"), "UNAVAILABLE");
    let reason = "The submitted information didn't contain changes. Submit different information to create a change set.";
    assert_eq!(described.text("StatusReason"), reason);
    let executed = fixture.ask("ExecuteChangeSet", &[("ChangeSetName", &planned.text("Id"))]);
    assert_eq!(executed.text("Code"), "InvalidChangeSetStatus");
    assert_eq!(fixture.status("space"), "CREATE_COMPLETE");
}

/// What the tutorial does: one service at a time; the others keep their values.
#[test]
fn an_update_changes_only_what_changed() {
    let fixture = Fixture::new();
    let ids = fixture.deploy_space();
    let [environment, application] = ids.each_ref().map(|(key, value)| (*key, value.as_str()));
    assert_eq!(
        fixture.deploy("services", "CREATE", SERVICES, &[environment, application]),
        "CREATE_COMPLETE"
    );
    let kept = [("EnvironmentId", "(previous)"), ("ApplicationID", "(previous)")];

    fixture.world.forget_calls();
    let posts = [kept[0], kept[1], ("PostsUrl", "http://p1:1")];
    assert_eq!(fixture.deploy("services", "UPDATE", SERVICES, &posts), "UPDATE_COMPLETE");
    assert_eq!(fixture.world.calls(), ["create PostsService", "create PostsRoute"]);

    fixture.world.forget_calls();
    let users = [kept[0], kept[1], ("PostsUrl", "(previous)"), ("UsersUrl", "http://u1:1")];
    let planned = fixture.plan("services", "UPDATE", SERVICES, &users);
    let described = fixture.ask(
        "DescribeChangeSet",
        &[("ChangeSetName", &planned.text("Id")), ("StackName", "services")],
    );
    assert_eq!(described.texts("LogicalResourceId"), ["UsersService", "UsersRoute"]);
    assert_eq!(described.texts("Action"), ["Add", "Add"]);
    assert_eq!(fixture.deploy("services", "UPDATE", SERVICES, &users), "UPDATE_COMPLETE");
    assert_eq!(fixture.world.calls(), ["create UsersService", "create UsersRoute"]);

    // Another URL: a new service, one step that swaps the route, and then the old service goes.
    fixture.world.forget_calls();
    let moved = [kept[0], kept[1], ("PostsUrl", "http://p2:1"), ("UsersUrl", "(previous)")];
    let planned = fixture.plan("services", "UPDATE", SERVICES, &moved);
    let described = fixture.ask(
        "DescribeChangeSet",
        &[("ChangeSetName", &planned.text("Id")), ("StackName", "services")],
    );
    assert_eq!(described.texts("Replacement"), ["True", "True"]);
    assert_eq!(fixture.deploy("services", "UPDATE", SERVICES, &moved), "UPDATE_COMPLETE");
    assert_eq!(
        fixture.world.calls(),
        ["create PostsService", "swap PostsRoute", "delete PostsService"]
    );

    // No URL: the traffic goes back to the monolith.
    fixture.world.forget_calls();
    let back = [kept[0], kept[1], ("PostsUrl", ""), ("UsersUrl", "(previous)")];
    assert_eq!(fixture.deploy("services", "UPDATE", SERVICES, &back), "UPDATE_COMPLETE");
    assert_eq!(fixture.world.calls(), ["delete PostsRoute", "delete PostsService"]);
    let described = fixture.ask("DescribeStacks", &[("StackName", "services")]);
    assert_eq!(
        described.texts("OutputKey"),
        ["UsersService"],
        "an output whose condition does not hold is left out"
    );
}

#[test]
fn tags_and_activation_change_in_place() {
    let fixture = Fixture::new();
    let ids = fixture.deploy_space();
    let [environment, application] = ids.each_ref().map(|(key, value)| (*key, value.as_str()));
    let parameters = [environment, application, ("PostsUrl", "http://p:1")];
    fixture.deploy("services", "CREATE", SERVICES, &parameters);
    fixture.world.forget_calls();
    let inactive = SERVICES.replacen("ActivationState: ACTIVE", "ActivationState: INACTIVE", 1);
    let planned = fixture.plan("services", "UPDATE", &inactive, &parameters);
    let described = fixture.ask(
        "DescribeChangeSet",
        &[("ChangeSetName", &planned.text("Id")), ("StackName", "services")],
    );
    assert_eq!(described.texts("Replacement"), ["False"]);
    assert_eq!(described.texts("RequiresRecreation"), ["Never"]);
    assert_eq!(fixture.deploy("services", "UPDATE", &inactive, &parameters), "UPDATE_COMPLETE");
    assert_eq!(fixture.world.calls(), ["update PostsRoute"]);
}

#[test]
fn a_default_route_comes_first_and_goes_last_whatever_the_template_says() {
    let extra = "
  Early:
    Type: AWS::RefactorSpaces::Route
    Properties:
      EnvironmentIdentifier: !Ref Environment
      ApplicationIdentifier: !GetAtt Application.ApplicationIdentifier
      ServiceIdentifier: !GetAtt MonolithService.ServiceIdentifier
      RouteType: URI_PATH
      UriPathRoute: {SourcePath: /early, ActivationState: ACTIVE}
";
    let template = SPACE.replacen("Resources:", &format!("Resources:{extra}"), 1).replacen(
        "DependsOn: MonolithService",
        "DependsOn: [MonolithService, Early]",
        1,
    );
    let fixture = Fixture::new();
    assert_eq!(fixture.deploy("space", "CREATE", &template, &[MONOLITH]), "CREATE_COMPLETE");
    assert_eq!(fixture.world.calls()[3..], ["create DefaultRoute", "create Early"]);
    fixture.world.forget_calls();
    fixture.ask("DeleteStack", &[("StackName", "space")]);
    assert!(
        fixture.ask("DescribeStacks", &[("StackName", "space")]).body.contains("does not exist")
    );
    assert_eq!(fixture.world.calls()[..2], ["delete Early", "delete DefaultRoute"]);
}

#[test]
fn stacks_are_deleted_in_the_order_of_the_requests() {
    let fixture = Fixture::new();
    let ids = fixture.deploy_space();
    let [environment, application] = ids.each_ref().map(|(key, value)| (*key, value.as_str()));
    fixture.deploy(
        "services",
        "CREATE",
        SERVICES,
        &[environment, application, ("PostsUrl", "http://p:1")],
    );
    let arn = fixture.ask("DescribeStacks", &[("StackName", "space")]).text("StackId");
    fixture.ask("DeleteStack", &[("StackName", "services")]);
    fixture.ask("DeleteStack", &[("StackName", "space")]);
    let deleted = fixture.ask("DescribeStacks", &[("StackName", &arn)]);
    assert_eq!(deleted.text("StackStatus"), "DELETE_COMPLETE");
    assert_eq!(fixture.world.picture(), Vec::<String>::new());
    let gone = fixture.ask("DescribeStacks", &[("StackName", "space")]);
    assert_eq!(gone.text("Message"), "Stack with id space does not exist");
}

#[test]
fn tags_of_a_stack_are_tags_of_its_resources() {
    let fixture = Fixture::new();
    let fields = [
        ("StackName", "space"),
        ("ChangeSetName", "c1"),
        ("ChangeSetType", "CREATE"),
        ("TemplateBody", SPACE),
        ("Parameters.member.1.ParameterKey", "MonolithUrl"),
        ("Parameters.member.1.ParameterValue", MONOLITH.1),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "board"),
    ];
    let planned = fixture.ask("CreateChangeSet", &fields);
    fixture.ask("ExecuteChangeSet", &[("ChangeSetName", &planned.text("Id"))]);
    assert_eq!(fixture.status("space"), "CREATE_COMPLETE");
    let tagged = r#"[{"Key":"team","Value":"board"}]"#;
    assert!(
        fixture.world.picture().iter().all(|resource| resource.ends_with(tagged)),
        "{:?}",
        fixture.world.picture()
    );
}

#[test]
fn stacks_that_are_deployed_at_the_same_time_all_come_about() {
    let fixture = Fixture::new();
    let ids = fixture.deploy_space();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (fixture, ids) = (fixture.clone(), &ids);
            scope.spawn(move || {
                let [environment, application] =
                    ids.each_ref().map(|(key, value)| (*key, value.as_str()));
                let template = SERVICES.replace("/posts", &format!("/posts{number}"));
                let parameters = [environment, application, ("PostsUrl", "http://p:1")];
                let name = format!("services{number}");
                assert_eq!(
                    fixture.deploy(&name, "CREATE", &template, &parameters),
                    "CREATE_COMPLETE"
                );
            });
        }
    });
    assert_eq!(fixture.world.picture().len(), 4 + 8 * 2);
}
