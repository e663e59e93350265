//! Every operation answers with the members of the service model, and with no others.

use harness::{Manner, Neighbour};
use serde_json::{Value, json};

use crate::client::{call, get, ok, post, refused, setup, uri_path};

/// The names of an answer's members, sorted.
#[track_caller]
fn members(answer: &Value, expected: &str) {
    let mut expected: Vec<_> = expected.split_whitespace().collect();
    expected.sort_unstable();
    let mut found: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
}

fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member].as_str().unwrap_or_else(|| panic!("no {member} in {answer}"))
}

#[tokio::test]
async fn resources_are_made_shown_and_removed_with_the_models_members() {
    let upstream = Neighbour::start(Manner::Has(vec![]));
    let program = setup().start().await;

    let new = json!({
        "Name": "my env", "NetworkFabricType": "TRANSIT_GATEWAY", "Description": "It's mine",
        "Tags": { "team": "board" }, "ClientToken": null,
    });
    let environment = post(&program, "/environments", &new).await;
    let common = "Arn CreatedTime EnvironmentId LastUpdatedTime Name OwnerAccountId State Tags";
    members(&environment, &format!("{common} Description NetworkFabricType"));
    assert!(environment["CreatedTime"].is_f64() || environment["CreatedTime"].is_i64());
    let e = format!("/environments/{}", text(&environment, "EnvironmentId"));
    let shown = get(&program, &e).await;
    members(&shown, &format!("{common} Description NetworkFabricType TransitGatewayId"));
    assert_eq!(text(&shown, "TransitGatewayId").len(), 21);
    let list = get(&program, "/environments").await;
    assert_eq!(list, json!({ "EnvironmentSummaryList": [shown] }));

    let new = json!({
        "Name": "my app", "ProxyType": "API_GATEWAY", "VpcId": "vpc-0123456789abcdef0",
        "ApiGatewayProxy": { "StageName": "api", "EndpointType": "PRIVATE" },
    });
    let application = post(&program, &format!("{e}/applications"), &new).await;
    let common = format!("{common} ApplicationId CreatedByAccountId");
    members(&application, &format!("{common} ApiGatewayProxy ProxyType VpcId"));
    members(&application["ApiGatewayProxy"], "EndpointType StageName");
    let a = format!("{e}/applications/{}", text(&application, "ApplicationId"));
    let shown = get(&program, &a).await;
    members(
        &shown["ApiGatewayProxy"],
        "ApiGatewayId EndpointType NlbArn NlbName ProxyUrl StageName VpcLinkId",
    );
    let url = text(&shown["ApiGatewayProxy"], "ProxyUrl");
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/api"), "{url}");
    assert_eq!(
        get(&program, &format!("{e}/applications")).await,
        json!({ "ApplicationSummaryList": [shown] })
    );
    let vpcs = get(&program, &format!("{e}/vpcs")).await;
    members(
        &vpcs["EnvironmentVpcList"][0],
        "AccountId CidrBlocks CreatedTime EnvironmentId LastUpdatedTime VpcId VpcName",
    );
    assert_eq!(vpcs["EnvironmentVpcList"][0]["VpcName"], "", "an id is no name");

    let health = format!("{}/health/1", upstream.url());
    upstream.behave(Manner::Has(vec![1]));
    let new = json!({
        "Name": "users", "EndpointType": "URL", "Description": "users",
        "UrlEndpoint": { "Url": upstream.url(), "HealthUrl": health },
    });
    let service = post(&program, &format!("{a}/services"), &new).await;
    members(&service, &format!("{common} ServiceId Description EndpointType UrlEndpoint"));
    let id = text(&service, "ServiceId");
    assert_eq!(get(&program, &format!("{a}/services/{id}")).await, service);
    assert_eq!(
        get(&program, &format!("{a}/services")).await,
        json!({ "ServiceSummaryList": [service] })
    );

    let new = json!({ "RouteType": "DEFAULT", "ServiceIdentifier": id });
    let fallback = post(&program, &format!("{a}/routes"), &new).await;
    let brief = "ApplicationId Arn LastUpdatedTime RouteId ServiceId State";
    let created = format!("{brief} CreatedByAccountId CreatedTime OwnerAccountId RouteType Tags");
    members(&fallback, &created);
    assert_eq!(fallback["State"], "ACTIVE");
    let mut new = uri_path(id, "/users/{id}", "INACTIVE");
    new["UriPathRoute"]["Methods"] = json!(["PUT", "GET"]);
    let route = post(&program, &format!("{a}/routes"), &new).await;
    members(&route, &format!("{created} UriPathRoute"));
    assert_eq!(route["UriPathRoute"]["Methods"], json!(["GET", "PUT"]));
    let r = format!("{a}/routes/{}", text(&route, "RouteId"));
    let shown = get(&program, &r).await;
    let flat =
        "AppendSourcePath IncludeChildPaths Methods SourcePath PathResourceToId EnvironmentId";
    members(&shown, &format!("{created} {flat}"));
    members(&shown["PathResourceToId"], "/users /users/{id}");
    let list = get(&program, &format!("{a}/routes")).await;
    assert_eq!(list["RouteSummaryList"][1], shown);
    let updated = call(&program, "PATCH", &r, &json!({ "ActivationState": "ACTIVE" })).await;
    members(&ok(&updated), brief);
    assert_eq!(get(&program, &r).await["State"], "ACTIVE");

    let f = format!("{a}/routes/{}", text(&fallback, "RouteId"));
    let s = format!("{a}/services/{id}");
    let parents = "ApplicationId Arn EnvironmentId LastUpdatedTime Name State";
    for (path, expected) in [
        (&r, brief.to_owned()),
        (&f, brief.to_owned()),
        (&s, format!("{parents} ServiceId")),
        (&a, parents.to_owned()),
        (&e, parents.replace("ApplicationId ", "")),
    ] {
        let deleted = ok(&call(&program, "DELETE", path, &Value::Null).await);
        members(&deleted, &expected);
        assert_eq!(deleted["State"], "DELETING");
        for method in ["GET", "DELETE"] {
            let gone = call(&program, method, path, &Value::Null).await;
            refused(&gone, 404, "ResourceNotFoundException");
        }
    }
}

