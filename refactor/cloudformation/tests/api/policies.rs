//! `DeletionPolicy` and `UpdateReplacePolicy`.

use crate::fixture::Fixture;

/// An environment with these attributes, and another one that needs none.
fn template(name: &str, attributes: &str) -> String {
    format!(
        "Resources:
  Kept: {{Type: AWS::RefactorSpaces::Environment, {attributes} Properties: {{Name: {name}, NetworkFabricType: NONE}}}}
  Other: {{Type: AWS::RefactorSpaces::Environment, DependsOn: Kept, Properties: {{Name: other, NetworkFabricType: NONE}}}}"
    )
}

fn without_kept() -> &'static str {
    "Resources: {Other: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: other, NetworkFabricType: NONE}}}"
}

/// The names of the environments that there are.
fn there(fixture: &Fixture) -> Vec<String> {
    let picture = fixture.world.picture();
    picture.iter().map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect()
}

fn create(fixture: &Fixture, attributes: &str, more: &[(&str, &str)]) -> String {
    let body = template("kept", attributes);
    let fields = [&[("StackName", "s"), ("TemplateBody", body.as_str())], more].concat();
    let made = fixture.ask("CreateStack", &fields);
    fixture.status(&made.text("StackId"));
    made.text("StackId")
}

#[test]
fn a_retained_resource_stays_when_its_stack_or_its_template_lets_go_of_it() {
    for (attributes, stays) in [
        ("", false),
        ("DeletionPolicy: Delete,", false),
        ("DeletionPolicy: Retain,", true),
        ("DeletionPolicy: RetainExceptOnCreate,", true),
    ] {
        let left: &[&str] = if stays { &["kept"] } else { &[] };
        let fixture = Fixture::new();
        let id = create(&fixture, attributes, &[]);
        fixture.ask("DeleteStack", &[("StackName", "s")]);
        assert_eq!(fixture.status(&id), "DELETE_COMPLETE", "{attributes}");
        assert_eq!(there(&fixture), left, "{attributes}");
        let events = fixture.ask("DescribeStackEvents", &[("StackName", &id)]);
        assert_eq!(events.body.contains("DELETE_SKIPPED"), stays, "{attributes}");

        let fixture = Fixture::new();
        create(&fixture, attributes, &[]);
        assert_eq!(fixture.deploy("s", "UPDATE", without_kept(), &[]), "UPDATE_COMPLETE");
        assert_eq!(there(&fixture), [left, &["other"]].concat(), "{attributes}");
        let resources = fixture.ask("ListStackResources", &[("StackName", "s")]);
        assert_eq!(resources.texts("LogicalResourceId"), ["Other"]);
    }
}

#[test]
fn what_a_failed_operation_made_stays_only_if_its_policy_is_retain() {
    let except = ("RetainExceptOnCreate", "true");
    for (attributes, more, stays) in [
        ("DeletionPolicy: Retain,", &[][..], true),
        ("DeletionPolicy: RetainExceptOnCreate,", &[], false),
        ("DeletionPolicy: Retain,", &[except], false),
        ("DeletionPolicy: Retain,", &[("OnFailure", "DELETE")], true),
        ("DeletionPolicy: Retain,", &[("OnFailure", "DELETE"), except], false),
    ] {
        let fixture = Fixture::new();
        fixture.world.refuse(Some("create Other"));
        create(&fixture, attributes, more);
        let left: &[&str] = if stays { &["kept"] } else { &[] };
        assert_eq!(there(&fixture), left, "{attributes} {more:?}");
    }
}

#[test]
fn a_replaced_resource_stays_if_its_policy_is_to_retain_it() {
    for (attributes, names) in
        [("", &["new", "other"][..]), ("UpdateReplacePolicy: Retain,", &["kept", "new", "other"])]
    {
        let fixture = Fixture::new();
        create(&fixture, attributes, &[]);
        let renamed = template("new", attributes);
        assert_eq!(fixture.deploy("s", "UPDATE", &renamed, &[]), "UPDATE_COMPLETE");
        assert_eq!(there(&fixture), names, "{attributes}");
    }
}

