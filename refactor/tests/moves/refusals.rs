//! Every refusal says what is wrong and which command helps, and changes nothing.

use serde_json::json;

use crate::client::Request;
use crate::fixture::{Fixture, setup};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_moved_and_the_variable_is_named() {
    let fixture = Fixture::set_up(setup().env("MOVE_TOKEN", "")).await;
    let message = fixture.refused("follow", json!({ "target": fixture.target.url })).await;
    assert!(message.contains("MOVE_TOKEN"), "{message}");
    assert!(fixture.client().moves().await.unwrap().is_empty(), "there is nothing to show");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_with_another_token_is_told_from_one_without_the_collection() {
    let fixture = Fixture::set_up(setup().env("MOVE_TOKEN", "another-token-than-theirs")).await;
    let target = json!({ "target": fixture.target.url });
    let message = fixture.refused("follow", target.clone()).await;
    assert!(message.contains("MOVE_TOKEN"), "{message}");
    let client = fixture.client();
    let message = client.command("threads", "follow", &target).await.unwrap_err().to_string();
    assert!(message.contains("no collection \"threads\" at the source"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_are_an_object_and_not_taken_by_their_order() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    for options in [json!([]), json!([null, null, null, null, true]), json!("force")] {
        let message = fixture.refused("switch", options).await;
        assert!(message.contains("JSON object"), "{message}");
    }
    assert!(fixture.source.is_primary());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_a_command_without_one_does_nothing() {
    let fixture = Fixture::switched().await;
    for verb in ["follow", "diff", "complete", "cancel"] {
        let message = fixture.refused(verb, json!({ "dryRun": true, "force": true })).await;
        assert!(message.contains("has no dry run"), "{verb}: {message}");
    }
    assert_eq!(fixture.users().await.phase, "switched");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_followed_is_said() {
    let fixture = Fixture::new().await;
    let follow = async |options| fixture.refused("follow", options).await;
    let message = follow(json!({})).await;
    assert!(message.contains("--target"), "{message}");
    let message = follow(json!({ "target": "users:3000" })).await;
    assert!(message.contains("http://127.0.0.1:3001"), "{message}");
    let message = follow(json!({ "target": fixture.source.url })).await;
    assert!(message.contains("cannot follow itself"), "{message}");
    let message = follow(json!({ "target": "http://127.0.0.1:1" })).await;
    assert!(message.contains("is not reached"), "{message}");
    fixture.target.write(1..=1);
    let message = follow(json!({ "target": fixture.target.url })).await;
    assert!(message.contains("data of its own") && message.contains("empty database"), "{message}");
    assert_eq!(fixture.routes().await.len(), 1, "no route was made");
    let client = fixture.client();
    let message = client.command("No Such", "follow", &json!({})).await.unwrap_err().to_string();
    assert!(message.contains("no collection \"No Such\""), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_is_not_there_is_answered_with_those_that_are() {
    let targets = "users=http://127.0.0.1:1,posts=http://127.0.0.1:2";
    let fixture = Fixture::set_up(setup().env("MOVE_TARGETS", targets)).await;
    fixture.make_route("threads", &fixture.target.url).await;
    let target = json!({ "target": fixture.target.url });
    for (name, options) in [("user", json!({})), ("user", target), ("User!", json!({}))] {
        let message = fixture.client().command(name, "switch", &options).await;
        let message = message.unwrap_err().to_string();
        assert!(message.contains(&format!("no collection {name:?}")), "{message}");
        assert!(message.contains("posts, threads, users"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_itself_is_no_target() {
    let fixture = Fixture::new().await;
    let traffic = fixture.client().traffic().await.unwrap();
    let proxy = traffic[0].from.strip_suffix("/api").unwrap().to_owned();
    for url in [proxy, fixture.program.url()] {
        let message = fixture.refused("follow", json!({ "target": url })).await;
        assert!(message.contains("leads back to this proxy"), "{message}");
        assert!(message.contains(&url) && message.contains("`banyan status`"), "{message}");
    }
    assert_eq!(fixture.routes().await.len(), 1, "no route was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_or_verb_is_answered_with_the_right_ones() {
    let fixture = Fixture::new().await;
    let ask = async |method, path| {
        Request::new(&fixture.program, method, path, String::new()).send(&fixture.program).await
    };
    for (method, path, allowed) in [
        ("GET", "/-/moves/users/switch", "POST"),
        ("PUT", "/-/moves/users/follow", "POST"),
        ("POST", "/-/moves", "GET"),
    ] {
        let answer = ask(method, path).await;
        let code = answer.header("x-amzn-errortype").to_owned();
        assert_eq!((answer.status, code.as_str()), (405, "MethodNotAllowedException"), "{path}");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
        assert!(answer.body.contains(allowed), "{}", answer.body);
    }
    for path in ["/-/moves/users/swich", "/-/moves/users", "/-/moves/", "/-/moves/a/b/c"] {
        let answer = ask("POST", path).await;
        assert_eq!(answer.status, 404, "{path}");
        for word in ["follow, diff, switch, reverse, complete, cancel", path] {
            assert!(answer.body.contains(word), "{path}: {}", answer.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_has_a_route_never_sees_the_token() {
    let fixture = Fixture::new().await;
    let foreign = fixture.source.another();
    fixture.make_route("threads", &foreign.url).await;
    assert!(fixture.client().moves().await.unwrap().is_empty());
    fixture.follow().await;
    let moves = fixture.client().moves().await.unwrap();
    let names: Vec<_> = moves.iter().map(|found| found.collection.as_str()).collect();
    assert_eq!(names, ["users"]);
    assert!(fixture.target.with(|copy| copy.shown) > 0);
    // Nor does it if its route takes the place of the one that was followed.
    fixture.delete_route("/users").await.unwrap();
    fixture.make_route("users", &foreign.url).await;
    let users = fixture.users().await;
    assert_eq!(users.target.url, format!("{}/api/users", fixture.target.url));
    assert_eq!(foreign.with(|copy| copy.shown), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_applications_are_named() {
    let fixture = Fixture::new().await;
    let other = fixture.make_application(&fixture.source.url).await;
    let other = other.rsplit('/').next().unwrap();
    let message = fixture.refused("follow", json!({ "target": fixture.target.url })).await;
    assert!(message.contains("--application") && message.contains(other), "{message}");
    let unknown = json!({ "target": fixture.target.url, "application": "app-0000000000" });
    let message = fixture.refused("follow", unknown).await;
    assert!(message.contains("no application app-0000000000"), "{message}");
    assert!(message.contains(other), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_application_hides_no_move_and_takes_none() {
    let targets = "users=http://127.0.0.1:1";
    let fixture = Fixture::set_up(setup().env("MOVE_TARGETS", targets)).await;
    let application = fixture.users().await.application;
    let other = fixture.make_application(&fixture.source.url).await;
    assert_eq!(fixture.users().await.application, application, "the first one has the targets");
    let message = fixture.refused("follow", json!({})).await;
    assert!(message.contains("127.0.0.1:1"), "its target is not reached: {message}");
    // A move, and before it a route, says more.
    let other = other.rsplit('/').next().unwrap();
    let target = json!({ "target": fixture.target.url, "application": other });
    fixture.tell("follow", target).await.unwrap();
    let moved = fixture.tell("diff", json!({})).await.unwrap();
    assert_eq!(moved.application, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_names_everything_that_stands_against_it() {
    let fixture = Fixture::new().await;
    fixture.follow().await;
    fixture.source.with(|copy| copy.blind = true);
    fixture.target.with(|copy| copy.lag_ms = Some(5_000));
    let message = fixture.refused("switch", json!({})).await;
    for part in ["5000 ms behind", "--max-lag-ms", "no way back", "banyan diff users", "--force"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    fixture.target.with(|copy| {
        copy.lag_ms = None;
        copy.detail = Some("the source is stopped: banyan start monolith".into());
    });
    let message = fixture.refused("switch", json!({ "force": true, "maxLagMs": 10_000 })).await;
    assert!(
        message.contains("not known") && message.contains("banyan start monolith"),
        "{message}"
    );
    assert!(message.contains("no way back"), "--force does not go on without: {message}");
    assert_eq!(fixture.source.told("fence"), 0);
    fixture.source.with(|copy| copy.blind = false);
    fixture.target.with(|copy| copy.lag_ms = Some(1));
    fixture.tell("switch", json!({ "force": true })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_speaks_another_protocol_is_refused_by_name() {
    let fixture = Fixture::new().await;
    fixture.target.with(|copy| copy.protocol = 3);
    let message = fixture.refused("follow", json!({ "target": fixture.target.url })).await;
    assert!(message.contains("protocol 3") && message.contains(&fixture.target.url), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_cancelled_or_completed_at_the_wrong_time() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    let message = fixture.refused("complete", json!({})).await;
    assert!(message.contains("banyan switch users"), "{message}");
    fixture.done("switch").await;
    let message = fixture.refused("cancel", json!({})).await;
    assert!(message.contains("banyan reverse users"), "{message}");
    let message = fixture.refused("follow", json!({})).await;
    assert!(message.contains("banyan complete users"), "{message}");
    fixture.done("complete").await;
    let message = fixture.refused("reverse", json!({})).await;
    assert!(message.contains("no way back") && message.contains("banyan complete"), "{message}");
    for verb in ["follow", "diff", "cancel"] {
        let message = fixture.refused(verb, json!({})).await;
        assert!(
            message.contains("banyan complete") && !message.contains("banyan reverse"),
            "{message}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_option_that_does_not_exist_is_named() {
    let fixture = Fixture::new().await;
    let message = fixture.refused("switch", json!({ "forced": true })).await;
    assert!(message.contains("forced"), "{message}");
    let message = fixture.refused("switch", json!({ "deadlineMs": 1 })).await;
    assert!(message.contains("deadlineMs"), "{message}");
}
