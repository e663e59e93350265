//! Without the token there is nothing under `/-/`, nor through a refactor proxy.

use harness::{MOVE_TOKEN, Setup};

use crate::BINARY;

const PATHS: [&str; 14] = [
    "/api/users/-/ownership",
    "/api/users/-/ownership/",
    "/api/users/-//ownership",
    "/api/users/%2D/ownership",
    "/api/users/-/%6fwnership",
    "/api/%75sers/-/ownership",
    "/api/users/-/changes?after=0:",
    "/api/users/-/changes?after=nonsense",
    "/api/users/-/follow",
    "/api/users/-/fence",
    "/api/users/-/take",
    "/api/users/-/nothing",
    "/api/users/-/x/y",
    "/api/users/-/digest?limit=1",
];

#[tokio::test]
async fn every_path_answers_as_one_that_does_not_exist() {
    let with = Setup::new(BINARY).movable().start().await;
    let without = Setup::new(BINARY).start().await;
    let right = format!("Bearer {MOVE_TOKEN}");
    let longer = format!("{right}x");
    let other_case = right.to_uppercase();
    let basic = format!("Basic {MOVE_TOKEN}");
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
        let nothing = with.send(method, "/api/nothing/here", &[], "").await;
        assert_eq!(nothing.status, 404);
        for path in PATHS {
            let wrong = ["", "Bearer", "Bearer wrong", &longer, &other_case, &basic, MOVE_TOKEN];
            let wrong = wrong.map(|token| vec![("authorization", token), ("x-request-id", "1")]);
            let headers = wrong.iter().map(|headers| (&with, headers));
            let shown = vec![("authorization", right.as_str()), ("x-request-id", "1")];
            let mut proxied = shown.clone();
            proxied.push(("via", "1.1 nginx, 1.1 refactor-0123456789abcdef"));
            let refused = headers.chain([(&without, &shown), (&with, &proxied)]);
            for (program, headers) in refused {
                let answer = program.send(method, path, headers, "").await;
                assert_eq!(answer.status, 404, "{method} {path} {headers:?}");
                assert_eq!(answer.body, nothing.body, "{method} {path} {headers:?}");
                let names = |answer: &harness::Answer| {
                    ["content-type", "content-length", "allow", "banyan-position", "banyan-primary"]
                        .map(|name| answer.header(name).to_owned())
                };
                assert_eq!(names(&answer), names(&nothing), "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn with_the_token_they_are_there_and_no_description_names_them() {
    let users = Setup::new(BINARY).movable().demo().start().await;
    let document = users.ownership("users").await;
    assert_eq!((&document["protocol"], &document["role"]), (&2.into(), &"primary".into()));
    assert_eq!(document["collection"], "users");
    let shown = [("authorization", "bearer a-token-of-the-tests")];
    assert_eq!(users.send("GET", "/api/users/%2D/ownership/", &shown, "").await.status, 200);
    users.send("DELETE", "/api/users/-/ownership", &shown, "").await.problem(405);
    users.send("GET", "/api/users/-/nothing", &shown, "").await.problem(404);
    for path in ["/api/users/openapi.json", "/api/users/docs"] {
        assert!(!users.get(path).await.body.contains("/-/"), "{path}");
    }
    assert!(!users.log().contains(MOVE_TOKEN));
}

#[tokio::test]
async fn what_cannot_be_read_is_a_400() {
    let users = Setup::new(BINARY).movable().start().await;
    for path in [
        "changes?after=x",
        "changes?after=1:42",
        "changes?limit=x",
        "changes?more=1",
        "hashes",
        "digest?to=x",
    ] {
        users.ask("users", path).await.problem(400);
    }
    for (step, body) in [
        ("follow", r#"{"source": "nowhere"}"#),
        ("follow", r#"{"source": "http://u:p@127.0.0.1/api/users"}"#),
        ("follow", r#"{"source": "http://127.0.0.1/api/users", "maxRowsPerSecond": 0}"#),
        ("follow", "{}"),
        ("fence", r#"{"id": "a"}"#),
        ("cancel", r#"{"force": true}"#),
        ("handover", r#"{"id": "a", "epoch": 1, "to": {"store": "b"}}"#),
    ] {
        users.step("users", step, serde_json::from_str(body).unwrap()).await.problem(400);
    }
}
