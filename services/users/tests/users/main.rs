//! The users service over HTTP: reading, writing, conditional requests, idempotency, bad input.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod moving;
mod scraped;

use harness::{Setup, golden_reads, on_both_stores};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_users");

on_both_stores!(
    crate::BINARY;
    the_golden_reads_are_given_to_the_byte,
    a_new_user_is_answered_in_the_full_view_and_can_be_read,
    a_user_is_replaced_patched_and_deleted,
    a_taken_username_is_a_409,
    conditional_requests_follow_the_entity_tag,
    an_idempotency_key_makes_a_repeat_give_the_first_answer,
    demo_data_is_stored_once,
);

async fn the_golden_reads_are_given_to_the_byte(setup: Setup) {
    let users = setup.demo().start().await;
    golden_reads(&users, &["users"]).await;
}

async fn a_new_user_is_answered_in_the_full_view_and_can_be_read(setup: Setup) {
    let users = setup.start().await;
    let bmo = json!({"username": "bmo", "name": "BMO"});
    let answer = users.json("POST", "/api/users/", &bmo).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (201, "/api/users/1"),
        "{}",
        answer.body
    );
    let full = answer.json();
    assert_eq!(full["id"], 1);
    assert_eq!(full["bio"], "");
    assert_eq!(full["createdAt"], full["updatedAt"]);
    assert!(full["createdAt"].as_str().is_some_and(|time| time.ends_with('Z')), "{full}");
    let keys: Vec<_> = full.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys.len(), 6, "{keys:?}");
    let read = users.get("/api/users/1?view=full").await;
    assert_eq!(read.body, answer.body);
    assert_eq!(read.header("etag"), answer.header("etag"));
    let basic = users.get("/api/users/1").await;
    assert_eq!(basic.body, r#"{"id":1,"username":"bmo","name":"BMO","bio":""}"#);
}

