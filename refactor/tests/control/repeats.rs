//! A request that comes again with its token is known, over restarts too.

use harness::{Manner, Neighbour};
use serde_json::{Value, json};

use crate::client::{application, call, fallback, get, post, refused, service, setup};

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_makes_nothing() {
    let upstream = Neighbour::start(Manner::Has(vec![]));
    let program = setup().start().await;
    let a = application(&program).await;
    let id = service(&program, &a, upstream.url()).await;
    let environment = a.split("/applications").next().unwrap().to_owned();
    let cases = [
        ("/environments".to_owned(), json!({ "Name": "twice", "NetworkFabricType": "NONE" })),
        (
            format!("{environment}/applications"),
            json!({ "Name": "twice", "ProxyType": "API_GATEWAY", "VpcId": "vpc-01234567" }),
        ),
        (
            format!("{a}/services"),
            json!({ "Name": "twice", "EndpointType": "URL", "UrlEndpoint": { "Url": upstream.url() } }),
        ),
        (format!("{a}/routes"), fallback(&id)),
    ];
    let mut first = Vec::new();
    let mut lists = Vec::new();
    for (path, body) in &cases {
        let mut body = body.clone();
        body["ClientToken"] = "token".into();
        first.push(post(&program, path, &body).await);
        lists.push(get(&program, path).await);
        assert_eq!(&post(&program, path, &body).await, first.last().unwrap(), "{path}");
        let mut other = body.clone();
        other["Tags"] = json!({ "other": "body" });
        refused(&call(&program, "POST", path, &other).await, 409, "ConflictException");
    }
    let program = program.restart().await;
    for (((path, body), first), list) in cases.iter().zip(&first).zip(&lists) {
        let mut body = body.clone();
        body["ClientToken"] = "token".into();
        assert_eq!(&post(&program, path, &body).await, first, "{path}");
        assert_eq!(&get(&program, path).await, list, "{path}");
    }
}

#[tokio::test]
async fn a_token_belongs_to_its_parent_and_outlives_what_it_made() {
    let program = setup().start().await;
    let new = json!({ "Name": "env", "NetworkFabricType": "NONE", "ClientToken": "t" });
    let made = post(&program, "/environments", &new).await;
    let path = format!("/environments/{}", made["EnvironmentId"].as_str().unwrap());
    let app = json!({ "Name": "app", "ProxyType": "API_GATEWAY", "VpcId": "vpc-01234567", "ClientToken": "t" });
    let first = post(&program, &format!("{path}/applications"), &app).await;
    let other =
        post(&program, "/environments", &json!({ "Name": "two", "NetworkFabricType": "NONE" }))
            .await;
    let other = format!("/environments/{}", other["EnvironmentId"].as_str().unwrap());
    let second = post(&program, &format!("{other}/applications"), &app).await;
    assert_ne!(first["ApplicationId"], second["ApplicationId"]);

    let application = format!("{path}/applications/{}", first["ApplicationId"].as_str().unwrap());
    for path in [&application, &path] {
        assert_eq!(call(&program, "DELETE", path, &Value::Null).await.status, 200);
    }
    assert_eq!(post(&program, "/environments", &new).await, made, "as it was answered first");
    refused(&call(&program, "GET", &path, &Value::Null).await, 404, "ResourceNotFoundException");
}
