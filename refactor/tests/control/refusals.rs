//! What is refused, with the code, the status and the members of the service model.

use harness::{Manner, Neighbour};
use serde_json::{Value, json};

use crate::client::{application, call, fallback, get, post, refused, service, setup, uri_path};

#[tokio::test]
async fn bad_members_are_named_all_at_once() {
    let program = setup().start().await;
    let application = application(&program).await;
    let environment = application.split("/applications").next().unwrap().to_owned();
    let cases = [
        ("/environments".to_owned(), json!({}), "Name NetworkFabricType"),
        (
            "/environments".to_owned(),
            json!({ "Name": "x", "NetworkFabricType": "none", "Description": "a,b",
                    "Tags": { "aws:x": 1 } }),
            "Name NetworkFabricType Description Tags",
        ),
        (
            "/environments".to_owned(),
            json!({ "Name": 5, "NetworkFabricType": 5 }),
            "Name NetworkFabricType",
        ),
        (
            "/environments".to_owned(),
            json!({ "Name": "abc", "NetworkFabricType": "NONE", "ClientToken": "" }),
            "ClientToken",
        ),
        (
            format!("{environment}/applications"),
            json!({ "Name": "app-x", "ProxyType": "NLB", "VpcId": "vpc-1",
                    "ApiGatewayProxy": { "StageName": "a/b", "EndpointType": "EDGE" } }),
            "Name ProxyType VpcId ApiGatewayProxy.StageName ApiGatewayProxy.EndpointType",
        ),
        (
            format!("{application}/services"),
            json!({ "Name": "svc", "EndpointType": "URL", "LambdaEndpoint": {},
                    "UrlEndpoint": { "Url": "ftp://x", "HealthUrl": "http://[::1]/" } }),
            "LambdaEndpoint UrlEndpoint.Url UrlEndpoint.HealthUrl",
        ),
        (
            format!("{application}/services"),
            json!({ "Name": "svc", "EndpointType": "URL",
                    "UrlEndpoint": { "Url": "http://a/x/%2D", "HealthUrl": "http://a/-/health" } }),
            "UrlEndpoint.Url",
        ),
        (
            format!("{application}/services"),
            json!({ "Name": "svc", "EndpointType": "URL" }),
            "UrlEndpoint",
        ),
        (
            format!("{application}/services"),
            json!({ "Name": "svc", "EndpointType": "LAMBDA",
                    "LambdaEndpoint": { "Arn": "arn:aws:lambda:eu-west-1:000000000000:function:f" } }),
            "EndpointType LAMBDA endpoints are not supported here",
        ),
        (
            format!("{application}/routes"),
            json!({ "RouteType": "URI_PATH", "ServiceIdentifier": "svc-1", "DefaultRoute": {} }),
            "ServiceIdentifier DefaultRoute UriPathRoute",
        ),
        (
            format!("{application}/routes"),
            json!({ "RouteType": "DEFAULT", "ServiceIdentifier": "svc-0123456789",
                    "DefaultRoute": { "ActivationState": "FAILED" }, "UriPathRoute": {
                    "SourcePath": "/a/", "Methods": ["TRACE"], "IncludeChildPaths": "yes" } }),
            "UriPathRoute DefaultRoute.ActivationState UriPathRoute.SourcePath UriPathRoute.Methods \
             UriPathRoute.IncludeChildPaths UriPathRoute.ActivationState",
        ),
    ];
    for (path, body, named) in cases {
        let answer = call(&program, "POST", &path, &body).await;
        let message = refused(&answer, 400, "ValidationException")["Message"].clone();
        for name in named.split_whitespace() {
            assert!(message.as_str().unwrap().contains(name), "{name} is not in {message}");
        }
    }
    let list = get(&program, "/environments").await;
    assert_eq!(list["EnvironmentSummaryList"].as_array().unwrap().len(), 1, "nothing was made");
}

#[tokio::test]
async fn paths_that_lead_nowhere_are_told_apart() {
    let program = setup().start().await;
    let application = application(&program).await;
    let environment = application.split("/applications").next().unwrap().to_owned();
    for (method, path) in [
        ("GET", "/"),
        ("PUT", "/environments"),
        ("GET", "/environments/"),
        ("GET", "/aws/environments"),
        ("POST", "/resourcepolicy"),
        ("GET", "/tags/arn:aws:refactor-spaces:local:000000000000:environment/env-0123456789"),
    ] {
        let answer = call(&program, method, path, &Value::Null).await;
        refused(&answer, 404, "UnknownOperationException");
    }
    for (path, name) in [
        ("/environments/env-1".to_owned(), "EnvironmentIdentifier"),
        (format!("{environment}/applications/app-1"), "ApplicationIdentifier"),
        (format!("{application}/services/%7C"), "ServiceIdentifier"),
        (format!("{application}/routes/svc-0123456789"), "RouteIdentifier"),
        ("/tags/nothing".to_owned(), "ResourceArn"),
        ("/resourcepolicy/nothing".to_owned(), "Identifier"),
    ] {
        let answer = call(&program, "GET", &path, &Value::Null).await;
        let body = refused(&answer, 400, "ValidationException");
        assert!(body["Message"].as_str().unwrap().contains(name), "{body}");
    }
    let composite = format!("{environment}/applications/env-0123456789%7Capp-0123456789");
    let body =
        refused(&call(&program, "GET", &composite, &Value::Null).await, 400, "ValidationException");
    assert!(body["Message"].as_str().unwrap().contains("use app-0123456789"), "{body}");
    for (path, id, kind) in [
        ("/environments/env-0123456789".to_owned(), "env-0123456789", "ENVIRONMENT"),
        (format!("{environment}/applications/app-0123456789"), "app-0123456789", "APPLICATION"),
        (format!("{application}/services/svc-0123456789"), "svc-0123456789", "SERVICE"),
        (format!("{application}/routes/rte-0123456789"), "rte-0123456789", "ROUTE"),
    ] {
        let body = call(&program, "GET", &path, &Value::Null).await;
        let body = refused(&body, 404, "ResourceNotFoundException");
        assert_eq!((&body["ResourceId"], &body["ResourceType"]), (&json!(id), &json!(kind)));
    }
    for body in ["{", "[]", "\"x\""] {
        let request =
            crate::client::Request::new(&program, "POST", "/environments", body.to_owned());
        refused(&request.send(&program).await, 400, "ValidationException");
    }
}

