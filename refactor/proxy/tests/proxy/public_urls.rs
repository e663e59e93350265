//! URLs of a service in its answers: the client gets those by which it can ask again.

use std::sync::{Arc, Mutex};

use proxy::{Settings, SourcePath};

use crate::canary::tagged;
use crate::plane::{Plane, body, default, field, route, status};
use crate::service::Service;

/// A service that answers with these fields, in which `SELF` is its own address; and what is before it.
async fn saying(stage: &str, base: &str, fields: &'static str) -> (Service, Plane) {
    let own = Arc::new(Mutex::new(String::new()));
    let known = Arc::clone(&own);
    let service = Service::answering(move |_| {
        let fields = fields.replace("SELF", &known.lock().unwrap());
        format!("HTTP/1.1 302 Found\r\n{fields}Content-Length: 2\r\n\r\nok").into_bytes()
    })
    .await;
    service.url.clone_into(&mut own.lock().unwrap());
    let settings = Settings {
        workers: 1,
        trusted_proxies: "127.0.0.1".parse().unwrap(),
        ..Settings::default()
    };
    let plane = Plane::at(settings, stage, vec![default(&format!("{}{base}", service.url))]);
    (service, plane)
}

const FIELDS: &str = "Location: SELF/login?next=/\r\nContent-Location: /x\r\n\
                      Link: <SELF/2>; rel=\"next\", </1>; rel=\"prev\"\r\nRefresh: 5; url=/later\r\n\
                      Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/b; Domain=127.0.0.1\r\nX-Other: SELF\r\n";

#[tokio::test]
async fn a_client_is_redirected_through_the_proxy_and_not_past_it() {
    let (service, plane) = saying("", "", FIELDS).await;
    let tls = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: www.example.com\r\n";
    let answer = plane.get("/a", tls).await;
    assert_eq!((status(&answer), body(&answer)), (302, "ok"));
    assert_eq!(field(&answer, "location"), Some("https://www.example.com/login?next=/"));
    assert_eq!(field(&answer, "content-location"), Some("/x"));
    let link = "<https://www.example.com/2>; rel=\"next\", </1>; rel=\"prev\"";
    assert_eq!(field(&answer, "link"), Some(link));
    assert_eq!(field(&answer, "refresh"), Some("5; url=/later"));
    assert!(answer.contains("Set-Cookie: a=1; Path=/\r\n"), "{answer}");
    assert!(answer.contains("Set-Cookie: b=2; Path=/b; Domain=www.example.com\r\n"), "{answer}");
    assert_eq!(field(&answer, "x-other"), Some(&*service.url));
    let answer = plane.get("/a", "").await;
    assert_eq!(field(&answer, "location"), Some("http://board/login?next=/"));
}

#[tokio::test]
async fn below_a_stage_paths_stay_there() {
    let (_service, plane) = saying("prod", "", FIELDS).await;
    let answer = plane.get("/prod/a", "").await;
    assert_eq!(field(&answer, "location"), Some("http://board/prod/login?next=/"));
    assert_eq!(field(&answer, "content-location"), Some("/prod/x"));
    let link = "<http://board/prod/2>; rel=\"next\", </prod/1>; rel=\"prev\"";
    assert_eq!(field(&answer, "link"), Some(link));
    assert_eq!(field(&answer, "refresh"), Some("5;url=/prod/later"));
    assert!(answer.contains("Set-Cookie: a=1; Path=/prod\r\n"), "{answer}");
    assert!(answer.contains("Set-Cookie: b=2; Path=/prod/b; Domain=board\r\n"), "{answer}");
}

#[tokio::test]
async fn what_a_route_takes_away_is_put_back() {
    let (service, plane) = saying("prod", "", "Location: /users/7\r\n").await;
    let mut shop = route("rte-shop", "/{shop}/old", &service.url);
    shop.source = shop.source.map(|source| SourcePath { append: false, ..source });
    plane.set(vec![shop]);
    let answer = plane.get("/prod/a%20b/old/x", "").await;
    assert_eq!(service.seen()[0].line(), "GET /x HTTP/1.1");
    assert_eq!(field(&answer, "location"), Some("/prod/a%20b/old/users/7"));
}

#[tokio::test]
async fn the_boards_own_urls_are_the_same_to_the_byte() {
    let fields = "Location: /api/users/7\r\nLink: </api/users?after=2>; rel=\"next\"\r\n";
    let (_service, plane) = saying("api", "/api", fields).await;
    let answer = plane.get("/api/users", "").await;
    assert!(answer.contains(fields), "{answer}");
}

#[tokio::test]
async fn a_service_gets_the_host_of_the_client_if_a_tag_asks_for_it() {
    let service = Service::saying("hello").await;
    let own = service.url.strip_prefix("http://").unwrap();
    let plane = Plane::start(vec![tagged(default(&service.url), &[("banyan:host", "original")])]);
    plane.get("/api", "").await;
    plane.set(vec![default(&service.url)]);
    plane.get("/api", "").await;
    let seen: Vec<_> = service.seen().iter().map(|seen| seen.all("host").join(", ")).collect();
    assert_eq!(seen, ["board", own]);
}
