//! What a request has is honoured, or refused by its name: nothing is dropped in silence.

use harness::Program;
use serde_json::{Value, json};

use crate::client::{Request, application, call, get, post, refused, setup};

/// Sends a body as it is written; gives the message of its refusal.
async fn refusal(program: &Program, method: &str, path: &str, body: &str) -> String {
    let answer = Request::new(program, method, path, body.to_owned()).send(program).await;
    let body = refused(&answer, 400, "ValidationException");
    body["Message"].as_str().unwrap().to_owned()
}

#[track_caller]
fn names(message: &str, words: &str) {
    for word in words.split_whitespace() {
        assert!(message.contains(word), "{word} is not in {message}");
    }
}

#[tokio::test]
async fn unknown_members_are_refused_by_name_however_deep_they_stand() {
    let program = setup().start().await;
    let application = application(&program).await;
    let environment = application.split("/applications").next().unwrap().to_owned();
    let route = format!("{application}/routes/rte-0123456789");
    let url = json!({ "Url": "http://192.0.2.1", "HealthURL": "http://192.0.2.1", "Timeout": 5 });
    let new = json!({ "Name": "env", "NetworkFabricType": "NONE", "name": "x", "Vpc": [] });
    let service = json!({ "Name": "svc", "EndpointType": "URL", "UrlEndpoint": url });
    let path = json!({ "SourcePath": "/a", "ActivationState": "ACTIVE", "Method": ["GET"] });
    let uri_path = json!({ "RouteType": "URI_PATH", "ServiceIdentifier": "svc-0123456789", "UriPathRoute": path });
    let gateway = json!({ "Name": "app", "ProxyType": "API_GATEWAY", "VpcId": "vpc-01234567",
        "ApiGatewayProxy": { "Stage": "api" } });
    let activation = json!({ "ActivationState": "ACTIVE", "Tags": {} });
    for (method, path, body, named) in [
        ("POST", "/environments".to_owned(), new, "CreateEnvironment name Vpc"),
        ("POST", format!("{environment}/applications"), gateway, "ApiGatewayProxy.Stage"),
        (
            "POST",
            format!("{application}/services"),
            service,
            "UrlEndpoint.HealthURL UrlEndpoint.Timeout",
        ),
        ("POST", format!("{application}/routes"), uri_path, "UriPathRoute.Method"),
        ("PATCH", route, activation, "UpdateRoute Tags"),
        (
            "GET",
            "/environments".to_owned(),
            json!({ "MaxResults": 1 }),
            "ListEnvironments MaxResults",
        ),
        ("DELETE", environment.clone(), json!({ "Force": true }), "DeleteEnvironment Force"),
    ] {
        names(&refusal(&program, method, &path, &body.to_string()).await, named);
    }
    assert_eq!(
        get(&program, "/environments").await["EnvironmentSummaryList"].as_array().unwrap().len(),
        1
    );
    let null = json!({ "Name": "env", "NetworkFabricType": "NONE", "Later": null });
    post(&program, "/environments", &null).await;
}

