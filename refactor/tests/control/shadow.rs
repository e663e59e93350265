//! Reads divided and mirrored by the tags of a route, as an operator does it.

use harness::{Manner, Neighbour, until};
use serde_json::{Value, json};

use crate::client::{
    Request, application, call, fallback, get, ok, post, refused, service, setup, tags_of, uri_path,
};

const DIFFERENCES: &str = "/-/shadow/differences";

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_live_when_the_answer_leaves_and_differences_are_shown() {
    let old = Neighbour::start(Manner::Has(vec![1]));
    let new = Neighbour::start(Manner::Has(vec![2]));
    let program = setup().start().await;
    let application = application(&program).await;
    let url = get(&program, &application).await["ApiGatewayProxy"]["ProxyUrl"].clone();
    let url = format!("{}/users/1", url.as_str().unwrap());
    let routes = format!("{application}/routes");
    let monolith = service(&program, &application, old.url()).await;
    post(&program, &routes, &fallback(&monolith)).await;
    let users = service(&program, &application, new.url()).await;
    let mut body = uri_path(&users, "/users", "ACTIVE");
    body["UriPathRoute"]["IncludeChildPaths"] = true.into();
    body["UriPathRoute"]["AppendSourcePath"] = true.into();
    body["Tags"] = json!({ "banyan:canary": "0" });
    let route = post(&program, &routes, &body).await;
    let tags = tags_of(&route);
    let client = reqwest::Client::new();
    let ask = async || {
        let request = client.get(&url).header("authorization", "Bearer secret");
        request.send().await.unwrap().status().as_u16()
    };
    let (olds, news) = (old.heads().len(), new.heads().len());
    let asked = || (old.heads().len() - olds, new.heads().len() - news);
    assert_eq!((ask().await, asked()), (200, (1, 0)));
    post(&program, &tags, &json!({ "Tags": { "banyan:canary": "100" } })).await;
    assert_eq!((ask().await, asked()), (404, (1, 1)));
    post(&program, &tags, &json!({ "Tags": { "banyan:canary": "0" } })).await;
    assert_eq!((ask().await, asked()), (200, (2, 1)));
    ok(&call(&program, "DELETE", &format!("{tags}?tagKeys=banyan%3Acanary"), &Value::Null).await);
    assert_eq!((ask().await, asked()), (404, (2, 2)));

    let none = call(&program, "GET", DIFFERENCES, &Value::Null).await;
    assert_eq!((none.status, none.header("content-type")), (200, "application/x-ndjson"));
    assert_eq!(none.body, "");
    let both = json!({ "Tags": { "banyan:canary": "0", "banyan:shadow": "100" } });
    post(&program, &tags, &both).await;
    assert_eq!(ask().await, 200);
    until("the difference is there", async || {
        !call(&program, "GET", DIFFERENCES, &Value::Null).await.body.is_empty()
    })
    .await;
    let answer = call(&program, "GET", DIFFERENCES, &Value::Null).await;
    let line: Value = serde_json::from_str(answer.body.strip_suffix('\n').unwrap()).unwrap();
    assert_eq!((&line["answer"]["status"], &line["copy"]["status"]), (&json!(200), &json!(404)));
    assert_eq!(line["route"], route["RouteId"]);
    assert_eq!(line["request"]["headers"]["authorization"], "(redacted)");
    assert!(!answer.body.contains("secret"));
}

#[tokio::test]
async fn the_differences_are_for_who_signs() {
    let program = setup().start().await;
    let answer = program.try_send("GET", DIFFERENCES, &[], "").await.unwrap();
    refused(&answer, 403, "MissingAuthenticationTokenException");
    let mut request = Request::new(&program, "GET", DIFFERENCES, String::new());
    request.keys.1 = "another".to_owned();
    refused(&request.send(&program).await, 403, "InvalidSignatureException");
    let posted = call(&program, "POST", DIFFERENCES, &Value::Null).await;
    refused(&posted, 404, "UnknownOperationException");
}