#[test]
fn a_policy_alone_is_an_update_and_is_put_back_with_it() {
    let fixture = Fixture::new();
    create(&fixture, "", &[]);
    let retained = template("kept", "DeletionPolicy: Retain,");
    let planned = fixture.plan("s", "UPDATE", &retained, &[]);
    let described = fixture.ask("DescribeChangeSet", &[("ChangeSetName", &planned.text("Id"))]);
    assert_eq!(described.text("Attribute"), "DeletionPolicy");
    assert_eq!(described.texts("LogicalResourceId"), ["Kept"]);
    // An update that fails leaves the policy as it was.
    fixture.world.refuse(Some("create Other"));
    let renamed = retained.replace("Name: other", "Name: renamed");
    assert_eq!(fixture.deploy("s", "UPDATE", &renamed, &[]), "UPDATE_ROLLBACK_COMPLETE");
    fixture.world.refuse(None);
    let again = fixture.plan("s", "UPDATE", &retained, &[]);
    fixture.ask("ExecuteChangeSet", &[("ChangeSetName", &again.text("Id"))]);
    assert_eq!(fixture.status("s"), "UPDATE_COMPLETE");
    let id = fixture.ask("DescribeStacks", &[("StackName", "s")]).text("StackId");
    fixture.ask("DeleteStack", &[("StackName", "s")]);
    assert_eq!(fixture.status(&id), "DELETE_COMPLETE");
    assert_eq!(there(&fixture), ["kept"]);
}

#[test]
fn a_policy_that_cannot_be_kept_is_refused() {
    let fixture = Fixture::new();
    for (attributes, words) in [
        (
            "DeletionPolicy: Snapshot,",
            "DeletionPolicy Snapshot is not supported here; supported are Delete, Retain and RetainExceptOnCreate",
        ),
        ("UpdateReplacePolicy: RetainExceptOnCreate,", "supported are Delete and Retain"),
    ] {
        let answer = fixture.plan("s", "CREATE", &template("kept", attributes), &[]);
        assert!(answer.text("Message").contains(words), "{}", answer.body);
    }
}

#[test]
fn what_an_update_cannot_remove_is_said_also_if_its_type_is_not_known() {
    let fixture = Fixture::new();
    let id = create(&fixture, "", &[]);
    // As after a step back to a version that does not have it yet.
    fixture.alter_resource(&id, "Kept", "kind", "AWS::RefactorSpaces::Later");
    assert_eq!(fixture.deploy("s", "UPDATE", without_kept(), &[]), "UPDATE_COMPLETE");
    assert_eq!(there(&fixture), ["kept", "other"]);
    let resources = fixture.ask("ListStackResources", &[("StackName", "s")]);
    assert_eq!(resources.texts("LogicalResourceId"), ["Kept", "Other"]);
    assert_eq!(resources.texts("ResourceStatus"), ["DELETE_FAILED", "CREATE_COMPLETE"]);
    assert!(resources.body.contains("[AWS::RefactorSpaces::Later]"), "{}", resources.body);
}

#[test]
fn a_resource_that_was_left_in_the_middle_of_a_step_is_well_once_it_is_as_wanted() {
    for left in ["DELETE_FAILED", "DELETE_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_IN_PROGRESS"] {
        let fixture = Fixture::new();
        let id = create(&fixture, "", &[]);
        fixture.alter_resource(&id, "Kept", "status", left);
        let changed = template("kept", "").replace("Name: other", "Name: another");
        assert_eq!(fixture.deploy("s", "UPDATE", &changed, &[]), "UPDATE_COMPLETE", "{left}");
        let kept = [("StackName", "s"), ("LogicalResourceId", "Kept")];
        let kept = fixture.ask("DescribeStackResource", &kept);
        assert_eq!(kept.text("ResourceStatus"), "UPDATE_COMPLETE", "{left}");
    }
}
