//! `banyan up --auth` and `banyan login`: which caller may write what, at the monolith, the services and the proxy, before, during and after
//! the collections move.

mod tokens;

use std::fs;
use std::time::Duration;

use futures_util::future::join;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::banyan::Banyan;
use crate::board::Board;
use crate::folder::{Folder, alone};
use tokens::Issuer;

const COLLECTIONS: [&str; 3] = ["users", "threads", "posts"];

/// A board whose writes need tokens.
struct Guarded {
    folder: Folder,
    board: Board,
    proxy: String,
    issuer: Issuer,
    client: Client,
}

/// What was answered.
#[derive(Debug)]
struct Told {
    status: u16,
    challenge: String,
    body: Value,
}

impl Guarded {
    async fn start(variables: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        let _alone = alone().await;
        let mut command = folder.command(&["up", "--auth", "--port-base", "0", "--data-dir"]);
        command.arg(folder.data()).envs(variables.iter().copied());
        let board = Board::of(Banyan::start(command)).await;
        let traffic = board.control(&folder.data()).traffic().await.expect("refactor answers");
        let proxy = traffic[0].from.strip_suffix("/api").expect("the stage is api").to_owned();
        let issuer = Issuer::of(&folder.data());
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(60)).build();
        Self { folder, board, proxy, issuer, client: client.expect("a client") }
    }

    /// The token that `banyan login` prints.
    async fn login(&self, arguments: &[&str]) -> String {
        let printed = self.folder.run(&[&["login"], arguments].concat()).await;
        assert_eq!(printed.code, Some(0), "{}", printed.stderr);
        printed.stdout.trim().to_owned()
    }

    /// Sends a write; again if so many wrong tokens came before that it was not looked at.
    async fn send(
        &self,
        at: &str,
        (method, path): (&str, &str),
        token: &str,
        body: &Value,
    ) -> Told {
        for _ in 0..600 {
            let told = self.try_send(at, (method, path), token, body).await;
            if told.status != 429 {
                return told;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("{method} {path}: the token is not looked at")
    }

    async fn try_send(
        &self,
        at: &str,
        (method, path): (&str, &str),
        token: &str,
        body: &Value,
    ) -> Told {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("{at}/api{path}"));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("an answer");
        let challenge = answer.headers().get("www-authenticate");
        let challenge = challenge.map_or("", |value| value.to_str().unwrap()).to_owned();
        let status = answer.status().as_u16();
        let body = answer.text().await.expect("a body");
        Told { status, challenge, body: serde_json::from_str(&body).unwrap_or_default() }
    }

    /// Makes a member and gives its id.
    async fn made(&self, at: &str, collection: &str, token: &str, body: &Value) -> u64 {
        let told = self.send(at, ("POST", &format!("/{collection}")), token, body).await;
        assert_eq!(told.status, 201, "{told:?}");
        told.body["id"].as_u64().expect("an id")
    }
}

/// What a new member holds besides its author, and the field of its author.
fn content(collection: &str) -> (Value, &'static str) {
    match collection {
        "threads" => (json!({"title": "Party"}), "createdBy"),
        _ => (json!({"thread": 1, "text": "Mathematical!"}), "user"),
    }
}

/// Every action on a collection that has a member 2.
fn actions(collection: &str) -> Vec<(&'static str, String, Value)> {
    let body = match collection {
        "users" => json!({"username": "finn", "name": "F"}),
        _ => content(collection).0,
    };
    let member = format!("/{collection}/2");
    vec![
        ("POST", format!("/{collection}"), body.clone()),
        ("PUT", member.clone(), body.clone()),
        ("PATCH", member.clone(), body),
        ("DELETE", member, Value::Null),
    ]
}

/// The callers that may write nothing, at every collection that this program is primary of.
async fn nothing_is_written_without_a_good_token(board: &Guarded, at: &str, collections: &[&str]) {
    for collection in collections {
        for (method, path, body) in actions(collection) {
            let told = board.send(at, (method, &path), "", &body).await;
            assert_eq!(
                (told.status, told.challenge.as_str()),
                (401, "Bearer"),
                "{method} {path}: {told:?}"
            );
            for (what, token) in board.issuer.wrong("finn") {
                let told = board.send(at, (method, &path), &token, &body).await;
                assert_eq!(told.status, 401, "{what}: {method} {path}: {told:?}");
                let expected = "Bearer error=\"invalid_token\", error_description=\"";
                assert!(told.challenge.starts_with(expected), "{what}: {told:?}");
            }
        }
    }
}

