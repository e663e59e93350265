//! The route to an owner stays, whoever wants it to go, until the collection is given back or the move is completed.

use harness::until;
use serde_json::{Value, json};

use crate::client::Request;
use crate::stand::Stand;

/// That the route of users is refused to go, with what comes first.
#[track_caller]
fn is_refused(message: &str) {
    for part in ["users", "`banyan reverse users`", "`banyan cancel users`"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

async fn stays(stand: &Stand) {
    let message = stand.delete_route("/users").await.unwrap_err();
    assert!(message.contains("409"), "{message}");
    is_refused(&message);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_route_to_an_owner_stays_until_the_collection_is_given_back() {
    let stand = Stand::switched().await;
    stays(&stand).await;
    assert_eq!(stand.route().await.as_deref(), Some("ACTIVE"));
    let stand = stand.restart().await;
    // Nobody has to be asked for that.
    stand.target.with(|copy| copy.dead = true);
    stays(&stand).await;
    stand.target.with(|copy| copy.dead = false);
    stand.activate("/users", "INACTIVE").await;
    stays(&stand).await;
    stand.done("reverse").await;
    stand.delete_route("/users").await.unwrap();
    assert_eq!(stand.route().await, None);
    stand.done("follow").await;
    assert_eq!(stand.route().await.as_deref(), Some("INACTIVE"), "it is made again");
    stand.done("cancel").await;
    assert_eq!(stand.route().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_sides_are_both_gone_is_forgotten_by_force_only() {
    let stand = Stand::switched().await;
    stand.source.with(|copy| copy.dead = true);
    let refused = stand.refused("cancel", json!({ "force": true })).await;
    assert!(refused.contains("not reached"), "the owner is there: {refused}");
    stand.target.with(|copy| copy.dead = true);
    stand.refused("cancel", json!({})).await;
    stays(&stand).await;
    stand.tell("cancel", json!({ "force": true })).await.unwrap();
    stand.delete_route("/users").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_route_of_the_same_paths_may_go() {
    let stand = Stand::new().await;
    stand.verify().await;
    stand.make_route("threads", &stand.target.url).await;
    stand.done("switch").await;
    stand.delete_route("/threads").await.unwrap();
    stays(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_route_of_a_completed_move_may_go() {
    let mut stand = Stand::switched().await;
    stand.done("complete").await;
    stand = stand.restart().await;
    for verb in ["complete", "switch"] {
        stand.delete_route("/users").await.unwrap();
        stand.done(verb).await;
        assert_eq!(stand.route().await.as_deref(), Some("ACTIVE"), "{verb} puts it back");
    }
    stand.delete_route("/users").await.unwrap();
    stand.source.with(|copy| copy.dead = true);
    assert_eq!(stand.users().await.phase, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_target_that_was_given_up_needs_no_route() {
    let stand = Stand::switched().await;
    stand.target.with(|copy| copy.dead = true);
    stays(&stand).await;
    stand.tell("reverse", json!({ "force": true })).await.unwrap();
    stand.delete_route("/users").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_that_died_after_the_flip_keeps_the_route() {
    let stand = Stand::new().await;
    stand.verify().await;
    stand.arm("moves.promoted");
    stand.refused("switch", json!({})).await;
    let stand = stand.revive().await;
    until("it is done", async || stand.users().await.pending.is_none()).await;
    stays(&stand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_keeps_the_route_and_says_which_collection_needs_it() {
    let stand = Stand::new().await;
    deploy(&stand, "CREATE", &stand.target.url).await;
    stand.verify().await;
    stand.done("switch").await;
    let other = stand.source.another();
    // Another URL, none at all, and the end of the stack.
    deploy(&stand, "UPDATE", &other.url).await;
    assert_eq!(status(&stand).await, "UPDATE_ROLLBACK_COMPLETE");
    is_refused(&events(&stand).await);
    deploy(&stand, "UPDATE", "").await;
    assert_eq!(stand.route().await.as_deref(), Some("ACTIVE"));
    let stand = stand.restart().await;
    ask(&stand, "DeleteStack", &[("StackName", "services")]).await;
    until("the deletion has failed", async || status(&stand).await == "DELETE_FAILED").await;
    assert!(events(&stand).await.contains("DELETE_FAILED"));
    assert_eq!(stand.route().await.as_deref(), Some("ACTIVE"));
    stand.done("reverse").await;
    ask(&stand, "DeleteStack", &[("StackName", "services")]).await;
    until("the route is gone", async || stand.route().await.is_none()).await;
    assert_eq!(stand.routes().await.len(), 1, "only the DEFAULT route is left");
}

/// A stack with a service and its route, unless the URL is empty.
async fn deploy(stand: &Stand, kind: &str, url: &str) {
    let ids: Vec<_> = stand.application.split('/').collect();
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
    let change = [("StackName", "services"), ("ChangeSetName", &name)];
    let template = template.to_string();
    let wanted = [
        ("ChangeSetType", kind),
        ("TemplateBody", &template),
        ("Parameters.member.1.ParameterKey", "Url"),
        ("Parameters.member.1.ParameterValue", url),
    ];
    ask(stand, "CreateChangeSet", &[change.as_slice(), &wanted].concat()).await;
    ask(stand, "ExecuteChangeSet", &change).await;
}

async fn status(stand: &Stand) -> String {
    let described = ask(stand, "DescribeStacks", &[("StackName", "services")]).await;
    let (_, rest) = described.split_once("<StackStatus>").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

async fn events(stand: &Stand) -> String {
    ask(stand, "DescribeStackEvents", &[("StackName", "services")]).await
}

/// Asks CloudFormation; gives the XML of the answer.
async fn ask(stand: &Stand, action: &str, parameters: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", "2010-05-15");
    let form = form.extend_pairs(parameters).finish();
    let request = Request { service: "cloudformation", ..Request::form(&stand.program, &form) };
    let answer = request.send(&stand.program).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.body);
    answer.body
}