async fn a_user_is_replaced_patched_and_deleted(setup: Setup) {
    let users = setup.demo().start().await;
    let finn = json!({"username": "finn", "name": "Finn"});
    let replaced = users.json("PUT", "/api/users/2", &finn).await;
    assert_eq!(replaced.status, 200);
    assert_eq!(replaced.json()["bio"], "", "what a PUT leaves out is empty");
    let patch = [("content-type", "application/merge-patch+json")];
    let patched = users.send("PATCH", "/api/users/2/", &patch, r#"{"bio":"Hero"}"#).await;
    assert_eq!(patched.status, 200);
    assert_eq!(patched.json()["name"], "Finn");
    assert_eq!(users.get("/api/users/2").await.json()["bio"], "Hero");
    assert_eq!(patched.json()["createdAt"], replaced.json()["createdAt"]);

    let deleted = users.send("DELETE", "/api/users/2", &[], "").await;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    let patch = json!({"bio": "x"});
    for gone in [
        users.get("/api/users/2").await,
        users.send("DELETE", "/api/users/2", &[], "").await,
        users.json("PATCH", "/api/users/2", &patch).await,
        users.json("PUT", "/api/users/99", &finn).await,
    ] {
        gone.problem(404);
    }
    let listed = users.get("/api/users").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    // The name is free again; the id is not.
    assert_eq!(users.json("POST", "/api/users", &finn).await.json()["id"], 5);
}

async fn a_taken_username_is_a_409(setup: Setup) {
    let users = setup.demo().start().await;
    let finn = json!({"username": "finn", "name": "Another Finn"});
    let taken = users.json("POST", "/api/users", &finn).await;
    assert_eq!(taken.problem(409), ["#/username"]);
    let taken = users.json("PATCH", "/api/users/1", &json!({"username": "finn"})).await;
    assert_eq!(taken.problem(409), ["#/username"]);
    // A user that keeps its name takes it from no other user.
    assert_eq!(users.json("PATCH", "/api/users/2", &finn).await.status, 200);
}

async fn conditional_requests_follow_the_entity_tag(setup: Setup) {
    let users = setup.demo().start().await;
    for path in
        ["/api/users/2", "/api/users/2?view=full", "/api/users", "/api/users?limit=2&view=full"]
    {
        let read = users.get(path).await;
        let tag = read.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{path} has the tag {tag}");
        let weak = format!("W/{tag}");
        for known in [tag.as_str(), "*", weak.as_str()] {
            let again = users.send("GET", path, &[("if-none-match", known)], "").await;
            assert_eq!((again.status, again.body.as_str()), (304, ""), "{path} {known}");
            assert_eq!(again.header("etag"), tag);
            assert_eq!(again.header("link"), read.header("link"));
        }
        let other = users.send("GET", path, &[("if-none-match", "\"other\"")], "").await;
        assert_eq!(other.status, 200);
    }
    let tags: Vec<_> = [users.get("/api/users/2").await, users.get("/api/users/2?view=full").await]
        .iter()
        .map(|read| read.header("etag").to_owned())
        .collect();
    assert_ne!(tags[0], tags[1], "two views, two tags");

    let list = users.get("/api/users").await.header("etag").to_owned();
    let json = ("content-type", "application/json");
    let stale = [json, ("if-match", "\"99\"")];
    users.send("PATCH", "/api/users/2", &stale, r#"{"bio":"x"}"#).await.problem(412);
    users.send("DELETE", "/api/users/2", &[("if-match", "\"99\"")], "").await.problem(412);
    users.send("DELETE", "/api/users/2", &[("if-none-match", "*")], "").await.problem(412);
    // What would fail anyway fails for that.
    users.send("PATCH", "/api/users/2", &stale, r#"{"name":""}"#).await.problem(422);
    users.send("PATCH", "/api/users/99", &stale, r#"{"bio":"x"}"#).await.problem(404);
    let undo = json!({"bio": "Adventurer and hero, last human, defender of good"});
    let fresh = [json, ("if-match", tags[0].as_str())];
    let changed = users.send("PATCH", "/api/users/2", &fresh, r#"{"bio":"x"}"#).await;
    assert_eq!(changed.status, 200);
    // The tag that the write answered names the new state, and the old one is stale.
    let stale = [json, ("if-match", tags[1].as_str())];
    users.send("PATCH", "/api/users/2", &stale, &undo.to_string()).await.problem(412);
    let fresh = [json, ("if-match", changed.header("etag"))];
    assert_eq!(users.send("PATCH", "/api/users/2", &fresh, &undo.to_string()).await.status, 200);
    assert_eq!(users.get("/api/users").await.header("etag"), list, "the same bytes, the same tag");
}

async fn an_idempotency_key_makes_a_repeat_give_the_first_answer(setup: Setup) {
    let users = setup.start().await;
    let post = async |body: Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "7c1f")];
        users.send("POST", "/api/users", &headers, &body.to_string()).await
    };
    let bmo = json!({"username": "bmo", "name": "BMO"});
    let first = post(bmo.clone()).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    let changed = users.json("PATCH", "/api/users/1", &json!({"bio": "a console"})).await;
    assert_eq!(changed.status, 200);
    let again = post(bmo).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.body, first.body, "as it was, not as it is");
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("etag"), first.header("etag"));
    let reused = post(json!({"username": "bmo2", "name": "BMO"})).await;
    assert_eq!(reused.problem(422), ["Idempotency-Key"]);
    assert_eq!(users.get("/api/users").await.json().as_array().unwrap().len(), 1);
}