/// The author, another user and a moderator, at threads and posts.
async fn members_belong_to_their_author(board: &Guarded, at: &str, collections: &[&str]) {
    let token = |user: &str, scope: &str| board.issuer.token(user, json!({ "scope": scope }));
    let (finn, jake) = (token("finn", "openid"), token("jake", "board:moderators"));
    let (pb, nobody) = (token("pb", "openid board:moderate"), token("lich", ""));
    for collection in collections.iter().filter(|collection| **collection != "users") {
        let (body, author) = content(collection);
        let with = |id: u64| {
            let mut body = body.clone();
            body[author] = id.into();
            body
        };
        let id = board.made(at, collection, &finn, &body).await;
        let path = format!("/{collection}/{id}");
        let read = board.send(at, ("GET", &format!("{path}?view=full")), "", &Value::Null).await;
        assert_eq!(read.body[author], 2, "{read:?}");
        let field = if *collection == "threads" { "title" } else { "text" };
        let patch = json!({ field: "changed" });
        for (caller, method, path, body, status) in [
            (&finn, "POST", format!("/{collection}"), with(2), 201),
            (&finn, "POST", format!("/{collection}"), with(4), 403),
            (&pb, "POST", format!("/{collection}"), with(4), 403),
            (&nobody, "POST", format!("/{collection}"), body.clone(), 403),
            (&jake, "PATCH", path.clone(), patch.clone(), 403),
            (&jake, "PATCH", path.clone(), json!({ author: 4 }), 403),
            (&jake, "PUT", path.clone(), body.clone(), 403),
            (&jake, "PUT", path.clone(), with(2), 403),
            (&jake, "DELETE", path.clone(), Value::Null, 403),
            (&nobody, "DELETE", path.clone(), Value::Null, 403),
            (&finn, "PATCH", path.clone(), patch.clone(), 200),
            (&finn, "PATCH", path.clone(), with(4), 403),
            (&finn, "PUT", path.clone(), with(4), 403),
            (&finn, "PUT", path.clone(), body.clone(), 200),
            (&finn, "PUT", path.clone(), with(2), 200),
            (&pb, "PATCH", path.clone(), patch, 200),
            (&pb, "PUT", path.clone(), with(2), 200),
            (&jake, "DELETE", format!("/{collection}/99999"), Value::Null, 404),
            (&finn, "DELETE", path.clone(), Value::Null, 204),
            (&finn, "DELETE", path.clone(), Value::Null, 404),
        ] {
            let told = board.send(at, (method, &path), caller, &body).await;
            assert_eq!(told.status, status, "{method} {path} {body}: {told:?}");
        }
        let other = board.made(at, collection, &jake, &body).await;
        let path = format!("/{collection}/{other}");
        let refused = board.send(at, ("DELETE", &path), &finn, &Value::Null).await;
        assert!(refused.challenge.contains("scope=\"board:moderate\""), "{refused:?}");
        let deleted = board.send(at, ("DELETE", &path), &pb, &Value::Null).await;
        assert_eq!(deleted.status, 204, "a moderator deletes any: {deleted:?}");
    }
}

/// A user is made, changed and deleted only by its own name, and what it wrote stays its own.
async fn users_belong_to_themselves(board: &Guarded, at: &str, name: &str) {
    let own = board.issuer.token(name, json!({}));
    let other = board.issuer.token("finn", json!({}));
    let user = |username: &str| json!({"username": username, "name": "N"});
    let told = board.send(at, ("POST", "/users"), &other, &user(name)).await;
    assert_eq!(told.status, 403, "{told:?}");
    let id = board.made(at, "users", &own, &json!({"name": "N"})).await;
    let path = format!("/users/{id}");
    let named = board.send(at, ("GET", &format!("/users/named/{name}")), "", &Value::Null).await;
    assert_eq!((named.status, &named.body["id"]), (200, &json!(id)));
    let thread = board.made(at, "threads", &own, &json!({"title": "Mine"})).await;
    for (caller, method, body, status) in [
        (&other, "PATCH", json!({"name": "X"}), 403),
        (&other, "PATCH", user("finn"), 403),
        (&other, "DELETE", Value::Null, 403),
        (&own, "PATCH", user("jakob"), 403),
        (&own, "PATCH", json!({"bio": "b"}), 200),
        (&own, "PUT", json!({"name": "O"}), 200),
        (&own, "DELETE", Value::Null, 204),
    ] {
        let told = board.send(at, (method, &path), caller, &body).await;
        assert_eq!(told.status, status, "{method} {path} {body}: {told:?}");
    }
    // The same name is another user now.
    let again = board.made(at, "users", &own, &json!({"name": "N"})).await;
    assert_ne!(again, id);
    let path = format!("/threads/{thread}");
    let told = board.send(at, ("PATCH", &path), &own, &json!({"title": "Again mine"})).await;
    assert_eq!(told.status, 403, "{told:?}");
    let told = board.send(at, ("DELETE", &format!("/users/{again}")), &own, &Value::Null).await;
    assert_eq!(told.status, 204, "{told:?}");
}

