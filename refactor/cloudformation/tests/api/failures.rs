//! Deployments and deletions that fail: what was there before is there afterwards.

use crate::fixture::{Fixture, MONOLITH, SERVICES, SPACE};

#[test]
fn a_create_that_fails_anywhere_leaves_nothing() {
    for call in 0..4 {
        let fixture = Fixture::new();
        fixture.world.fail_at(&[call]);
        assert_eq!(fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]), "ROLLBACK_COMPLETE");
        assert_eq!(fixture.world.picture(), Vec::<String>::new(), "call {call} failed");
        let again = fixture.plan("space", "UPDATE", SPACE, &[MONOLITH]);
        assert!(
            again.text("Message").contains("is in ROLLBACK_COMPLETE state and can not be updated.")
        );
        assert!(again.text("Message").contains("delete-stack --stack-name space"));
        fixture.ask("DeleteStack", &[("StackName", "space")]);
        assert!(
            fixture
                .ask("DescribeStacks", &[("StackName", "space")])
                .body
                .contains("does not exist")
        );
        assert_eq!(fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]), "CREATE_COMPLETE");
    }
}

#[test]
fn the_events_and_the_stack_say_what_failed_and_why() {
    let fixture = Fixture::new();
    fixture.world.refuse(Some("create DefaultRoute"));
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    let described = fixture.ask("DescribeStacks", &[("StackName", "space")]);
    let reason = "The following resource(s) failed to create: [DefaultRoute]. create DefaultRoute was told to fail";
    assert_eq!(described.text("StackStatusReason"), reason);
    let events = fixture.ask("DescribeStackEvents", &[("StackName", "space")]);
    let statuses = events.texts("ResourceStatus");
    assert_eq!(
        statuses.first().map(String::as_str),
        Some("ROLLBACK_COMPLETE"),
        "the newest comes first"
    );
    assert_eq!(statuses.last().map(String::as_str), Some("REVIEW_IN_PROGRESS"));
    assert!(statuses.iter().any(|status| status == "CREATE_FAILED"));
    assert!(
        events
            .texts("ResourceStatusReason")
            .iter()
            .any(|reason| reason == "create DefaultRoute was told to fail")
    );
}

/// One of everything: an addition, a swap with a new service, a change in place, a removal.
#[test]
fn an_update_that_fails_anywhere_leaves_what_was_there() {
    for call in 0..6 {
        let fixture = Fixture::new();
        let (before, update) = busy_update(&fixture);
        fixture.world.forget_calls();
        fixture.world.fail_at(&[call]);
        let status = update(&fixture);
        let calls = fixture.world.calls();
        if status == "UPDATE_ROLLBACK_COMPLETE" {
            assert_eq!(fixture.world.picture(), before, "call {call} failed: {calls:?}");
            let described = fixture.ask("DescribeStacks", &[("StackName", "services")]);
            let route = described.output("PostsRouteId");
            let listed = fixture.ask("DescribeStackResources", &[("StackName", "services")]);
            let ids = listed.texts("PhysicalResourceId");
            assert!(
                ids.iter().any(|id| id.ends_with(&route)),
                "outputs name the routes that are there"
            );
        } else {
            // Only the cleanup is left: what would not go is tried again by the next update.
            assert_eq!(status, "UPDATE_COMPLETE", "call {call} failed: {calls:?}");
            assert!(calls[call].starts_with("delete"), "{calls:?}");
        }
    }
}

#[test]
fn what_an_update_could_not_remove_goes_with_the_next_one() {
    let fixture = Fixture::new();
    let (_, update) = busy_update(&fixture);
    fixture.world.refuse(Some("delete PostsService"));
    assert_eq!(update(&fixture), "UPDATE_COMPLETE");
    assert_eq!(
        fixture
            .world
            .picture()
            .iter()
            .filter(|resource| resource.starts_with("Service posts"))
            .count(),
        2
    );
    fixture.world.refuse(None);
    fixture.world.forget_calls();
    let parameters = [
        ("EnvironmentId", "(previous)"),
        ("ApplicationID", "(previous)"),
        ("PostsUrl", "http://p3:1"),
    ];
    assert_eq!(fixture.deploy("services", "UPDATE", SERVICES, &parameters), "UPDATE_COMPLETE");
    assert_eq!(
        fixture
            .world
            .picture()
            .iter()
            .filter(|resource| resource.starts_with("Service posts"))
            .count(),
        1
    );
}

#[test]
fn a_failed_create_that_is_not_rolled_back_can_be_updated() {
    let fixture = Fixture::new();
    fixture.world.refuse(Some("create DefaultRoute"));
    let planned = fixture.plan("space", "CREATE", SPACE, &[MONOLITH]);
    fixture.ask(
        "ExecuteChangeSet",
        &[("ChangeSetName", &planned.text("Id")), ("DisableRollback", "true")],
    );
    assert_eq!(fixture.status("space"), "CREATE_FAILED");
    assert_eq!(fixture.world.picture().len(), 3, "what was made stays");
    fixture.world.refuse(None);
    fixture.world.forget_calls();
    assert_eq!(fixture.deploy("space", "UPDATE", SPACE, &[MONOLITH]), "UPDATE_COMPLETE");
    assert_eq!(fixture.world.calls(), ["create DefaultRoute"]);
}

