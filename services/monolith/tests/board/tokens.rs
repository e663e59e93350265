//! Writes that need a token, and writes that are too many.

use std::time::{Duration, SystemTime};

use auth::{LocalIssuer, TokenRequest};
use harness::{Answer, Program, Setup};
use serde_json::{Value, json};

use crate::BINARY;

harness::on_both_stores!(
    crate::BINARY;
    a_member_is_changed_by_its_author_alone,
);

/// A board whose writes need tokens of an issuer in its folder.
fn guarded(setup: Setup) -> (Setup, LocalIssuer) {
    let issuer = LocalIssuer::make(setup.folder()).unwrap();
    let keys = issuer.jwks_file().display().to_string();
    let setup = setup
        .demo()
        .env("AUTH_JWKS_URL", &keys)
        .env("AUTH_AUDIENCE", LocalIssuer::AUDIENCE)
        .env("AUTH_USER_CLAIM", LocalIssuer::USER_CLAIM);
    (setup, issuer)
}

fn token(issuer: &LocalIssuer, user: &str, scope: &str) -> String {
    let wanted = TokenRequest { user, scope, lifetime: Duration::from_secs(600) };
    issuer.token(wanted, SystemTime::now()).unwrap()
}

async fn send(board: &Program, (method, path): (&str, &str), token: &str, body: Value) -> Answer {
    let authorization = format!("Bearer {token}");
    let mut headers = vec![("authorization", authorization.as_str())];
    if !body.is_null() {
        headers.push(("content-type", "application/json"));
    }
    let body = if body.is_null() { String::new() } else { body.to_string() };
    board.send(method, path, &headers, &body).await
}

async fn a_member_is_changed_by_its_author_alone(setup: Setup) {
    let (setup, issuer) = guarded(setup);
    let board = setup.start().await;
    harness::golden_reads(&board, &["users", "threads", "posts"]).await;
    let [finn, jake] = ["finn", "jake"].map(|user| token(&issuer, user, ""));
    let moderator = token(&issuer, "pb", "board:moderate");
    board.json("DELETE", "/api/threads/1", &Value::Null).await.problem(401);

    let named = board.get("/api/users/named/finn?view=full").await;
    assert_eq!((named.status, &named.json()["id"]), (200, &json!(2)));
    assert_eq!(board.get("/api/users/named/FINN").await.problem(404).len(), 0);
    assert_eq!(board.get("/api/users/named/lich").await.header("banyan-missing"), "user named");
    board.get("/api/users/named/finn%00").await.problem(404);
    let strange = token(&issuer, "fi\nnn\0", "");
    let thread = json!({"title": "x"});
    send(&board, ("POST", "/api/threads"), &strange, thread).await.problem(403);

    let post = json!({"thread": 1, "text": "Mathematical!"});
    let made = send(&board, ("POST", "/api/posts"), &finn, post.clone()).await;
    assert_eq!((made.status, &made.json()["user"]), (201, &json!(2)));
    let path = made.header("location").to_owned();
    let of_jake = json!({"thread": 1, "text": "x", "user": 4});
    let refused = send(&board, ("POST", "/api/posts"), &finn, of_jake).await;
    assert_eq!(refused.problem(403), ["#/user"]);
    let changed = send(&board, ("PATCH", &path), &jake, json!({"text": ""})).await;
    assert_eq!(changed.problem(403).len(), 0, "before anything that is wrong with it");
    let tagged = [("authorization", format!("Bearer {jake}"))];
    let tagged: Vec<_> = tagged.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let tagged = [tagged, vec![("if-match", "\"9\"")]].concat();
    board.send("DELETE", &path, &tagged, "").await.problem(403);
    assert_eq!(send(&board, ("PATCH", &path), &moderator, json!({"user": 4})).await.status, 200);
    send(&board, ("DELETE", &path), &finn, Value::Null).await.problem(403);
    assert_eq!(send(&board, ("DELETE", &path), &jake, Value::Null).await.status, 204);
    send(&board, ("DELETE", &path), &jake, Value::Null).await.problem(404);

    let capital = token(&issuer, "Finn", "");
    let made = send(&board, ("POST", "/api/users"), &capital, json!({"name": "F"})).await;
    assert_eq!(made.problem(422), ["#/username"]);
    send(&board, ("PATCH", "/api/users/2"), &capital, json!({"bio": "x"})).await.problem(403);
    let twice = [("authorization", "Bearer a.b.c"), ("authorization", "Bearer a.b.c")];
    let twice = board.send("DELETE", "/api/users/2", &twice, "").await;
    twice.problem(400);
    assert!(twice.header("www-authenticate").starts_with("Bearer error=\"invalid_request\""));
}