#[tokio::test]
async fn conflicts_name_what_stands_against_them() {
    let upstream = Neighbour::start(Manner::Has(vec![]));
    let program = setup().start().await;
    let application = application(&program).await;
    let (environment, id) = application.split_once("/applications/").unwrap();
    let service = service(&program, &application, upstream.url()).await;
    let routes = format!("{application}/routes");
    let conflict = async |method: &str, path: &str, body: Value, id: &str, kind: &str| {
        let body = refused(&call(&program, method, path, &body).await, 409, "ConflictException");
        assert_eq!(
            (&body["ResourceId"], &body["ResourceType"]),
            (&json!(id), &json!(kind)),
            "{body}"
        );
    };
    conflict("POST", &routes, uri_path(&service, "/a", "ACTIVE"), id, "APPLICATION").await;
    let fallback_route = post(&program, &routes, &fallback(&service)).await;
    let fallback_id = fallback_route["RouteId"].as_str().unwrap().to_owned();
    conflict("POST", &routes, fallback(&service), &fallback_id, "ROUTE").await;
    let route = post(&program, &routes, &uri_path(&service, "/a/{x}", "ACTIVE")).await;
    let route_id = route["RouteId"].as_str().unwrap().to_owned();
    conflict("POST", &routes, uri_path(&service, "/a/{y}", "INACTIVE"), &route_id, "ROUTE").await;
    conflict("DELETE", &format!("{routes}/{fallback_id}"), Value::Null, &route_id, "ROUTE").await;
    let path = format!("{application}/services/{service}");
    conflict("DELETE", &path, Value::Null, &fallback_id.clone().min(route_id.clone()), "ROUTE")
        .await;
    let first = fallback_id.clone().min(route_id.clone());
    conflict("DELETE", &application, Value::Null, &first, "ROUTE").await;
    conflict("DELETE", environment, Value::Null, id, "APPLICATION").await;

    let rest = json!({ "ActivationState": "INACTIVE" });
    let answer = call(&program, "PATCH", &format!("{routes}/{fallback_id}"), &rest).await;
    refused(&answer, 400, "ValidationException");
    assert_eq!(get(&program, &format!("{routes}/{fallback_id}")).await["State"], "ACTIVE");
}

#[tokio::test]
async fn urls_that_lead_back_or_to_secrets_are_refused() {
    let program = setup().start().await;
    let application = application(&program).await;
    let shown = get(&program, &application).await;
    let proxy = shown["ApiGatewayProxy"]["ProxyUrl"].as_str().unwrap();
    let control = program.url();
    for url in [
        proxy.to_owned(),
        proxy.replace("127.0.0.1", "localhost"),
        proxy.replace("127.0.0.1", "0.0.0.0"),
        control.clone(),
        control.replace("127.0.0.1", "localhost"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://2852039166/".to_owned(),
    ] {
        for member in ["Url", "HealthUrl"] {
            let mut endpoint = json!({ "Url": "http://192.0.2.1" });
            endpoint[member] = url.clone().into();
            let new = json!({ "Name": "svc", "EndpointType": "URL", "UrlEndpoint": endpoint });
            let answer = call(&program, "POST", &format!("{application}/services"), &new).await;
            let body = refused(&answer, 400, "ValidationException");
            let message = body["Message"].as_str().unwrap();
            assert!(
                message.starts_with(&format!("UrlEndpoint.{member} leads")),
                "{url}: {message}"
            );
        }
    }
}

#[tokio::test]
async fn a_full_region_takes_no_more() {
    let program = setup().env("BANYAN_MAX_ENVIRONMENTS", "2").start().await;
    let new = json!({ "Name": "env", "NetworkFabricType": "NONE" });
    for _ in 0..2 {
        post(&program, "/environments", &new).await;
    }
    let answer = call(&program, "POST", "/environments", &new).await;
    let body = refused(&answer, 402, "ServiceQuotaExceededException");
    assert_eq!(
        (&body["ServiceCode"], &body["ResourceType"]),
        (&json!("refactor-spaces"), &json!("ENVIRONMENT"))
    );
    assert!(body["QuotaCode"].is_string() && body["ResourceId"].is_string(), "{body}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let program = setup().start().await;
    let body = format!("{{\"Name\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let request = crate::client::Request::new(&program, "POST", "/environments", body);
    refused(&request.send(&program).await, 413, "RequestEntityTooLargeException");
}