#[test]
fn a_failed_update_that_is_not_rolled_back_can_be_updated() {
    let fixture = Fixture::new();
    let ids = fixture.deploy_space();
    let [environment, application] = ids.each_ref().map(|(key, value)| (*key, value.as_str()));
    fixture.deploy(
        "services",
        "CREATE",
        SERVICES,
        &[environment, application, ("PostsUrl", "http://p1:1")],
    );
    fixture.world.refuse(Some("swap PostsRoute"));
    let next = [environment, application, ("PostsUrl", "http://p2:1")];
    let planned = fixture.plan("services", "UPDATE", SERVICES, &next);
    fixture.ask(
        "ExecuteChangeSet",
        &[("ChangeSetName", &planned.text("Id")), ("DisableRollback", "true")],
    );
    assert_eq!(fixture.status("services"), "UPDATE_FAILED");
    fixture.world.refuse(None);
    fixture.world.forget_calls();
    assert_eq!(fixture.deploy("services", "UPDATE", SERVICES, &next), "UPDATE_COMPLETE");
    assert_eq!(fixture.world.calls(), ["swap PostsRoute", "delete PostsService"]);
    assert_eq!(fixture.world.picture().len(), 6);
}

/// Both stacks are there, and the first is deleted first.
#[test]
fn a_deletion_that_is_refused_loses_nothing_and_can_be_tried_again() {
    let fixture = Fixture::new();
    let ids = fixture.deploy_space();
    let [environment, application] = ids.each_ref().map(|(key, value)| (*key, value.as_str()));
    fixture.deploy(
        "services",
        "CREATE",
        SERVICES,
        &[environment, application, ("PostsUrl", "http://p:1")],
    );
    let before = fixture.world.picture();
    let listed =
        fixture.ask("ListStackResources", &[("StackName", "space")]).texts("PhysicalResourceId");
    fixture.ask("DeleteStack", &[("StackName", "space")]);
    let described = fixture.ask("DescribeStacks", &[("StackName", "space")]);
    assert_eq!(described.text("StackStatus"), "DELETE_FAILED");
    let reason = "The following resource(s) failed to delete: [DefaultRoute]. ";
    assert_eq!(described.text("StackStatusReason"), reason);
    assert_eq!(fixture.world.picture(), before);
    assert_eq!(
        fixture.ask("ListStackResources", &[("StackName", "space")]).texts("PhysicalResourceId"),
        listed
    );
    let events = fixture.ask("DescribeStackEvents", &[("StackName", "space")]);
    assert!(events.body.contains("the default route goes last"), "{}", events.body);

    fixture.ask("DeleteStack", &[("StackName", "services")]);
    fixture.ask("DeleteStack", &[("StackName", "space")]);
    assert!(
        fixture.ask("DescribeStacks", &[("StackName", "space")]).body.contains("does not exist")
    );
    assert_eq!(fixture.world.picture(), Vec::<String>::new());
}

#[test]
fn an_export_belongs_to_one_stack_of_a_region() {
    let fixture = Fixture::new();
    let template = SPACE.replacen("!Join [':', [!Ref 'AWS::StackName', VPCId]]", "the-vpc", 1);
    assert_eq!(fixture.deploy("one", "CREATE", &template, &[MONOLITH]), "CREATE_COMPLETE");
    assert_eq!(fixture.deploy("two", "CREATE", &template, &[MONOLITH]), "ROLLBACK_COMPLETE");
    let reason = fixture.ask("DescribeStacks", &[("StackName", "two")]).text("StackStatusReason");
    assert!(
        reason.starts_with("Export with name the-vpc is already exported by stack "),
        "{reason}"
    );
    assert_eq!(fixture.world.picture().len(), 4, "the first stack is not touched");
    for stack in ["one", "two"] {
        fixture.ask("DeleteStack", &[("StackName", stack)]);
        assert!(
            fixture.ask("DescribeStacks", &[("StackName", stack)]).body.contains("does not exist")
        );
    }
    assert_eq!(fixture.deploy("two", "CREATE", &template, &[MONOLITH]), "CREATE_COMPLETE");
}

/// A stack of services, and an update of it that adds, swaps, changes in place and removes.
pub(crate) fn busy_update(fixture: &Fixture) -> (Vec<String>, impl Fn(&Fixture) -> String + use<>) {
    let ids = fixture.deploy_space();
    let [environment, application] = ids.each_ref().map(|(key, value)| (*key, value.as_str()));
    let first = SERVICES.replacen(
        "Resources:",
        "Resources:
  Extra:
    Type: AWS::RefactorSpaces::Service
    Properties:
      Name: extra
      EnvironmentIdentifier: !Ref EnvironmentId
      ApplicationIdentifier: !Ref ApplicationID
      EndpointType: URL
      UrlEndpoint: {Url: 'http://extra:1'}
  Tagged:
    Type: AWS::RefactorSpaces::Service
    Properties:
      Name: tagged
      EnvironmentIdentifier: !Ref EnvironmentId
      ApplicationIdentifier: !Ref ApplicationID
      EndpointType: URL
      UrlEndpoint: {Url: 'http://tagged:1'}
      Tags: [{Key: a, Value: one}]",
        1,
    );
    let parameters = [environment, application, ("PostsUrl", "http://p1:1")];
    assert_eq!(fixture.deploy("services", "CREATE", &first, &parameters), "CREATE_COMPLETE");
    let second = first.replacen("Value: one", "Value: two", 1).replacen(
        &first[first.find("  Extra:").unwrap()..first.find("  Tagged:").unwrap()],
        "",
        1,
    );
    let owned = ids.clone();
    let update = move |fixture: &Fixture| {
        let [environment, application] =
            owned.each_ref().map(|(key, value)| (*key, value.as_str()));
        let parameters =
            [environment, application, ("PostsUrl", "http://p2:1"), ("UsersUrl", "http://u1:1")];
        fixture.deploy("services", "UPDATE", &second, &parameters)
    };
    (fixture.world.picture(), update)
}
