//! Drift: what is there is not what the stack made.

use serde_json::json;

use crate::crashes::{BOTH, killed};
use crate::fixture::{Answer, Fixture, MONOLITH, SPACE};

const ENVIRONMENT: &str = "env-0000000001";
const ROUTE: &str = "env-0000000001|app-0000000002|rte-0000000004";

/// Looks at the whole stack, and gives what was found.
fn detect(fixture: &Fixture) -> Answer {
    let id =
        fixture.ask("DetectStackDrift", &[("StackName", "space")]).text("StackDriftDetectionId");
    let found = fixture.ask("DescribeStackDriftDetectionStatus", &[("StackDriftDetectionId", &id)]);
    assert_eq!(found.text("DetectionStatus"), "DETECTION_COMPLETE");
    found
}

/// Plans and carries out an update of the same template; the status of the change set.
fn revert(fixture: &Fixture, mode: &[(&str, &str)]) -> Answer {
    let name = format!("c{}", fastrand::u64(..));
    let fields = [
        &[
            ("StackName", "space"),
            ("ChangeSetName", name.as_str()),
            ("UsePreviousTemplate", "true"),
            ("Parameters.member.1.ParameterKey", "MonolithUrl"),
            ("Parameters.member.1.UsePreviousValue", "true"),
        ],
        mode,
    ]
    .concat();
    let planned = fixture.ask("CreateChangeSet", &fields);
    let id = planned.text("Id");
    fixture.ask("ExecuteChangeSet", &[("ChangeSetName", &id)]);
    fixture.ask("DescribeChangeSet", &[("ChangeSetName", &id)])
}

#[test]
fn a_resource_that_was_deleted_or_changed_by_hand_is_found_and_made_again() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    let found = detect(&fixture);
    assert_eq!(
        (found.text("StackDriftStatus"), found.text("DriftedStackResourceCount")),
        ("IN_SYNC".into(), "0".into())
    );
    fixture.world.lose(ROUTE);
    fixture.world.change(ENVIRONMENT, "Tags", json!([{ "Key": "by", "Value": "hand" }]));
    let found = detect(&fixture);
    assert_eq!(
        (found.text("StackDriftStatus"), found.text("DriftedStackResourceCount")),
        ("DRIFTED".into(), "2".into())
    );
    let drifts = |status| {
        let fields = [("StackName", "space"), ("StackResourceDriftStatusFilters.member.1", status)];
        fixture.ask("DescribeStackResourceDrifts", &fields)
    };
    assert_eq!(drifts("DELETED").texts("LogicalResourceId"), ["DefaultRoute"]);
    let modified = drifts("MODIFIED");
    assert_eq!(modified.texts("LogicalResourceId"), ["Environment"]);
    assert_eq!(
        (modified.text("PropertyPath"), modified.text("DifferenceType")),
        ("/Tags".into(), "ADD".into())
    );
    assert_eq!(drifts("IN_SYNC").texts("LogicalResourceId"), ["Application", "MonolithService"]);
    assert!(drifts("GONE").text("Message").contains("enum value set"));
    let shown = fixture.ask("DescribeStacks", &[("StackName", "space")]);
    assert_eq!(shown.text("StackDriftStatus"), "DRIFTED");

    assert_eq!(revert(&fixture, &[]).text("Status"), "FAILED", "nothing is new in the template");
    let reverted = revert(&fixture, &[("DeploymentMode", "REVERT_DRIFT")]);
    assert_eq!(reverted.texts("Action"), ["Modify", "Add"]);
    assert_eq!(reverted.texts("LogicalResourceId"), ["Environment", "DefaultRoute"]);
    assert_eq!(fixture.status("space"), "UPDATE_COMPLETE");
    let shown = fixture.ask("DescribeStacks", &[("StackName", "space")]);
    assert_eq!(shown.text("StackDriftStatus"), "NOT_CHECKED", "it was changed since");
    assert_eq!(detect(&fixture).text("StackDriftStatus"), "IN_SYNC");
    assert_eq!(revert(&fixture, &[("DeploymentMode", "REVERT_DRIFT")]).text("Status"), "FAILED");
}

