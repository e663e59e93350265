//! Tags that begin with `banyan:`: which are known, where they may stand, and that those of a service hold for its routes.

use harness::{Manner, Neighbour};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::{
    application, call, fallback, get, ok, post, refused, service, setup, tags_of, uri_path,
};
use crate::users::Users;

#[tokio::test]
async fn values_of_tags_that_are_read_are_refused_by_name() {
    let upstream = Neighbour::start(Manner::Has(vec![1]));
    let program = setup().start().await;
    let application = application(&program).await;
    let routes = format!("{application}/routes");
    let service = service(&program, &application, upstream.url()).await;
    post(&program, &routes, &fallback(&service)).await;
    let route = post(&program, &routes, &uri_path(&service, "/threads", "ACTIVE")).await;
    let tags = tags_of(&route);
    for (tag, value) in [
        ("banyan:canary", "101"),
        ("banyan:canary", "ten"),
        ("banyan:shadow", "-1"),
        ("banyan:shadow", "1.5"),
        ("banyan:ignore", "updatedAt"),
        ("banyan:ignore", "/a /b~2"),
        ("banyan:first-byte-ms", "0"),
    ] {
        let wrong = json!({ tag: value, "team": "board" });
        let mut body = uri_path(&service, "/users", "ACTIVE");
        body["Tags"] = wrong.clone();
        for answer in [
            call(&program, "POST", &routes, &body).await,
            call(&program, "POST", &tags, &json!({ "Tags": wrong })).await,
        ] {
            let message = refused(&answer, 400, "ValidationException")["Message"].clone();
            let message = message.as_str().unwrap();
            assert!(message.contains("Tags") && message.contains(tag), "{message}");
        }
    }
    assert_eq!(get(&program, &tags).await["Tags"], json!({}), "nothing was changed");
    let list = get(&program, &routes).await;
    assert_eq!(list["RouteSummaryList"].as_array().unwrap().len(), 2, "nothing was made");
}

#[tokio::test]
async fn unknown_tags_and_tags_in_a_wrong_place_are_refused_with_those_that_are_possible() {
    let upstream = Neighbour::start(Manner::Has(vec![1]));
    let program = setup().start().await;
    let application = application(&program).await;
    let routes = format!("{application}/routes");
    let id = service(&program, &application, upstream.url()).await;
    let services = format!("{application}/services");
    let mut new_service = json!({ "Name": "svc", "EndpointType": "URL" });
    new_service["UrlEndpoint"] = json!({ "Url": upstream.url() });
    let new_environment = json!({ "Name": "env", "NetworkFabricType": "NONE" });
    for (path, mut body, tag, say) in [
        (&routes, uri_path(&id, "/a", "ACTIVE"), "banyan:canry", "banyan:canary, "),
        (
            &routes,
            fallback(&id),
            "banyan:canary",
            "a DEFAULT route takes banyan:answer-header-bytes",
        ),
        (
            &services,
            new_service,
            "banyan:idle",
            "a service takes banyan:answer-header-bytes, banyan:ca, banyan:canary",
        ),
        (&"/environments".to_owned(), new_environment, "banyan:canary", "no tag"),
    ] {
        body["Tags"] = json!({ tag: "10" });
        let answer = call(&program, "POST", path, &body).await;
        let message = refused(&answer, 400, "ValidationException")["Message"].clone();
        let message = message.as_str().unwrap();
        assert!(message.contains(&format!("{tag} ")) && message.contains(say), "{message}");
    }
    let route = post(&program, &routes, &fallback(&id)).await;
    let tagged = json!({ "Tags": { "banyan:shadow": "10" } });
    let answer = call(&program, "POST", &tags_of(&route), &tagged).await;
    refused(&answer, 400, "ValidationException");
    assert_eq!(get(&program, &tags_of(&route)).await["Tags"], json!({}));
}

#[tokio::test]
async fn a_tag_of_a_service_holds_for_its_routes_until_a_route_has_its_own() {
    let old = Neighbour::start(Manner::Has(vec![1]));
    let new = Neighbour::start(Manner::Has(vec![2]));
    let program = setup().start().await;
    let users = Users::make(&program, old.url(), new.url(), &json!({})).await;
    let Users { application, url, service, route } = &users;
    let of_service = tags_of(&get(&program, &format!("{application}/services/{service}")).await);
    let of_route = tags_of(route);
    let status = async || reqwest::get(url).await.unwrap().status().as_u16();
    let (from_old, from_new) = (200, 404);
    assert_eq!(status().await, from_new);
    post(&program, &of_service, &json!({ "Tags": { "banyan:canary": "0" } })).await;
    assert_eq!(status().await, from_old);
    post(&program, &of_route, &json!({ "Tags": { "banyan:canary": "100" } })).await;
    assert_eq!(status().await, from_new, "the route's own tag wins");
    let canary = "tagKeys=banyan%3Acanary";
    ok(&call(&program, "DELETE", &format!("{of_route}?{canary}"), &Value::Null).await);
    assert_eq!(status().await, from_old);
    let program = program.restart().await;
    assert_eq!(status().await, from_old);
    ok(&call(&program, "DELETE", &format!("{of_service}?{canary}"), &Value::Null).await);
    assert_eq!(status().await, from_new);
}

#[tokio::test]
async fn a_state_with_tags_that_are_refused_today_opens_and_they_can_be_removed() {
    let upstream = Neighbour::start(Manner::Has(vec![1]));
    let mut program = setup().start().await;
    let application = application(&program).await;
    let id = service(&program, &application, upstream.url()).await;
    let mut body = fallback(&id);
    body["Tags"] = json!({ "old:canary": "x" });
    let route = post(&program, &format!("{application}/routes"), &body).await;
    program.kill().await;
    let state = Connection::open(program.setup().folder().join(".refactor/state.db")).unwrap();
    let sql = "UPDATE spaces_resources SET document = replace(document, 'old:', 'banyan:')";
    state.execute(sql, []).unwrap();
    drop(state);
    let program = program.restart().await;
    program.logged("banyan:canary may not stand on a DEFAULT").await;
    let tags = tags_of(&route);
    assert_eq!(get(&program, &tags).await["Tags"], json!({ "banyan:canary": "x" }));
    post(&program, &tags, &json!({ "Tags": { "banyan:idle-ms": "1000" } })).await;
    ok(&call(&program, "DELETE", &format!("{tags}?tagKeys=banyan%3Acanary"), &Value::Null).await);
    assert_eq!(get(&program, &tags).await["Tags"], json!({ "banyan:idle-ms": "1000" }));
}