async fn demo_data_is_stored_once(setup: Setup) {
    let users = setup.demo().start().await;
    let deleted = users.send("DELETE", "/api/users/4", &[], "").await;
    assert_eq!(deleted.status, 204);
    let users = users.restart().await;
    assert_eq!(users.get("/api/users").await.json().as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn bad_bodies_are_named_and_stored_nowhere() {
    let users = Setup::new(BINARY).start().await;
    let send = async |body: &str| {
        users.send("POST", "/api/users", &[("content-type", "application/json")], body).await
    };
    let malformed: &[(&str, &[&str])] = &[
        ("", &["#"]),
        ("{", &["#"]),
        ("[]", &["#"]),
        ("null", &["#"]),
        (r#"{"username": "a", "name": "n"} x"#, &["#"]),
        (r#"{"username": 5, "name": "n"}"#, &["#/username"]),
        (r#"{"username": null, "name": "n"}"#, &["#/username"]),
        (r#"{"username": "a", "name": "n", "id": 7}"#, &["#/id"]),
        (r#"{"username": "a", "name": "n", "a/b": 7}"#, &["#/a~1b"]),
        ("{\"username\": \"a\", \"name\": \"\u{1}\"}", &["#/name"]),
        (r#"{"username": "a", "name": "\ud800"}"#, &["#/name"]),
    ];
    for (body, places) in malformed {
        assert_eq!(send(body).await.problem(400), *places, "{body}");
    }
    let broken: &[(&str, &[&str])] = &[
        ("{}", &["#/username", "#/name"]),
        (r#"{"username": "", "name": "", "bio": "\u0000"}"#, &["#/username", "#/name", "#/bio"]),
        (r#"{"username": "Finn", "name": "n"}"#, &["#/username"]),
    ];
    for (body, places) in broken {
        assert_eq!(send(body).await.problem(422), *places, "{body}");
    }
    let deep = "[".repeat(100_000);
    send(&format!(r#"{{"username": {deep}"#)).await.problem(400);
    send(&format!(r#"{{"username": "{}"}}"#, "x".repeat(300_000))).await.problem(413);
    let body = r#"{"username": "a", "name": "n"}"#;
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
        &[("content-type", "application/json; charset=utf-16")],
    ] {
        users.send("POST", "/api/users", headers, body).await.problem(415);
    }
    for charset in ["utf-16", "ISO-8859-1", "latin1", "utf8x", ""] {
        let media_type = format!("application/json; charset={charset}");
        let headers = [("content-type", media_type.as_str())];
        assert_eq!(users.send("POST", "/api/users", &headers, body).await.problem(415).len(), 1);
    }
    // A patch has a media type of its own.
    let patch = [("content-type", "application/merge-patch+json")];
    users.send("POST", "/api/users", &patch, body).await.problem(415);
    let json = ("content-type", "application/json");
    for key in ["", "a\tb", "a b", "a\"b", "\"a"] {
        let answer =
            users.send("POST", "/api/users", &[json, ("idempotency-key", key)], body).await;
        assert_eq!(answer.problem(400), ["Idempotency-Key"]);
    }
    assert_eq!(users.get("/api/users").await.body, "[]");
}

#[tokio::test]
async fn utf_8_may_be_called_by_any_of_its_names() {
    let users = Setup::new(BINARY).demo().start().await;
    for media_type in ["application/json", "application/merge-patch+json"] {
        for parameter in [
            "charset=utf-8",
            "charset=utf8",
            "charset=\"utf8\"",
            "charset=UTF8",
            "Charset = \"Utf-8\"",
            "charset=us-ascii",
            "charset=US-ASCII",
            "v=1",
        ] {
            let headers = [("content-type", format!("{media_type}; {parameter}"))];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let patched =
                users.send("PATCH", "/api/users/3", &headers, r#"{"name":"Typed"}"#).await;
            assert_eq!(patched.status, 200, "{media_type}; {parameter}: {}", patched.body);
        }
    }
}

#[tokio::test]
async fn no_answer_can_be_taken_for_another_type_or_framed() {
    let users = Setup::new(BINARY).demo().start().await;
    let paths =
        ["/", "/healthz", "/metrics", "/api/users", "/api/users/openapi.json", "/api/users/docs"];
    for path in [&paths[..], &["/nope", "/api/users/99", "/api/users?limit=x"]].concat() {
        assert_eq!(users.get(path).await.header("x-content-type-options"), "nosniff", "{path}");
    }
    let refused = users.send("BREW", "/api/users", &[], "").await;
    assert_eq!(refused.header("x-content-type-options"), "nosniff");

    let docs = users.get("/api/users/docs").await;
    let policy = docs.header("content-security-policy");
    for directive in [
        "default-src 'none'",
        "style-src 'sha256-",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ] {
        assert!(policy.contains(directive), "{policy}");
    }
    assert_eq!(docs.header("x-frame-options"), "DENY");
    assert!(!docs.body.contains(" style="), "the policy has the one style sheet alone");
}

#[tokio::test]
async fn bad_ids_parameters_and_methods_are_named() {
    let users = Setup::new(BINARY).demo().start().await;
    for id in ["0", "-1", "abc", "01", "1.0", "9223372036854775808", "%20", "1%00"] {
        assert_eq!(users.get(&format!("/api/users/{id}")).await.problem(400), ["id"], "{id}");
    }
    users.get("/api/users/9223372036854775807").await.problem(404);
    assert_eq!(users.get("/api/users?limit=0&order=x").await.problem(400), ["limit", "order"]);
    assert_eq!(users.get("/api/users?limt=2").await.problem(400), ["limt"]);
    assert_eq!(users.get("/api/users/1?limit=2").await.problem(400), ["limit"]);
    assert_eq!(users.get("/api/users/1?view=").await.problem(400), ["view"]);
    let delete = users.send("DELETE", "/api/users/1?force=1", &[], "").await;
    assert_eq!(delete.problem(400), ["force"]);
    for path in ["/nope", "/api/user", "/api/users/1/x", "/api/posts"] {
        users.get(path).await.problem(404);
    }
    let allowed = async |method: &str, path: &str| {
        let answer = users.send(method, path, &[], "").await;
        answer.problem(405);
        let mut allowed: Vec<_> = answer.header("allow").split(", ").map(str::to_owned).collect();
        allowed.sort();
        allowed.join(" ")
    };
    assert_eq!(allowed("DELETE", "/api/users").await, "GET HEAD POST");
    assert_eq!(allowed("POST", "/api/users/1").await, "DELETE GET HEAD PATCH PUT");
    assert_eq!(allowed("OPTIONS", "/api/users/").await, "GET HEAD POST");
    assert_eq!(allowed("POST", "/healthz").await, "GET HEAD");
    assert_eq!(allowed("BREW", "/").await, "GET HEAD");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let users = Setup::new(BINARY).demo().start().await;
    for path in ["/", "/api", "/api/users", "/api/users/1/", "/api/users/openapi.json", "/healthz"]
    {
        let (get, head) = (users.get(path).await, users.send("HEAD", path, &[], "").await);
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        for header in ["content-type", "content-length", "etag", "link"] {
            assert_eq!(head.header(header), get.header(header), "{header} of {path}");
        }
    }
    let missing = users.send("HEAD", "/api/users/99", &[], "").await;
    assert_eq!((missing.status, missing.header("content-type")), (404, "application/problem+json"));
}

#[tokio::test]
async fn read_only_refuses_every_write() {
    let users = Setup::new(BINARY).demo().env("READ_ONLY", "true").start().await;
    golden_reads(&users, &["users"]).await;
    let bmo = json!({"username": "bmo", "name": "BMO"});
    users.json("POST", "/api/users", &bmo).await.problem(403);
    users.json("PUT", "/api/users/1", &bmo).await.problem(403);
    users.json("PATCH", "/api/users/1", &bmo).await.problem(403);
    users.send("DELETE", "/api/users/1", &[], "").await.problem(403);
    golden_reads(&users, &["users"]).await;
}

#[tokio::test]
async fn health_metrics_and_docs_are_there() {
    let users = Setup::new(BINARY).demo().start().await;
    assert_eq!(users.get("/healthz").await.body, "alive");
    assert_eq!(users.get("/readyz").await.body, "ready");
    users.get("/api/users/99").await.problem(404);
    let metrics = users.get("/metrics").await.body;
    let counted = r#"http_requests_total{method="GET",route="/api/users/{id}",status="404"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");

    let document = users.get("/api/users/openapi.json").await;
    assert_eq!(document.header("content-type"), "application/json; charset=utf-8");
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(paths, ["/api/users", "/api/users/{id}"]);
    let new = &document["components"]["schemas"]["NewUser"];
    assert_eq!(new["required"], json!(["username", "name"]));
    assert_eq!(new["properties"]["username"]["maxLength"], 32);

    let docs = users.get("/api/users/docs").await;
    assert_eq!(docs.header("content-type"), "text/html; charset=utf-8");
    assert!(docs.body.contains("/api/users/{id}"));
    for elsewhere in ["<script", "http://", "https://"] {
        assert!(!docs.body.contains(elsewhere), "the docs must work offline: {elsewhere}");
    }
}

#[tokio::test]
async fn every_request_has_an_id_and_one_line_in_the_log() {
    let users = Setup::new(BINARY).env("LOG_FORMAT", "json").demo().start().await;
    let given = users.send("GET", "/api/users/1", &[("x-request-id", "abc-1")], "").await;
    assert_eq!(given.header("x-request-id"), "abc-1");
    for bad in ["a b", "", &"x".repeat(129), "a\"b"] {
        let made = users.send("GET", "/api/users/1", &[("x-request-id", bad)], "").await;
        let made = made.header("x-request-id").to_owned();
        assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
    }
    users.logged("abc-1").await;
    let lines: Vec<Value> =
        users.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ours: Vec<_> = lines.iter().filter(|line| line["id"] == "abc-1").collect();
    assert_eq!(ours.len(), 1, "{lines:?}");
    let line = ours[0];
    assert_eq!((&line["method"], &line["path"]), (&json!("GET"), &json!("/api/users/1")));
    assert_eq!((&line["status"], &line["bytes"]), (&json!(200), &json!(given.body.len())));
    assert!(line["ms"].is_number() && line["time"].is_string());
}
