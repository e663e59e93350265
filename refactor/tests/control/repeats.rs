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
async fn a_token_belongs_to_its_parent() {
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
}

#[tokio::test]
async fn a_token_whose_resource_is_deleted_is_refused_and_makes_nothing() {
    let upstream = Neighbour::start(Manner::Has(vec![]));
    let program = setup().start().await;
    let environment = json!({ "Name": "env", "NetworkFabricType": "NONE", "ClientToken": "t" });
    let made = post(&program, "/environments", &environment).await;
    let e = format!("/environments/{}", made["EnvironmentId"].as_str().unwrap());
    let application = json!({ "Name": "app", "ProxyType": "API_GATEWAY", "VpcId": "vpc-01234567", "ClientToken": "t" });
    let made = post(&program, &format!("{e}/applications"), &application).await;
    let a = format!("{e}/applications/{}", made["ApplicationId"].as_str().unwrap());
    let service = json!({ "Name": "svc", "EndpointType": "URL", "ClientToken": "t",
        "UrlEndpoint": { "Url": upstream.url() } });
    let id = post(&program, &format!("{a}/services"), &service).await["ServiceId"].clone();
    let id = id.as_str().unwrap();
    let mut route = fallback(id);
    route["ClientToken"] = "t".into();
    let rte = post(&program, &format!("{a}/routes"), &route).await["RouteId"].clone();
    let kinds = [
        (format!("{a}/routes"), route, format!("{a}/routes/{}", rte.as_str().unwrap()), "ROUTE"),
        (format!("{a}/services"), service, format!("{a}/services/{id}"), "SERVICE"),
        (format!("{e}/applications"), application, a.clone(), "APPLICATION"),
        ("/environments".to_owned(), environment, e.clone(), "ENVIRONMENT"),
    ];
    let mut program = program;
    for (path, body, made, kind) in kinds {
        assert_eq!(call(&program, "DELETE", &made, &Value::Null).await.status, 200, "{made}");
        let list = get(&program, &path).await;
        for _ in 0..2 {
            let answer = call(&program, "POST", &path, &body).await;
            let error = refused(&answer, 409, "ConflictException");
            assert_eq!(error["ResourceType"], kind);
            assert_eq!(error["ResourceId"], made.rsplit('/').next().unwrap());
            assert!(error["Message"].as_str().unwrap().contains("use a new one"), "{error}");
            assert_eq!(get(&program, &path).await, list, "nothing was made");
            program = program.restart().await;
        }
    }
    let another = json!({ "Name": "env", "NetworkFabricType": "NONE", "ClientToken": "u" });
    post(&program, "/environments", &another).await;
}
