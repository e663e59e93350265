//! Deployments that go well.

use crate::stand::{MONOLITH, SERVICES, SPACE, Stand};

#[test]
fn a_new_stack_is_made_in_the_order_of_its_needs() {
    let stand = Stand::new();
    assert_eq!(stand.deploy("space", "CREATE", SPACE, &[MONOLITH]), "CREATE_COMPLETE");
    let calls = [
        "create Environment",
        "create Application",
        "create MonolithService",
        "create DefaultRoute",
    ];
    assert_eq!(stand.world.calls(), calls);
    let described = stand.ask("DescribeStacks", &[("StackName", "space")]);
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
    let stand = Stand::new();
    stand.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    let planned = stand.plan("space", "UPDATE", SPACE, &[("MonolithUrl", "(previous)")]);
    let described = stand.ask(
        "DescribeChangeSet",
        &[("ChangeSetName", &planned.text("Id")), ("StackName", "space")],
    );
    assert_eq!(described.text("Status"), "FAILED");
    assert_eq!(described.text("ExecutionStatus"), "UNAVAILABLE");
    let reason = "The submitted information didn't contain changes. Submit different information to create a change set.";
    assert_eq!(described.text("StatusReason"), reason);
    let executed = stand.ask("ExecuteChangeSet", &[("ChangeSetName", &planned.text("Id"))]);
    assert_eq!(executed.text("Code"), "InvalidChangeSetStatus");
    assert_eq!(stand.status("space"), "CREATE_COMPLETE");
}

/// What the tutorial does: one service at a time; the others keep their values.
#[test]
fn an_update_changes_only_what_changed() {
    let stand = Stand::new();
    let ids = stand.deploy_space();
    let [environment, application] = ids.each_ref().map(|(key, value)| (*key, value.as_str()));
    assert_eq!(
        stand.deploy("services", "CREATE", SERVICES, &[environment, application]),
        "CREATE_COMPLETE"
    );
    let kept = [("EnvironmentId", "(previous)"), ("ApplicationID", "(previous)")];

    stand.world.forget_calls();
    let posts = [kept[0], kept[1], ("PostsUrl", "http://p1:1")];
    assert_eq!(stand.deploy("services", "UPDATE", SERVICES, &posts), "UPDATE_COMPLETE");
    assert_eq!(stand.world.calls(), ["create PostsService", "create PostsRoute"]);

    stand.world.forget_calls();
    let users = [kept[0], kept[1], ("PostsUrl", "(previous)"), ("UsersUrl", "http://u1:1")];
    let planned = stand.plan("services", "UPDATE", SERVICES, &users);
    let described = stand.ask(
        "DescribeChangeSet",
        &[("ChangeSetName", &planned.text("Id")), ("StackName", "services")],
    );
    assert_eq!(described.texts("LogicalResourceId"), ["UsersService", "UsersRoute"]);
    assert_eq!(described.texts("Action"), ["Add", "Add"]);
    assert_eq!(stand.deploy("services", "UPDATE", SERVICES, &users), "UPDATE_COMPLETE");
    assert_eq!(stand.world.calls(), ["create UsersService", "create UsersRoute"]);

    // Another URL: a new service, one step that swaps the route, and then the old service goes.
    stand.world.forget_calls();
    let moved = [kept[0], kept[1], ("PostsUrl", "http://p2:1"), ("UsersUrl", "(previous)")];
    let planned = stand.plan("services", "UPDATE", SERVICES, &moved);
    let described = stand.ask(
        "DescribeChangeSet",
        &[("ChangeSetName", &planned.text("Id")), ("StackName", "services")],
    );
    assert_eq!(described.texts("Replacement"), ["True", "True"]);
    assert_eq!(stand.deploy("services", "UPDATE", SERVICES, &moved), "UPDATE_COMPLETE");
    assert_eq!(
        stand.world.calls(),
        ["create PostsService", "swap PostsRoute", "delete PostsService"]
    );

    // No URL: the traffic goes back to the monolith.
    stand.world.forget_calls();
    let back = [kept[0], kept[1], ("PostsUrl", ""), ("UsersUrl", "(previous)")];
    assert_eq!(stand.deploy("services", "UPDATE", SERVICES, &back), "UPDATE_COMPLETE");
    assert_eq!(stand.world.calls(), ["delete PostsRoute", "delete PostsService"]);
    let described = stand.ask("DescribeStacks", &[("StackName", "services")]);
    assert_eq!(
        described.texts("OutputKey"),
        ["UsersService"],
        "an output whose condition does not hold is left out"
    );
}

