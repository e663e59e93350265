//! What is not signed well is refused in the shape of its protocol, and changes nothing.

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::client::{Request, get, refused, setup};

const FORM: &str = "Action=GetCallerIdentity&Version=2011-06-15";

#[tokio::test]
async fn unsigned_wrongly_signed_and_expired_requests_are_403_and_change_nothing() {
    let program = setup().start().await;
    let body = json!({ "Name": "env", "NetworkFabricType": "NONE" }).to_string();
    let rest = || Request::new(&program, "POST", "/environments", body.clone());
    let form = || Request::form(&program, FORM);
    type Change = fn(&mut Request<'_>);
    let cases: [(Change, &str, &str); 4] = [
        (
            |request| request.keys.0 = "AKIAOTHER".into(),
            "UnrecognizedClientException",
            "InvalidClientTokenId",
        ),
        (|request| request.keys.1.push('x'), "InvalidSignatureException", "SignatureDoesNotMatch"),
        (
            |request| request.time = SystemTime::now() - Duration::from_secs(400),
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
        ),
        (
            |request| {
                let rest = request.service == "refactor-spaces";
                request.service = if rest { "sts" } else { "refactor-spaces" };
            },
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
        ),
    ];
    for (change, rest_code, query_code) in cases {
        let mut request = rest();
        change(&mut request);
        let message = refused(&request.send(&program).await, 403, rest_code)["Message"].clone();
        assert!(message.as_str().unwrap().contains("banyan env"), "{message}");
        let mut request = form();
        change(&mut request);
        let answer = request.send(&program).await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains(&format!("<Code>{query_code}</Code>")), "{}", answer.body);
    }
    let json = [("content-type", "application/json")];
    let answer = program.send("POST", "/environments", &json, &body).await;
    refused(&answer, 403, "MissingAuthenticationTokenException");
    let json = [("content-type", "application/x-www-form-urlencoded")];
    let answer = program.send("POST", "/", &json, FORM).await;
    assert!(answer.body.contains("<Code>MissingAuthenticationToken</Code>"), "{}", answer.body);

    // Signed for one body, sent with another.
    let request = rest();
    let headers = request.headers(program.address());
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = program.send("POST", "/environments", &headers, &body.replace("env", "eve")).await;
    refused(&answer, 403, "InvalidSignatureException");
    let list = get(&program, "/environments").await;
    assert_eq!(list, json!({ "EnvironmentSummaryList": [] }));
}

#[tokio::test]
async fn credentials_can_be_tested_and_no_other_action_of_sts_is_known() {
    let program = setup().start().await;
    let answer = Request::form(&program, FORM).send(&program).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/xml"));
    assert!(answer.body.contains("<Account>000000000000</Account>"), "{}", answer.body);
    for (body, service) in [("Action=AssumeRole&Version=2011-06-15", "sts"), ("", "sts")] {
        let mut request = Request::form(&program, body);
        request.service = service;
        let answer = request.send(&program).await;
        if body.is_empty() {
            // Without a body it is no form.
            refused(&answer, 403, "InvalidSignatureException");
            continue;
        }
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("<Code>InvalidAction</Code>"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_signature_for_one_service_opens_no_other() {
    let program = setup().start().await;
    let stacks = "Action=ListStacks&Version=2010-05-15";
    for (body, scope, taken) in [
        (FORM, "sts", true),
        (FORM, "cloudformation", false),
        (stacks, "cloudformation", true),
        (stacks, "sts", false),
        (stacks, "refactor-spaces", false),
    ] {
        let mut request = Request::form(&program, body);
        request.service = scope;
        let answer = request.send(&program).await;
        assert_eq!(answer.status, if taken { 200 } else { 403 }, "{body} {scope}: {}", answer.body);
        assert_eq!(answer.body.contains("<Code>SignatureDoesNotMatch</Code>"), !taken);
    }
    for (scope, status) in [("refactor-spaces", 200), ("cloudformation", 403), ("sts", 403)] {
        let mut request = Request::new(&program, "GET", "/environments", String::new());
        request.service = scope;
        assert_eq!(request.send(&program).await.status, status, "{scope}");
    }
}
