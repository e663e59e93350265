//! What is kept when a stack, or a resource of it, goes.

use crate::fixture::{Fixture, MONOLITH, SPACE};

#[test]
fn a_protected_stack_is_not_deleted() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    let protect = |on| {
        let fields = [("StackName", "space"), ("EnableTerminationProtection", on)];
        fixture.ask("UpdateTerminationProtection", &fields).text("StackId")
    };
    protect("true");
    let shown = fixture.ask("DescribeStacks", &[("StackName", "space")]);
    assert_eq!(shown.text("EnableTerminationProtection"), "true");
    let refused = fixture.ask("DeleteStack", &[("StackName", "space")]);
    assert_eq!(
        refused.text("Message"),
        "Stack [space] cannot be deleted while TerminationProtection is enabled"
    );
    assert_eq!(fixture.status("space"), "CREATE_COMPLETE");
    let id = protect("false");
    fixture.ask("DeleteStack", &[("StackName", "space")]);
    assert_eq!(fixture.status(&id), "DELETE_COMPLETE");
}

#[test]
fn a_deletion_that_failed_goes_on_without_the_resources_that_it_is_told_to_retain() {
    for (member, value) in
        [("RetainResources.member.1", "DefaultRoute"), ("DeletionMode", "FORCE_DELETE_STACK")]
    {
        let fixture = Fixture::new();
        fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
        let delete = [("StackName", "space"), (member, value)];
        let early = fixture.ask("DeleteStack", &delete);
        assert!(
            early.text("Message").contains("is only for a stack in DELETE_FAILED state"),
            "{}",
            early.body
        );
        fixture.world.refuse(Some("delete DefaultRoute"));
        fixture.ask("DeleteStack", &[("StackName", "space")]);
        assert_eq!(fixture.status("space"), "DELETE_FAILED");
        let unknown = fixture
            .ask("DeleteStack", &[("StackName", "space"), ("RetainResources.member.1", "Nix")]);
        assert!(unknown.text("Message").contains("Resource Nix"), "{}", unknown.body);
        let id = fixture.ask("DescribeStacks", &[("StackName", "space")]).text("StackId");
        fixture.ask("DeleteStack", &delete);
        let status = fixture.status(&id);
        // What is retained still needs the service that it leads to.
        let expected = if member == "DeletionMode" { "DELETE_COMPLETE" } else { "DELETE_FAILED" };
        assert_eq!(status, expected);
        let events = fixture.ask("DescribeStackEvents", &[("StackName", &id)]);
        assert!(events.body.contains("DELETE_SKIPPED"), "{}", events.body);
        assert!(fixture.world.picture().iter().any(|line| line.starts_with("Route")));
    }
    let fixture = Fixture::new();
    let answer = fixture.ask("DeleteStack", &[("StackName", "nix"), ("DeletionMode", "PERHAPS")]);
    assert!(answer.text("Message").contains("[STANDARD, FORCE_DELETE_STACK]"), "{}", answer.body);
}

#[test]
fn a_resource_is_found_by_its_name_and_by_its_id() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    let one = fixture.ask(
        "DescribeStackResource",
        &[("StackName", "space"), ("LogicalResourceId", "Application")],
    );
    let id = one.text("PhysicalResourceId");
    assert_eq!(id, "env-0000000001|app-0000000002");
    assert_eq!(one.texts("LastUpdatedTimestamp").len(), 1);
    let all = fixture.ask("DescribeStackResources", &[("PhysicalResourceId", &id)]);
    assert_eq!(all.text("StackName"), "space");
    assert!(all.texts("LogicalResourceId").len() > 4);
    let none = fixture.ask("DescribeStackResources", &[("PhysicalResourceId", "env-none")]);
    assert_eq!(none.text("Message"), "Stack for env-none does not exist");
    let none = fixture
        .ask("DescribeStackResource", &[("StackName", "space"), ("LogicalResourceId", "Nix")]);
    assert_eq!(none.text("Message"), "Resource Nix does not exist for stack space");
    let both = fixture
        .ask("DescribeStackResources", &[("StackName", "space"), ("PhysicalResourceId", &id)]);
    assert!(both.text("Message").contains("give only one of them"), "{}", both.body);
}

#[test]
fn a_resource_of_a_type_that_is_not_known_is_not_taken_for_deleted() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    let id = fixture.ask("DescribeStacks", &[("StackName", "space")]).text("StackId");
    // As after a step back to a version that does not have it yet.
    fixture.alter_resource(&id, "MonolithService", "kind", "AWS::RefactorSpaces::Later");
    fixture.ask("DeleteStack", &[("StackName", "space")]);
    assert_eq!(fixture.status("space"), "DELETE_FAILED");
    let events = || fixture.ask("DescribeStackEvents", &[("StackName", &id)]).body;
    assert!(events().contains("[AWS::RefactorSpaces::Later]"), "{}", events());
    assert!(fixture.world.picture().iter().any(|line| line.starts_with("Service")));
    fixture.ask("DeleteStack", &[("StackName", "space"), ("DeletionMode", "FORCE_DELETE_STACK")]);
    assert_eq!(fixture.status(&id), "DELETE_COMPLETE");
    assert!(events().contains("DELETE_SKIPPED"), "{}", events());
}
