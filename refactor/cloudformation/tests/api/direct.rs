//! `CreateStack` and `UpdateStack`.

use http::StatusCode;

use crate::fake::Crash;
use crate::fixture::{Answer, Fixture, MONOLITH, SPACE};

const SMALL: &str = "Parameters: {Text: {Type: String, Default: one}}
Resources: {Env: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: small, NetworkFabricType: NONE, Description: !Ref Text}}}
Outputs: {Id: {Value: !Ref Env}}";

/// Sends a request about the stack `direct` with the template.
fn send(fixture: &Fixture, action: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [&[("StackName", "direct"), ("TemplateBody", SMALL)], more].concat();
    fixture.ask(action, &fields)
}

fn text(value: &str) -> [(&str, &str); 2] {
    [("Parameters.member.1.ParameterKey", "Text"), ("Parameters.member.1.ParameterValue", value)]
}

#[track_caller]
fn refused(answer: &Answer, code: &str, words: &str) {
    assert_eq!((answer.status, answer.text("Code")), (StatusCode::BAD_REQUEST, code.to_owned()));
    let message = answer.text("Message");
    assert!(message.contains(words), "{words}\n{message}");
}

#[test]
fn a_stack_is_made_and_updated_without_a_change_set() {
    let fixture = Fixture::new();
    let made = send(
        &fixture,
        "CreateStack",
        &[("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "board")],
    );
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert_eq!(fixture.status("direct"), "CREATE_COMPLETE");
    refused(
        &send(&fixture, "CreateStack", &[]),
        "AlreadyExistsException",
        "Stack [direct] already exists",
    );
    refused(
        &send(&fixture, "UpdateStack", &[]),
        "ValidationError",
        "No updates are to be performed.",
    );
    let updated = send(&fixture, "UpdateStack", &text("two"));
    assert_eq!(updated.text("StackId"), made.text("StackId"));
    assert_eq!(fixture.status("direct"), "UPDATE_COMPLETE");
    let described = fixture.ask("DescribeStacks", &[("StackName", "direct")]);
    assert_eq!(described.text("ParameterValue"), "two");
    assert_eq!(described.text("Key"), "team", "tags that are not mentioned stay");
    assert!(described.texts("ChangeSetId").is_empty(), "{}", described.body);
    let listed = fixture.ask("ListChangeSets", &[("StackName", "direct")]);
    assert!(listed.texts("ChangeSetId").is_empty(), "{}", listed.body);
}

#[test]
fn an_update_keeps_the_template_and_the_values_that_it_names() {
    let fixture = Fixture::new();
    send(&fixture, "CreateStack", &text("two"));
    assert_eq!(fixture.status("direct"), "CREATE_COMPLETE");
    let same = [
        ("StackName", "direct"),
        ("UsePreviousTemplate", "true"),
        ("Parameters.member.1.ParameterKey", "Text"),
        ("Parameters.member.1.UsePreviousValue", "true"),
    ];
    refused(
        &fixture.ask("UpdateStack", &same),
        "ValidationError",
        "No updates are to be performed.",
    );
    let tagged = [&same[..], &[("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")]].concat();
    assert_eq!(fixture.ask("UpdateStack", &tagged).status, StatusCode::OK);
    assert_eq!(fixture.status("direct"), "UPDATE_COMPLETE");
    let described = fixture.ask("DescribeStacks", &[("StackName", "direct")]);
    assert_eq!(
        (described.text("ParameterValue"), described.text("Key")),
        ("two".into(), "a".into())
    );
    let unknown = fixture.ask("UpdateStack", &[("StackName", "nix"), ("TemplateBody", SMALL)]);
    refused(&unknown, "ValidationError", "Stack [nix] does not exist");
}

#[test]
fn a_failed_creation_is_rolled_back_kept_or_deleted_as_the_request_says() {
    let cases = [
        (("OnFailure", "ROLLBACK"), "ROLLBACK_COMPLETE"),
        (("OnFailure", "DO_NOTHING"), "CREATE_FAILED"),
        (("DisableRollback", "true"), "CREATE_FAILED"),
        (("OnFailure", "DELETE"), "DELETE_COMPLETE"),
        (("TimeoutInMinutes", "5"), "ROLLBACK_COMPLETE"),
    ];
    for (member, status) in cases {
        let fixture = Fixture::new();
        fixture.world.refuse(Some("create"));
        let made = send(&fixture, "CreateStack", &[member]);
        assert_eq!(fixture.status(&made.text("StackId")), status, "{member:?}");
        let events = fixture.ask("DescribeStackEvents", &[("StackName", &made.text("StackId"))]);
        assert!(events.body.contains("failed to create: [Env]"), "{}", events.body);
    }
    let fixture = Fixture::new();
    for (member, value, words) in [
        ("OnFailure", "PERHAPS", "enum value set: [DO_NOTHING, ROLLBACK, DELETE]"),
        ("TimeoutInMinutes", "0", "greater than or equal to 1"),
        ("DisableRollback", "perhaps", "takes true or false"),
    ] {
        refused(&send(&fixture, "CreateStack", &[(member, value)]), "ValidationError", words);
    }
    let both = [("OnFailure", "DELETE"), ("DisableRollback", "true")];
    refused(&send(&fixture, "CreateStack", &both), "ValidationError", "give only one of them");
    assert!(fixture.ask("DescribeStacks", &[]).texts("StackName").is_empty(), "nothing was begun");
}

#[test]
fn on_stack_failure_of_a_change_set_is_obeyed() {
    for (word, status) in [
        ("ROLLBACK", "ROLLBACK_COMPLETE"),
        ("DO_NOTHING", "CREATE_FAILED"),
        ("DELETE", "DELETE_COMPLETE"),
    ] {
        let fixture = Fixture::new();
        fixture.world.refuse(Some("create"));
        let fields =
            [("ChangeSetName", "c"), ("ChangeSetType", "CREATE"), ("OnStackFailure", word)];
        let planned = send(&fixture, "CreateChangeSet", &fields);
        let id = planned.text("Id");
        let both =
            fixture.ask("ExecuteChangeSet", &[("ChangeSetName", &id), ("DisableRollback", "true")]);
        refused(&both, "ValidationError", "DisableRollback must not be given");
        fixture.ask("ExecuteChangeSet", &[("ChangeSetName", &id)]);
        assert_eq!(fixture.status(&planned.text("StackId")), status, "{word}");
    }
    let fixture = Fixture::new();
    send(&fixture, "CreateStack", &[]);
    assert_eq!(fixture.status("direct"), "CREATE_COMPLETE");
    let update =
        [&[("ChangeSetName", "c"), ("OnStackFailure", "DELETE")][..], &text("two")].concat();
    refused(
        &send(&fixture, "CreateChangeSet", &update),
        "ValidationError",
        "only valid with ChangeSetType CREATE",
    );
}

#[test]
fn a_client_request_token_makes_a_repeat_and_marks_the_events() {
    let fixture = Fixture::new();
    let token = [("ClientRequestToken", "t1")];
    let made = send(&fixture, "CreateStack", &token);
    assert_eq!(fixture.status("direct"), "CREATE_COMPLETE");
    assert_eq!(send(&fixture, "CreateStack", &token).text("StackId"), made.text("StackId"));
    let other = [&token[..], &text("two")].concat();
    refused(&send(&fixture, "CreateStack", &other), "TokenAlreadyExistsException", "t1");
    let update = [&[("ClientRequestToken", "t2")][..], &text("two")].concat();
    for _ in 0..2 {
        assert_eq!(send(&fixture, "UpdateStack", &update).status, StatusCode::OK);
        assert_eq!(fixture.status("direct"), "UPDATE_COMPLETE");
    }
    let events = fixture.ask("DescribeStackEvents", &[("StackName", "direct")]);
    let tokens = events.texts("ClientRequestToken");
    assert_eq!(tokens.len(), events.texts("EventId").len());
    assert!(tokens.iter().filter(|token| *token == "t1").count() >= 4, "{tokens:?}");
}

/// On purpose: the stack is no longer as that request made it.
#[test]
fn a_request_with_its_token_is_carried_out_again_after_an_operation_without_a_token() {
    let fixture = Fixture::new();
    send(&fixture, "CreateStack", &[]);
    assert_eq!(fixture.status("direct"), "CREATE_COMPLETE");
    let two = [&[("ClientRequestToken", "t")][..], &text("two")].concat();
    for (fields, value) in [(&two[..], "two"), (&text("three"), "three"), (&two, "two")] {
        let answer = send(&fixture, "UpdateStack", fields);
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let described = fixture.ask("DescribeStacks", &[("StackName", "direct")]);
        assert_eq!(described.text("ParameterValue"), value);
        assert_eq!(described.text("StackStatus"), "UPDATE_COMPLETE");
    }
}

#[test]
fn a_creation_that_takes_longer_than_its_timeout_is_rolled_back() {
    let fixture = Fixture::new();
    fixture.world.crash_at(1, Crash::Before);
    let fields = [
        ("StackName", "space"),
        ("TemplateBody", SPACE),
        ("TimeoutInMinutes", "1"),
        ("Parameters.member.1.ParameterKey", "MonolithUrl"),
        ("Parameters.member.1.ParameterValue", MONOLITH.1),
    ];
    let id = fixture.ask("CreateStack", &fields).text("StackId");
    assert!(fixture.world.crashed(|| false));
    // It stood still for an hour.
    let created = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    fixture.alter_stack(&id, "created", &format!("{created:.3}"));
    let fixture = fixture.restarted();
    assert_eq!(fixture.status("space"), "ROLLBACK_COMPLETE");
    let shown = fixture.ask("DescribeStacks", &[("StackName", "space")]);
    assert_eq!(
        shown.text("StackStatusReason"),
        "Stack creation time exceeded the specified timeout."
    );
    assert_eq!(shown.text("TimeoutInMinutes"), "1");
    assert!(fixture.world.picture().is_empty());
}

/// CDK and SAM sort by the time of an event.
#[test]
fn every_event_of_a_stack_is_later_than_the_one_before() {
    let fixture = Fixture::new();
    fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    fixture.ask("DeleteStack", &[("StackName", "space")]);
    let id = fixture.ask("ListStacks", &[]).text("StackId");
    assert_eq!(fixture.status(&id), "DELETE_COMPLETE");
    let mut times = fixture.ask("DescribeStackEvents", &[("StackName", &id)]).texts("Timestamp");
    times.reverse();
    assert!(times.len() > 20 && times.is_sorted_by(|a, b| a < b), "{times:?}");
}
