//! `DeletionPolicy` and `UpdateReplacePolicy`.

use crate::stand::Stand;

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
fn there(stand: &Stand) -> Vec<String> {
    let picture = stand.world.picture();
    picture.iter().map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect()
}

fn create(stand: &Stand, attributes: &str, more: &[(&str, &str)]) -> String {
    let body = template("kept", attributes);
    let fields = [&[("StackName", "s"), ("TemplateBody", body.as_str())], more].concat();
    let made = stand.ask("CreateStack", &fields);
    stand.status(&made.text("StackId"));
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
        let stand = Stand::new();
        let id = create(&stand, attributes, &[]);
        stand.ask("DeleteStack", &[("StackName", "s")]);
        assert_eq!(stand.status(&id), "DELETE_COMPLETE", "{attributes}");
        assert_eq!(there(&stand), left, "{attributes}");
        let events = stand.ask("DescribeStackEvents", &[("StackName", &id)]);
        assert_eq!(events.body.contains("DELETE_SKIPPED"), stays, "{attributes}");

        let stand = Stand::new();
        create(&stand, attributes, &[]);
        assert_eq!(stand.deploy("s", "UPDATE", without_kept(), &[]), "UPDATE_COMPLETE");
        assert_eq!(there(&stand), [left, &["other"]].concat(), "{attributes}");
        let resources = stand.ask("ListStackResources", &[("StackName", "s")]);
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
        let stand = Stand::new();
        stand.world.refuse(Some("create Other"));
        create(&stand, attributes, more);
        let left: &[&str] = if stays { &["kept"] } else { &[] };
        assert_eq!(there(&stand), left, "{attributes} {more:?}");
    }
}

#[test]
fn a_replaced_resource_stays_if_its_policy_is_to_retain_it() {
    for (attributes, names) in
        [("", &["new", "other"][..]), ("UpdateReplacePolicy: Retain,", &["kept", "new", "other"])]
    {
        let stand = Stand::new();
        create(&stand, attributes, &[]);
        let renamed = template("new", attributes);
        assert_eq!(stand.deploy("s", "UPDATE", &renamed, &[]), "UPDATE_COMPLETE");
        assert_eq!(there(&stand), names, "{attributes}");
    }
}

#[test]
fn a_policy_alone_is_an_update_and_is_put_back_with_it() {
    let stand = Stand::new();
    create(&stand, "", &[]);
    let retained = template("kept", "DeletionPolicy: Retain,");
    let planned = stand.plan("s", "UPDATE", &retained, &[]);
    let described = stand.ask("DescribeChangeSet", &[("ChangeSetName", &planned.text("Id"))]);
    assert_eq!(described.text("Attribute"), "DeletionPolicy");
    assert_eq!(described.texts("LogicalResourceId"), ["Kept"]);
    // An update that fails leaves the policy as it was.
    stand.world.refuse(Some("create Other"));
    let renamed = retained.replace("Name: other", "Name: renamed");
    assert_eq!(stand.deploy("s", "UPDATE", &renamed, &[]), "UPDATE_ROLLBACK_COMPLETE");
    stand.world.refuse(None);
    let again = stand.plan("s", "UPDATE", &retained, &[]);
    stand.ask("ExecuteChangeSet", &[("ChangeSetName", &again.text("Id"))]);
    assert_eq!(stand.status("s"), "UPDATE_COMPLETE");
    let id = stand.ask("DescribeStacks", &[("StackName", "s")]).text("StackId");
    stand.ask("DeleteStack", &[("StackName", "s")]);
    assert_eq!(stand.status(&id), "DELETE_COMPLETE");
    assert_eq!(there(&stand), ["kept"]);
}

#[test]
fn a_policy_that_cannot_be_kept_is_refused() {
    let stand = Stand::new();
    for (attributes, words) in [
        (
            "DeletionPolicy: Snapshot,",
            "DeletionPolicy Snapshot is not supported here; supported are Delete, Retain and RetainExceptOnCreate",
        ),
        ("UpdateReplacePolicy: RetainExceptOnCreate,", "supported are Delete and Retain"),
    ] {
        let answer = stand.plan("s", "CREATE", &template("kept", attributes), &[]);
        assert!(answer.text("Message").contains(words), "{}", answer.body);
    }
}