#[tokio::test]
async fn tags_and_policies_are_kept_by_arn() {
    let program = setup().start().await;
    let new = json!({ "Name": "env", "NetworkFabricType": "NONE", "Tags": { "a": "1" } });
    let environment = post(&program, "/environments", &new).await;
    let arn = text(&environment, "Arn").to_owned();
    let encoded = arn.replace(':', "%3A").replace('/', "%2F");
    let tags = format!("/tags/{encoded}");
    let new = json!({ "Tags": { "a": "2", "team": "board", "c d": "" } });
    assert_eq!(post(&program, &tags, &new).await, json!({}));
    let path = format!("{tags}?tagKeys=c%20d&tagKeys=missing");
    ok(&call(&program, "DELETE", &path, &Value::Null).await);
    let expected = json!({ "Tags": { "a": "2", "team": "board" } });
    assert_eq!(get(&program, &tags).await, expected);

    let many: serde_json::Map<_, _> = (0..49).map(|n| (n.to_string(), "".into())).collect();
    let answer = call(&program, "POST", &tags, &json!({ "Tags": many })).await;
    assert!(text(&refused(&answer, 400, "ValidationException"), "Message").contains("51"));
    assert_eq!(get(&program, &tags).await, expected, "all tags are added or none");
    let answer = call(&program, "POST", &tags, &json!({})).await;
    refused(&answer, 400, "ValidationException");

    let policy = format!("/resourcepolicy/{encoded}");
    assert_eq!(get(&program, &policy).await, json!({ "Policy": "{}" }));
    let document = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let put = json!({ "ResourceArn": arn, "Policy": document });
    ok(&call(&program, "PUT", "/resourcepolicy", &put).await);
    assert_eq!(get(&program, &policy).await, json!({ "Policy": document }));
    for (text, code) in [
        ("[]", "InvalidResourcePolicyException"),
        ("{", "InvalidResourcePolicyException"),
        (" ", "ValidationException"),
        ("{\n}", "ValidationException"),
    ] {
        let put = json!({ "ResourceArn": arn, "Policy": text });
        refused(&call(&program, "PUT", "/resourcepolicy", &put).await, 400, code);
    }
    for _ in 0..2 {
        ok(&call(&program, "DELETE", &policy, &Value::Null).await);
        assert_eq!(get(&program, &policy).await, json!({ "Policy": "{}" }));
    }
    for method in ["GET", "DELETE"] {
        let missing = arn.replace(&arn[arn.len() - 10..], "0123456789");
        let path = format!("/resourcepolicy/{}", missing.replace(':', "%3A").replace('/', "%2F"));
        let missing = call(&program, method, &path, &Value::Null).await;
        refused(&missing, 404, "ResourceNotFoundException");
    }
    let other = tags.replace("env-", "env-0123456789").get(..tags.len()).unwrap().to_owned();
    let missing = call(&program, "GET", &other, &Value::Null).await;
    let body = refused(&missing, 404, "ResourceNotFoundException");
    assert_eq!(body["ResourceType"], "ENVIRONMENT");
}

#[tokio::test]
async fn lists_come_in_pages_and_regions_apart() {
    let program = setup().start().await;
    let mut made = Vec::new();
    for number in 0..7 {
        let new = json!({ "Name": format!("env {number}"), "NetworkFabricType": "NONE" });
        made.push(post(&program, "/environments", &new).await["EnvironmentId"].clone());
    }
    let mut found = Vec::new();
    let mut path = "/environments?maxResults=3".to_owned();
    let mut pages = 0;
    loop {
        let page = get(&program, &path).await;
        pages += 1;
        let items = page["EnvironmentSummaryList"].as_array().unwrap().clone();
        found.extend(items.iter().map(|item| item["EnvironmentId"].clone()));
        let Some(next) = page["NextToken"].as_str() else { break };
        path = format!("/environments?maxResults=3&nextToken={next}");
    }
    assert_eq!((pages, &found[..6]), (3, &made[..6]), "in the order of their making");
    for query in ["maxResults=0", "maxResults=101", "nextToken=0000", "nextToken=%20"] {
        let answer = call(&program, "GET", &format!("/environments?{query}"), &Value::Null).await;
        let body = refused(&answer, 400, "ValidationException");
        assert!(text(&body, "Message").contains(query.split('=').next().unwrap()), "{body}");
    }

    let path = format!("/environments/{}", made[0].as_str().unwrap());
    let mut elsewhere = crate::client::Request::new(&program, "GET", &path, String::new());
    elsewhere.region = "eu-west-1";
    let body = refused(&elsewhere.send(&program).await, 404, "ResourceNotFoundException");
    assert!(text(&body, "Message").contains("it is in local"), "{body}");
}