/// Keeps writing while the collections move: each caller gets the same answer all the time.
async fn while_collections_move(board: &Guarded) {
    let finn = board.issuer.token("finn", json!({}));
    let jake = board.issuer.token("jake", json!({}));
    let expired = board.issuer.token("finn", json!({"exp": 1}));
    let thread = board.made(&board.proxy, "threads", &finn, &json!({"title": "Mine"})).await;
    let path = format!("/threads/{thread}");
    let moved = std::cell::Cell::new(false);
    let writes = async {
        let mut number = 0;
        while !moved.get() {
            number += 1;
            let title = json!({"title": format!("Mine {number}")});
            for (token, status) in [(&finn, 200), (&jake, 403), (&expired, 401)] {
                let told = board.send(&board.proxy, ("PATCH", &path), token, &title).await;
                assert_eq!(told.status, status, "{told:?}");
            }
        }
        number
    };
    let moves = async {
        board.folder.switch(&COLLECTIONS).await;
        moved.set(true);
    };
    let (rounds, ()) = join(writes, moves).await;
    assert!(rounds > 1, "{rounds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_authors_and_moderators_write_before_during_and_after_a_switch() {
    let board = Guarded::start(&[]).await;
    board.board.golden_reads("monolith", &COLLECTIONS).await;
    let (proxy, monolith) = (board.proxy.clone(), board.board.url("monolith"));
    for (at, name) in [(&proxy, "bmo"), (&monolith, "gunter")] {
        nothing_is_written_without_a_good_token(&board, at, &COLLECTIONS).await;
        members_belong_to_their_author(&board, at, &COLLECTIONS).await;
        users_belong_to_themselves(&board, at, name).await;
    }
    while_collections_move(&board).await;
    nothing_is_written_without_a_good_token(&board, &proxy, &COLLECTIONS).await;
    members_belong_to_their_author(&board, &proxy, &COLLECTIONS).await;
    users_belong_to_themselves(&board, &proxy, "neptr").await;
    for collection in COLLECTIONS {
        let service = board.board.url(collection);
        nothing_is_written_without_a_good_token(&board, &service, &[collection]).await;
        members_belong_to_their_author(&board, &service, &[collection]).await;
    }
    // What a service learned of its callers is good enough while the primary of users is down.
    let stopped = board.folder.run(&["stop", "users"]).await;
    assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
    let title = json!({"title": "Alone"});
    let finn = board.issuer.token("finn", json!({}));
    assert_eq!(board.send(&proxy, ("POST", "/threads"), &finn, &title).await.status, 201);
    let marceline = board.issuer.token("marceline", json!({}));
    assert_eq!(board.send(&proxy, ("POST", "/threads"), &marceline, &title).await.status, 503);
    let web = board.board.get("web", "/users/new").await;
    assert_eq!(web.status, 403, "the pages only show: {}", web.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn login_makes_a_user_and_no_token_is_ever_logged() {
    let board = Guarded::start(&[("RUST_LOG", "trace")]).await;
    let bmo = board.login(&["bmo"]).await;
    let moderator = board.login(&["simon", "--moderator", "--hours", "1"]).await;
    let id = board.made(&board.proxy, "users", &bmo, &json!({"name": "BMO"})).await;
    let path = format!("/users/{id}");
    let patch = json!({"name": "Football"});
    let changed = board.send(&board.proxy, ("PATCH", &path), &moderator, &patch).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let mut secrets = vec![bmo, moderator];
    for (_, token) in board.issuer.wrong("bmo") {
        let told = board.send(&board.proxy, ("DELETE", &path), &token, &Value::Null).await;
        assert_eq!(told.status, 401);
        secrets.push(token);
    }
    // A key is the caller's own: another one's is another request.
    let keyed = async |token: &str, body: Value| {
        let request = board.client.post(format!("{}/api/threads", board.proxy)).bearer_auth(token);
        let request =
            request.header("idempotency-key", "k").header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (
            status,
            serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()["id"].clone(),
        )
    };
    let tokens = ["finn", "jake"].map(|user| board.issuer.token(user, json!({})));
    let first = keyed(&tokens[0], json!({"title": "Party"})).await;
    assert_eq!(first.0, 201);
    assert_eq!(keyed(&tokens[0], json!({"title": "Party"})).await, first);
    let other = keyed(&tokens[1], json!({"title": "Party"})).await;
    assert_eq!(other.0, 201);
    assert_ne!(other.1, first.1);
    secrets.extend(tokens);
    secrets
        .push(fs::read_to_string(board.folder.data().join("auth-key")).unwrap().trim().to_owned());
    for log in fs::read_dir(board.folder.data().join("logs")).unwrap() {
        let text = fs::read_to_string(log.unwrap().path()).unwrap();
        for secret in &secrets {
            // A token without its signature proves nothing; with it, all of it must stay hidden.
            let signature = secret.rsplit('.').next().unwrap();
            assert!(signature.len() < 10 || !text.contains(signature), "{secret} is in a log");
        }
    }
}

#[tokio::test]
async fn login_says_how_a_board_gets_its_key() {
    let folder = Folder::new();
    let ended = folder.run(&["login", "bmo"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("`banyan up --auth` makes one"), "{}", ended.stderr);
}