#[test]
fn tags_and_activation_change_in_place() {
    let stand = Stand::new();
    let ids = stand.deploy_space();
    let [environment, application] = ids.each_ref().map(|(key, value)| (*key, value.as_str()));
    let parameters = [environment, application, ("PostsUrl", "http://p:1")];
    stand.deploy("services", "CREATE", SERVICES, &parameters);
    stand.world.forget_calls();
    let inactive = SERVICES.replacen("ActivationState: ACTIVE", "ActivationState: INACTIVE", 1);
    let planned = stand.plan("services", "UPDATE", &inactive, &parameters);
    let described = stand.ask(
        "DescribeChangeSet",
        &[("ChangeSetName", &planned.text("Id")), ("StackName", "services")],
    );
    assert_eq!(described.texts("Replacement"), ["False"]);
    assert_eq!(described.texts("RequiresRecreation"), ["Never"]);
    assert_eq!(stand.deploy("services", "UPDATE", &inactive, &parameters), "UPDATE_COMPLETE");
    assert_eq!(stand.world.calls(), ["update PostsRoute"]);
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
    let stand = Stand::new();
    assert_eq!(stand.deploy("space", "CREATE", &template, &[MONOLITH]), "CREATE_COMPLETE");
    assert_eq!(stand.world.calls()[3..], ["create DefaultRoute", "create Early"]);
    stand.world.forget_calls();
    stand.ask("DeleteStack", &[("StackName", "space")]);
    assert!(stand.ask("DescribeStacks", &[("StackName", "space")]).body.contains("does not exist"));
    assert_eq!(stand.world.calls()[..2], ["delete Early", "delete DefaultRoute"]);
}

#[test]
fn stacks_are_deleted_in_the_order_of_the_requests() {
    let stand = Stand::new();
    let ids = stand.deploy_space();
    let [environment, application] = ids.each_ref().map(|(key, value)| (*key, value.as_str()));
    stand.deploy(
        "services",
        "CREATE",
        SERVICES,
        &[environment, application, ("PostsUrl", "http://p:1")],
    );
    let arn = stand.ask("DescribeStacks", &[("StackName", "space")]).text("StackId");
    stand.ask("DeleteStack", &[("StackName", "services")]);
    stand.ask("DeleteStack", &[("StackName", "space")]);
    let deleted = stand.ask("DescribeStacks", &[("StackName", &arn)]);
    assert_eq!(deleted.text("StackStatus"), "DELETE_COMPLETE");
    assert_eq!(stand.world.picture(), Vec::<String>::new());
    let gone = stand.ask("DescribeStacks", &[("StackName", "space")]);
    assert_eq!(gone.text("Message"), "Stack with id space does not exist");
}

#[test]
fn tags_of_a_stack_are_tags_of_its_resources() {
    let stand = Stand::new();
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
    let planned = stand.ask("CreateChangeSet", &fields);
    stand.ask("ExecuteChangeSet", &[("ChangeSetName", &planned.text("Id"))]);
    assert_eq!(stand.status("space"), "CREATE_COMPLETE");
    let tagged = r#"[{"Key":"team","Value":"board"}]"#;
    assert!(
        stand.world.picture().iter().all(|resource| resource.ends_with(tagged)),
        "{:?}",
        stand.world.picture()
    );
}

#[test]
fn stacks_that_are_deployed_at_the_same_time_all_come_about() {
    let stand = Stand::new();
    let ids = stand.deploy_space();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (stand, ids) = (stand.clone(), &ids);
            scope.spawn(move || {
                let [environment, application] =
                    ids.each_ref().map(|(key, value)| (*key, value.as_str()));
                let template = SERVICES.replace("/posts", &format!("/posts{number}"));
                let parameters = [environment, application, ("PostsUrl", "http://p:1")];
                let name = format!("services{number}");
                assert_eq!(
                    stand.deploy(&name, "CREATE", &template, &parameters),
                    "CREATE_COMPLETE"
                );
            });
        }
    });
    assert_eq!(stand.world.picture().len(), 4 + 8 * 2);
}