#[tokio::test]
async fn a_description_says_what_writes_need_only_if_they_need_it() {
    let (setup, _issuer) = guarded(Setup::new(BINARY));
    let (board, open) = (setup.start().await, Setup::new(BINARY).start().await);
    let document = board.get("/api/threads/openapi.json").await.json();
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let (path, schema) = (&document["paths"]["/api/threads"], &document["components"]["schemas"]);
    assert_eq!(path["post"]["security"], json!([{"token": []}]));
    assert!(path["get"]["security"].is_null());
    assert_eq!(schema["NewThread"]["required"], json!(["title"]));
    let users = board.get("/api/users/openapi.json").await.json();
    assert!(users["paths"]["/api/users/named/{name}"]["get"].is_object());
    for collection in ["users", "threads", "posts"] {
        let document = open.get(&format!("/api/{collection}/openapi.json")).await.body;
        for word in ["securitySchemes", "named", "401", "429"] {
            assert!(!document.contains(word), "{collection}: {word}");
        }
    }
    open.get("/api/users/named/finn").await.problem(404);
}

#[tokio::test]
async fn a_caller_and_an_address_have_so_many_writes() {
    let (setup, issuer) = guarded(Setup::new(BINARY));
    let board = setup.env("CALLER_WRITES_PER_MINUTE", "2").start().await;
    let [finn, jake] = ["finn", "jake"].map(|user| token(&issuer, user, ""));
    let write = async |token: &str| {
        send(&board, ("PATCH", "/api/users/2"), token, json!({"bio": "x"})).await
    };
    assert_eq!([write(&finn).await.status, write(&finn).await.status], [200, 200]);
    let refused = write(&finn).await;
    refused.problem(429);
    assert_eq!(refused.header("ratelimit-policy"), "\"caller\";q=2;w=60");
    assert!(refused.header("ratelimit").starts_with("\"caller\";r=0;t="));
    assert!((1..=30).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    write(&jake).await.problem(403);
    assert_eq!(board.get("/api/users/2").await.status, 200, "reads have no limit");

    let open = Setup::new(BINARY).demo().env("ADDRESS_WRITES_PER_MINUTE", "1");
    let open = open.env("TRUSTED_PROXIES", "127.0.0.0/8").start().await;
    let write = async |client: &str| {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", client)];
        open.send("PATCH", "/api/users/2", &headers, "{\"bio\":\"x\"}").await
    };
    assert_eq!([write("192.0.2.1").await.status, write("192.0.2.2").await.status], [200, 200]);
    let refused = write("192.0.2.1").await;
    refused.problem(429);
    assert_eq!(refused.header("ratelimit-policy"), "\"address\";q=1;w=60");
}

#[tokio::test]
async fn half_a_configuration_of_tokens_keeps_the_program_from_starting() {
    let (code, log) = Setup::new(BINARY).env("AUTH_ISSUER", "https://login.example").run().await;
    assert_eq!(code, Some(64));
    for missing in ["AUTH_AUDIENCE: is needed", "AUTH_USER_CLAIM: is needed"] {
        assert!(log.contains(missing), "{log}");
    }
}

#[tokio::test]
async fn while_no_keys_can_be_read_writes_are_503_and_reads_go_on() {
    let (setup, issuer) = guarded(Setup::new(BINARY));
    let board = setup.env("AUTH_JWKS_URL", "/nowhere/keys.json").start().await;
    let finn = token(&issuer, "finn", "");
    let refused = send(&board, ("DELETE", "/api/users/2"), &finn, Value::Null).await;
    refused.problem(503);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(board.get("/readyz").await.status, 200);
    assert_eq!(board.get("/api/users/2").await.status, 200);
    board.logged("the keys of the issuer cannot be read").await;
}