#[tokio::test]
async fn members_that_come_twice_are_refused_by_name() {
    let program = setup().start().await;
    for (body, named) in [
        (r#"{"Name":"one","Name":"two","NetworkFabricType":"NONE"}"#, "\"Name\" twice"),
        (
            r#"{"Name":"env","NetworkFabricType":"NONE","Tags":{"a":"1","b":"","a":"2"}}"#,
            "\"a\" twice",
        ),
        (
            r#"{"Name":"env","NetworkFabricType":"NONE","Tags":{"a":"1","\u0061":"2"}}"#,
            "\"a\" twice",
        ),
    ] {
        names(&refusal(&program, "POST", "/environments", body).await, named);
    }
    for (query, named) in [
        ("maxResults=1&maxResults=2", "maxResults twice"),
        ("nextToken=a&nextToken=a", "nextToken twice"),
    ] {
        names(&refusal(&program, "GET", &format!("/environments?{query}"), "").await, named);
    }
    assert_eq!(get(&program, "/environments").await, json!({ "EnvironmentSummaryList": [] }));
}

#[tokio::test]
async fn unknown_parameters_of_the_query_are_refused_by_name() {
    let program = setup().start().await;
    let new = json!({ "Name": "env", "NetworkFabricType": "NONE" });
    let made = post(&program, "/environments", &new).await;
    let environment = format!("/environments/{}", made["EnvironmentId"].as_str().unwrap());
    let tags = format!("/tags/{}", encoded(made["Arn"].as_str().unwrap()));
    for (method, path, named) in [
        ("GET", "/environments?MaxResults=1".to_owned(), "ListEnvironments MaxResults"),
        ("GET", "/environments?maxResults=%2B1".to_owned(), "maxResults"),
        ("GET", format!("{environment}?verbose"), "GetEnvironment verbose"),
        ("DELETE", format!("{environment}?force=true"), "DeleteEnvironment force"),
        ("DELETE", format!("{tags}?tagKeys=a&TagKeys=b"), "UntagResource TagKeys"),
        ("DELETE", format!("{tags}?tagKeys=a&tagKeys="), "tagKeys"),
        ("DELETE", format!("{tags}?tagKeys=aws%3Aa"), "tagKeys"),
        ("GET", "/-/moves?collection=users".to_owned(), "collection"),
        ("GET", "/-/shadows?since=1".to_owned(), "since"),
    ] {
        names(&refusal(&program, method, &path, "").await, named);
    }
    assert_eq!(get(&program, &environment).await["State"], "ACTIVE");
}

/// A text as one segment of a path.
fn encoded(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F").replace('*', "%2A").replace(' ', "%20")
}

#[tokio::test]
async fn an_arn_with_garbage_is_refused_and_one_of_another_region_or_account_is_not_found() {
    let program = setup().start().await;
    let new = json!({ "Name": "env", "NetworkFabricType": "NONE" });
    let made = post(&program, "/environments", &new).await;
    let (arn, id) = (made["Arn"].as_str().unwrap(), made["EnvironmentId"].as_str().unwrap());
    let tail = format!("environment/{id}");
    for bad in [
        format!("arn:aws:refactor-spaces:lo cal:000000000000:{tail}"),
        format!("arn:aws:refactor-spaces::000000000000:{tail}"),
        format!("arn:aws:refactor-spaces:local:0:{tail}"),
        format!("arn:aws:refactor-spaces:local:000000000000:garbage/{tail}"),
        format!("arn:aws:refactor-spaces:local:000000000000:{tail}/{tail}"),
        format!("arn:aws:refactor-spaces:local:000000000000:{tail}/service/svc-0123456789"),
        format!("arn:aws:refactor-spaces:local:000000000000:{tail}/"),
        format!("{arn}*"),
    ] {
        for (member, path) in [("ResourceArn", "/tags"), ("Identifier", "/resourcepolicy")] {
            let path = format!("{path}/{}", encoded(&bad));
            names(&refusal(&program, "GET", &path, "").await, member);
        }
        let put = json!({ "ResourceArn": bad, "Policy": "{}" }).to_string();
        names(&refusal(&program, "PUT", "/resourcepolicy", &put).await, "ResourceArn");
    }
    for other in [arn.replace(":local:", ":moon:"), arn.replace("000000000000", "123456789012")] {
        let path = format!("/tags/{}", encoded(&other));
        let answer = call(&program, "GET", &path, &Value::Null).await;
        refused(&answer, 404, "ResourceNotFoundException");
    }
    // The ARN is right, and the request is signed for another region.
    let path = format!("/tags/{}", encoded(arn));
    let mut elsewhere = Request::new(&program, "GET", &path, String::new());
    elsewhere.region = "moon";
    let body = refused(&elsewhere.send(&program).await, 404, "ResourceNotFoundException");
    names(body["Message"].as_str().unwrap(), "moon local");
}
