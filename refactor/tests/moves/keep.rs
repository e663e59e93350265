//! The route to a primary cannot be deleted, whatever the request, until the collection is given back or the move is
//! completed.

use harness::{Answer, until};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::Request;
use crate::fixture::Fixture;

/// That the route of users is refused to go, with what comes first.
#[track_caller]
fn is_refused(message: &str) {
    for part in ["users", "`banyan reverse users`", "`banyan cancel users`"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

async fn stays(fixture: &Fixture) {
    let message = fixture.delete_route("/users").await.unwrap_err();
    is_refused(&message);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_route_to_a_primary_stays_until_the_collection_is_given_back() {
    let fixture = Fixture::switched().await;
    stays(&fixture).await;
    assert_eq!(fixture.route().await.as_deref(), Some("ACTIVE"));
    let fixture = fixture.restart().await;
    // The refusal needs no answer of a program.
    fixture.target.with(|copy| copy.dead = true);
    stays(&fixture).await;
    fixture.target.with(|copy| copy.dead = false);
    fixture.activate("/users", "INACTIVE").await;
    stays(&fixture).await;
    fixture.done("reverse").await;
    fixture.delete_route("/users").await.unwrap();
    assert_eq!(fixture.route().await, None);
    fixture.done("follow").await;
    assert_eq!(fixture.route().await.as_deref(), Some("INACTIVE"), "it is made again");
    fixture.done("cancel").await;
    assert_eq!(fixture.route().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_sides_are_both_gone_is_forgotten_by_force_only() {
    let fixture = Fixture::switched().await;
    fixture.source.with(|copy| copy.dead = true);
    let refused = fixture.refused("cancel", json!({ "force": true })).await;
    assert!(refused.contains("not reached"), "the primary is there: {refused}");
    fixture.target.with(|copy| copy.dead = true);
    fixture.refused("cancel", json!({})).await;
    stays(&fixture).await;
    fixture.tell("cancel", json!({ "force": true })).await.unwrap();
    fixture.delete_route("/users").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_route_of_the_same_paths_may_go() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.make_route("threads", &fixture.target.url).await;
    fixture.done("switch").await;
    fixture.delete_route("/threads").await.unwrap();
    stays(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_route_of_a_completed_move_may_go() {
    let mut fixture = Fixture::switched().await;
    fixture.done("complete").await;
    fixture = fixture.restart().await;
    for verb in ["complete", "switch"] {
        fixture.delete_route("/users").await.unwrap();
        fixture.done(verb).await;
        assert_eq!(fixture.route().await.as_deref(), Some("ACTIVE"), "{verb} puts it back");
    }
    fixture.delete_route("/users").await.unwrap();
    fixture.source.with(|copy| copy.dead = true);
    assert_eq!(fixture.users().await.phase, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_target_that_was_given_up_needs_no_route() {
    let fixture = Fixture::switched().await;
    fixture.target.with(|copy| copy.dead = true);
    stays(&fixture).await;
    fixture.tell("reverse", json!({ "force": true })).await.unwrap();
    fixture.delete_route("/users").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_that_died_after_the_flip_keeps_the_route() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.arm("moves.promoted");
    fixture.refused("switch", json!({})).await;
    let fixture = fixture.revive().await;
    until("it is done", async || fixture.users().await.pending.is_none()).await;
    stays(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_that_died_before_it_protected_the_route_does_so_later() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.arm("moves.protect");
    fixture.refused("switch", json!({})).await;
    let fixture = fixture.revive().await;
    until("it is done", async || fixture.users().await.pending.is_none()).await;
    stays(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_that_died_before_it_let_the_route_go_does_so_at_its_start() {
    let fixture = Fixture::switched().await;
    fixture.source.with(|copy| copy.dead = true);
    fixture.target.with(|copy| copy.dead = true);
    fixture.arm("moves.protect");
    // The move is forgotten, and the route is not let go.
    fixture.refused("cancel", json!({ "force": true })).await;
    let fixture = fixture.revive().await;
    fixture.delete_route("/users").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_is_made_after_the_switch_stays_from_the_next_command_on() {
    let mut fixture = Fixture::switched().await;
    fixture.program.kill().await;
    let state = fixture.program.setup().folder().join(".refactor/state.db");
    let sql = "DELETE FROM spaces_resources WHERE kind = 'ROUTE' AND document LIKE '%/users%'";
    assert_eq!(Connection::open(state).unwrap().execute(sql, []), Ok(1));
    let fixture = fixture.restart().await;
    assert_eq!(fixture.route().await, None);
    fixture.make_route("users", &fixture.target.url).await;
    fixture.compare().await;
    stays(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_clashes_with_the_route_of_a_follow_is_told_the_cure() {
    let fixture = Fixture::new().await;
    let followed = fixture.tell("follow", json!({ "target": fixture.target.url })).await.unwrap();
    let outcome = followed.last.unwrap().outcome;
    assert!(outcome.contains("(/users)") && outcome.contains("INACTIVE"), "{outcome}");
    deploy(&fixture, "CREATE", &fixture.target.url).await;
    let events = events(&fixture).await;
    for part in ["`banyan follow users` made that one", "`banyan switch users`", "delete it"] {
        assert!(events.contains(part), "{part}: {events}");
    }
    // The second cure.
    fixture.delete_route("/users").await.unwrap();
    ask(&fixture, "DeleteStack", &[("StackName", "services")]).await;
    let gone = async || {
        let stacks = ask(&fixture, "ListStacks", &[]).await;
        !stacks.contains("ROLLBACK") && !stacks.contains("DELETE_IN_PROGRESS")
    };
    until("the stack is gone", gone).await;
    deploy(&fixture, "CREATE", &fixture.target.url).await;
    assert_eq!(status(&fixture).await, "CREATE_COMPLETE");
    fixture.verify().await;
    let again = fixture.tell("follow", json!({})).await.unwrap().last.unwrap().outcome;
    assert!(!again.contains("/users) was made"), "{again}");
    fixture.done("switch").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_keeps_the_route_and_says_which_collection_needs_it() {
    let fixture = Fixture::new().await;
    deploy(&fixture, "CREATE", &fixture.target.url).await;
    fixture.verify().await;
    fixture.done("switch").await;
    let other = fixture.source.another();
    // Another URL, none at all, and the end of the stack.
    deploy(&fixture, "UPDATE", &other.url).await;
    assert_eq!(status(&fixture).await, "UPDATE_ROLLBACK_COMPLETE");
    is_refused(&events(&fixture).await);
    // Nothing of an update is done that would leave the route behind.
    let (_, form) = change_set(&fixture, "UPDATE", "");
    let refused = sent(&fixture, "CreateChangeSet", &form.each_ref().map(pair)).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    is_refused(&refused.body);
    assert_eq!(status(&fixture).await, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(fixture.route().await.as_deref(), Some("ACTIVE"));
    let fixture = fixture.restart().await;
    ask(&fixture, "DeleteStack", &[("StackName", "services")]).await;
    until("the deletion has failed", async || status(&fixture).await == "DELETE_FAILED").await;
    assert!(events(&fixture).await.contains("DELETE_FAILED"));
    assert_eq!(fixture.route().await.as_deref(), Some("ACTIVE"));
    fixture.done("reverse").await;
    ask(&fixture, "DeleteStack", &[("StackName", "services")]).await;
    until("the route is gone", async || fixture.route().await.is_none()).await;
    assert_eq!(fixture.routes().await.len(), 1, "only the DEFAULT route is left");
}

/// A stack with a service and its route, unless the URL is empty.
async fn deploy(fixture: &Fixture, kind: &str, url: &str) {
    let (name, form) = change_set(fixture, kind, url);
    ask(fixture, "CreateChangeSet", &form.each_ref().map(pair)).await;
    let change = [("StackName", "services"), ("ChangeSetName", &name)];
    ask(fixture, "ExecuteChangeSet", &change).await;
}

fn pair<'a>((name, value): &'a (&'static str, String)) -> (&'static str, &'a str) {
    (name, value)
}

/// The change set of such a stack: its name, and what makes it.
fn change_set(fixture: &Fixture, kind: &str, url: &str) -> (String, [(&'static str, String); 6]) {
    let ids: Vec<_> = fixture.application.split('/').collect();
    let (environment, application) = (ids[2], ids[4]);
    let place =
        json!({ "EnvironmentIdentifier": environment, "ApplicationIdentifier": application });
    let resource = |kind: &str, more: Value| {
        let mut properties = place.clone();
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({
            "Type": format!("AWS::RefactorSpaces::{kind}"), "Condition": "HasUrl",
            "Properties": properties,
        })
    };
    let template = json!({
        "Parameters": { "Url": { "Type": "String" } },
        "Conditions": { "HasUrl": { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "Url" }, ""] }] } },
        "Resources": {
            "Nothing": { "Type": "AWS::EC2::InternetGateway" },
            "Service": resource("Service", json!({
                "Name": "users", "EndpointType": "URL",
                "UrlEndpoint": { "Url": { "Fn::Sub": "${Url}/api" } },
            })),
            "Route": resource("Route", json!({
                "ServiceIdentifier": { "Fn::GetAtt": ["Service", "ServiceIdentifier"] },
                "RouteType": "URI_PATH",
                "UriPathRoute": {
                    "SourcePath": "/users", "ActivationState": "ACTIVE",
                    "IncludeChildPaths": true, "AppendSourcePath": true,
                },
            })),
        },
    });
    let name = format!("change-{}", fastrand::u32(..));
    let form = [
        ("StackName", "services".to_owned()),
        ("ChangeSetName", name.clone()),
        ("ChangeSetType", kind.to_owned()),
        ("TemplateBody", template.to_string()),
        ("Parameters.member.1.ParameterKey", "Url".to_owned()),
        ("Parameters.member.1.ParameterValue", url.to_owned()),
    ];
    (name, form)
}

async fn status(fixture: &Fixture) -> String {
    let described = ask(fixture, "DescribeStacks", &[("StackName", "services")]).await;
    let (_, rest) = described.split_once("<StackStatus>").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

async fn events(fixture: &Fixture) -> String {
    ask(fixture, "DescribeStackEvents", &[("StackName", "services")]).await
}

/// Asks CloudFormation; gives the XML of the answer.
async fn ask(fixture: &Fixture, action: &str, parameters: &[(&str, &str)]) -> String {
    let answer = sent(fixture, action, parameters).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.body);
    answer.body
}

async fn sent(fixture: &Fixture, action: &str, parameters: &[(&str, &str)]) -> Answer {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", "2010-05-15");
    let form = form.extend_pairs(parameters).finish();
    let request = Request { service: "cloudformation", ..Request::form(&fixture.program, &form) };
    request.send(&fixture.program).await
}