/// With the environment goes all that is in it.
#[test]
fn a_stack_whose_resources_are_all_gone_is_made_again() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    for id in [
        ROUTE,
        "env-0000000001|app-0000000002|svc-0000000003",
        "env-0000000001|app-0000000002",
        ENVIRONMENT,
    ] {
        fixture.world.lose(id);
    }
    let before = fixture.world.picture();
    assert!(before.is_empty(), "{before:?}");
    revert(&fixture, &[("DeploymentMode", "REVERT_DRIFT")]);
    assert_eq!(fixture.status("space"), "UPDATE_COMPLETE");
    assert_eq!(fixture.world.picture().len(), 4);
    assert_eq!(detect(&fixture).text("StackDriftStatus"), "IN_SYNC");
}

#[test]
fn a_revert_is_finished_after_a_crash_at_any_call() {
    for crash in BOTH {
        for call in 0..2 {
            let fixture = Fixture::new();
            fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
            let whole = fixture.world.picture();
            fixture.world.lose(ROUTE);
            fixture.world.lose("env-0000000001|app-0000000002|svc-0000000003");
            let next = killed(&fixture, call, crash, |fixture| {
                revert(fixture, &[("DeploymentMode", "REVERT_DRIFT")]);
            });
            let next = next.expect("a service and a route are made");
            assert_eq!(next.status("space"), "UPDATE_COMPLETE", "{crash:?} call {call}");
            assert_eq!(next.world.picture(), whole, "{crash:?} call {call}");
        }
    }
}

#[test]
fn a_revert_that_fails_leaves_what_was_deleted_by_hand_on_record() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    let whole = fixture.world.picture();
    let listed = || {
        let list = fixture.ask("ListStackResources", &[("StackName", "space")]);
        let ids = list.texts("PhysicalResourceId").into_iter();
        list.texts("LogicalResourceId").into_iter().zip(ids).collect::<Vec<_>>()
    };
    let before = listed();
    fixture.world.lose(ROUTE);
    fixture.world.lose("env-0000000001|app-0000000002|svc-0000000003");
    // The service is made again, and its route cannot be.
    fixture.world.refuse(Some("create DefaultRoute"));
    revert(&fixture, &[("DeploymentMode", "REVERT_DRIFT")]);
    assert_eq!(fixture.status("space"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(fixture.world.picture().len(), whole.len() - 2, "as before the operation");
    assert_eq!(listed(), before);
    let found = detect(&fixture);
    assert_eq!(found.text("DriftedStackResourceCount"), "2");
    fixture.world.refuse(None);
    revert(&fixture, &[("DeploymentMode", "REVERT_DRIFT")]);
    assert_eq!(fixture.status("space"), "UPDATE_COMPLETE");
    assert_eq!(fixture.world.picture(), whole);
}

#[test]
fn one_resource_can_be_looked_at_alone() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    fixture.world.lose(ROUTE);
    let look = |name| {
        let fields = [("StackName", "space"), ("LogicalResourceId", name)];
        fixture.ask("DetectStackResourceDrift", &fields)
    };
    assert_eq!(look("DefaultRoute").text("StackResourceDriftStatus"), "DELETED");
    assert_eq!(look("Application").text("StackResourceDriftStatus"), "IN_SYNC");
    assert!(look("VPC").text("Message").contains("it is only recorded"));
    assert_eq!(look("Nix").text("Message"), "Resource Nix does not exist for stack space");
    let shown = fixture.ask(
        "DescribeStackResource",
        &[("StackName", "space"), ("LogicalResourceId", "DefaultRoute")],
    );
    assert_eq!(shown.text("StackResourceDriftStatus"), "DELETED");
    let some = fixture
        .ask("DetectStackDrift", &[("StackName", "space"), ("LogicalResourceIds.member.1", "Nix")]);
    assert_eq!(some.text("Message"), "Resource Nix does not exist for stack space");
    let page =
        fixture.ask("DescribeStackResourceDrifts", &[("StackName", "space"), ("MaxResults", "1")]);
    assert_eq!((page.texts("LogicalResourceId").len(), page.texts("NextToken").len()), (1, 1));
}
