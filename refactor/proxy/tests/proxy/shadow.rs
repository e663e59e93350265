//! Copies of reads: where they go, that they are compared, and that no client notices.

use harness::until;
use proxy::{NotCompared, Route, Settings, ShadowReport};
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::canary::tagged;
use crate::plane::{Plane, body, default, read_answer, route, status};
use crate::service::{Service, next_request, nobody, ok};

const BEFORE: [(&str, &str); 2] = [("banyan:canary", "0"), ("banyan:shadow", "100")];

/// All traffic stays with `old`, and `new` is shown every read of `/users`.
fn before(old: &str, new: &str) -> Vec<Route> {
    vec![default(old), tagged(route("rte-users", "/users", new), &BEFORE)]
}

fn outcome(plane: &Plane, outcome: &str) -> f64 {
    let text = plane.plane.metrics().unwrap();
    let lines = text.lines().filter(|line| line.starts_with("refactor_shadow_outcomes_total{"));
    let mark = format!("outcome=\"{outcome}\"}} ");
    lines.filter_map(|line| line.split_once(&mark)).map(|(_, n)| n.parse::<f64>().unwrap()).sum()
}

async fn comes_to(plane: &Plane, name: &str, count: f64) {
    until(&format!("{name} {count}"), async || outcome(plane, name) >= count).await;
    assert_eq!(outcome(plane, name), count, "{name}");
}

fn json(body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSet-Cookie: s=secret\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// What the shadow of the only route with one found.
fn report(plane: &Plane) -> ShadowReport {
    let shadows = plane.plane.shadows();
    assert_eq!((shadows.len(), &shadows[0].differences), (1, &None), "{shadows:?}");
    plane.plane.shadow(&shadows[0].route).unwrap()
}

/// The differences, the newest first.
fn differences(plane: &Plane) -> Vec<Value> {
    let differences = report(plane).differences.unwrap();
    differences.iter().map(|difference| serde_json::to_value(difference).unwrap()).collect()
}

#[tokio::test]
async fn before_a_switch_the_new_service_is_shown_every_read_and_no_write() {
    let (old, new) = (Service::saying("same").await, Service::saying("same").await);
    let plane = Plane::start(before(&format!("{}/api", old.url), &new.url));
    let answer = plane.get("/api/users/1?a=1", "Cookie: a=1\r\nX-Request-Id: mine\r\n").await;
    assert_eq!((status(&answer), body(&answer)), (200, "same"));
    comes_to(&plane, "matched", 1.0).await;
    let (seen, copy) = (&old.seen()[0], &new.seen()[0]);
    assert_eq!(seen.field("x-banyan-shadow"), None);
    assert_eq!(copy.line(), "GET /users/1?a=1 HTTP/1.1");
    assert_eq!(copy.all("x-banyan-shadow"), ["1"]);
    assert_eq!(copy.field("host"), new.url.strip_prefix("http://"));
    for (name, value) in
        [("x-forwarded-host", "board"), ("cookie", "a=1"), ("x-request-id", "mine")]
    {
        assert_eq!((seen.field(name), copy.field(name)), (Some(value), Some(value)));
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let head = format!(
            "{method} /api/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(status(&plane.send(head).await), 200);
    }
    plane.get("/api/users/1", "X-Banyan-Shadow: 1\r\n").await;
    plane.get("/api/threads", "").await;
    plane.send("HEAD /api/users/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    until("HEAD is mirrored", async || new.count() >= 2).await;
    assert_eq!((old.count(), new.count()), (9, 2), "the copies are those of GET and HEAD");
    assert!(differences(&plane).is_empty());
    let sampled = "refactor_shadow_samples_total{application=\"app-0123456789\",route=\"rte-users\",\
                   service=\"rte-users\"}";
    assert_eq!(plane.metric(sampled), 2.0);
}

#[tokio::test]
async fn the_copy_goes_to_the_side_that_did_not_answer() {
    let (old, new) = (Service::saying("old").await, Service::saying("new").await);
    for (canary, expected) in [(Some("100"), "new"), (None, "new"), (Some("0"), "old")] {
        let mut tags = vec![("banyan:shadow", "100")];
        tags.extend(canary.map(|share| ("banyan:canary", share)));
        let plane = Plane::start(vec![
            default(&old.url),
            tagged(route("rte-u", "/users", &new.url), &tags),
        ]);
        let (olds, news) = (old.count(), new.count());
        assert_eq!(body(&plane.get("/api/users", "").await), expected);
        comes_to(&plane, "differed", 1.0).await;
        assert_eq!((old.count() - olds, new.count() - news), (1, 1));
        let difference = &differences(&plane)[0];
        assert_eq!(difference["answer"]["body"], expected);
        assert_eq!(difference["differs"], serde_json::json!(["body"]));
    }
}

#[tokio::test]
async fn differences_are_kept_with_both_sides_and_without_secrets() {
    let old = Service::answering(|_| json(r#"[{"id":1,"name":"Finn","at":1}]"#)).await;
    let new = Service::answering(|_| json(r#"[{"at":2,"id":1,"name":"Jake"}]"#)).await;
    let mut tags = BEFORE.to_vec();
    tags.push(("banyan:ignore", "/-/at /x"));
    let plane =
        Plane::start(vec![default(&old.url), tagged(route("rte-u", "/users", &new.url), &tags)]);
    plane.get("/api/users?token=1", "Authorization: Bearer secret\r\nCookie: s=secret\r\n").await;
    comes_to(&plane, "differed", 1.0).await;
    let difference = differences(&plane).remove(0);
    assert_eq!(difference["differs"], serde_json::json!(["/0/name"]));
    assert_eq!(report(&plane).route, "rte-u");
    assert_eq!(report(&plane).ignored, ["/-/at", "/x"]);
    assert_eq!(difference["request"]["target"], "/api/users?token=1");
    assert_eq!(difference["answer"]["service"], "monolith");
    assert_eq!(difference["copy"]["body"], r#"[{"at":2,"id":1,"name":"Jake"}]"#);
    assert_eq!(difference["copy"]["status"], 200);
    assert_eq!(difference["copy"]["headers"]["set-cookie"], "(redacted)");
    assert!(!format!("{:?}", report(&plane)).contains("secret"));
    for n in 0..110 {
        plane.get(&format!("/api/users?n={n}"), "").await;
    }
    // One of them went twice to the same side.
    comes_to(&plane, "differed", 110.0).await;
    comes_to(&plane, "repeated", 1.0).await;
    let kept = differences(&plane);
    assert_eq!((kept.len(), &kept[0]["request"]["target"]), (100, &"/api/users?n=109".into()));
    let counts = report(&plane).counts;
    assert_eq!((counts.sampled, counts.compared, counts.equal), (111, 110, 0));
    assert_eq!((counts.different, counts.match_percent), (110, Some(0.0)));
    assert_eq!(counts.not_compared, NotCompared { repeated: 1, ..NotCompared::default() });
}

#[tokio::test]
async fn what_differs_by_itself_is_learned_and_counted_apart() {
    let old =
        Service::answering(|_| json(&format!(r#"{{"n":1,"at":{}}}"#, fastrand::u64(..)))).await;
    let new = Service::answering(|request| {
        let n = if request.line().contains("wrong") { 2 } else { 1 };
        json(&format!(r#"{{"n":{n},"at":{}}}"#, fastrand::u64(..)))
    })
    .await;
    let plane = Plane::start(before(&old.url, &new.url));
    let mut stream = plane.connect().await;
    for n in 1_u32..=200 {
        stream.write_all(b"GET /api/users HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        read_answer(&mut stream).await;
        comes_to(&plane, "repeated", f64::from(n / 100)).await;
        comes_to(&plane, "differed", f64::from(n - n / 100)).await;
    }
    assert_eq!((old.count(), new.count()), (202, 198));
    plane.get("/api/users", "").await;
    comes_to(&plane, "noise", 1.0).await;
    plane.get("/api/users/wrong", "").await;
    comes_to(&plane, "differed", 199.0).await;
    let report = report(&plane);
    assert_eq!(report.noise, ["/at"]);
    assert_eq!((report.counts.equal, report.counts.match_percent), (1, Some(0.5)));
}

#[tokio::test]
async fn a_copy_that_fails_hangs_or_is_garbage_is_no_concern_of_the_client() {
    let old = Service::saying("old").await;
    let silent = Service::serving(|mut stream| async move {
        next_request(&mut stream, &mut Vec::new()).await;
        std::future::pending::<()>().await;
    })
    .await;
    let garbage = Service::answering(|_| b"SSH-2.0-x\r\n\r\n".to_vec()).await;
    let cut =
        Service::answering(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx".to_vec()).await;
    for new in [nobody(), silent.url.clone(), garbage.url.clone(), cut.url.clone()] {
        // The service that answers clients has the usual time.
        let tags = [BEFORE[0], BEFORE[1], ("banyan:first-byte-ms", "300")];
        let shown = tagged(route("rte-users", "/users", &new), &tags);
        let settings = Settings { workers: 1, ..Settings::default() };
        let plane = Plane::with(settings, vec![default(&old.url), shown]);
        let mut stream = plane.connect().await;
        for _ in 0..5 {
            stream.write_all(b"GET /api/users HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            assert_eq!(body(&read_answer(&mut stream).await), "old");
        }
        comes_to(&plane, "unanswered", 5.0).await;
    }
}

#[tokio::test]
async fn copies_that_fail_do_not_take_a_service_from_its_clients() {
    let old = Service::saying("old").await;
    let new = nobody();
    let plane = Plane::start(before(&old.url, &new));
    for _ in 0..10 {
        assert_eq!(body(&plane.get("/api/users", "").await), "old");
    }
    comes_to(&plane, "unanswered", 10.0).await;
    plane.set(vec![default(&old.url), route("rte-users", "/users", &new)]);
    // 502: it was tried. 503 would say that it is known to be down.
    assert_eq!(status(&plane.get("/api/users", "").await), 502);
}

#[tokio::test]
async fn more_copies_than_there_may_be_are_dropped_and_counted() {
    let old = Service::saying("old").await;
    let silent = Service::serving(|mut stream| async move {
        next_request(&mut stream, &mut Vec::new()).await;
        std::future::pending::<()>().await;
    })
    .await;
    let plane = Plane::start(before(&old.url, &silent.url));
    let mut stream = plane.connect().await;
    for _ in 0..100 {
        stream.write_all(b"GET /api/users HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(body(&read_answer(&mut stream).await), "old");
    }
    assert_eq!((outcome(&plane, "dropped"), old.count()), (36.0, 100));
}

#[tokio::test]
async fn bodies_of_every_kind_reach_the_client_as_they_are_and_are_compared() {
    const LARGE: usize = 4 << 20;
    let serve = |request: &crate::service::Request| match request.line().split(' ').nth(1) {
        Some("/users/empty") => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        Some("/users/chunked") => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                                    3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            .to_vec(),
        Some("/users/large") => ok(&"x".repeat(LARGE)),
        _ => ok(&format!("{} bytes", request.body.len())),
    };
    let (old, new) = (Service::answering(serve).await, Service::answering(serve).await);
    let plane = Plane::start(before(&old.url, &new.url));
    assert_eq!(status(&plane.get("/api/users/empty", "").await), 204);
    comes_to(&plane, "matched", 1.0).await;
    assert!(plane.get("/api/users/chunked", "").await.contains("3\r\nabc"));
    comes_to(&plane, "matched", 2.0).await;
    assert_eq!(body(&plane.get("/api/users/large", "").await).len(), LARGE);
    comes_to(&plane, "matched_in_part", 1.0).await;
    let sized =
        "GET /api/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc";
    assert_eq!(body(&plane.send(sized).await), "3 bytes");
    let chunked = "GET /api/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                   Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    assert_eq!(body(&plane.send(chunked).await), "3 bytes");
    let large = format!(
        "GET /api/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {LARGE}\r\n\r\n{}",
        "x".repeat(LARGE)
    );
    assert_eq!(body(&plane.send(large).await), format!("{LARGE} bytes"));
    comes_to(&plane, "dropped", 3.0).await;
    assert_eq!(new.count(), 3, "a read that has a body is not mirrored");
    assert!(differences(&plane).is_empty());
}

/// `{ "n": 1 }` and `{ "n": 2 }`, as Node's zlib writes them.
const ZIPPED: [&[u8]; 2] = [
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabVP\xcaS\xb2R0T\xa8\x05\x00\x89\xcbV\x90\x0a\x00\x00\x00",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabVP\xcaS\xb2R0R\xa8\x05\x00\xd0u\x10\x92\x0a\x00\x00\x00",
];

#[tokio::test]
async fn encoded_bodies_are_compared_by_their_content() {
    let zipped = |body: &[u8]| {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n";
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), length.as_bytes(), body].concat()
    };
    let plain = || {
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"n\":1}"
            .to_vec()
    };
    let old = Service::answering(move |_| plain()).await;
    let new = Service::answering(move |request| match request.line().split(' ').nth(1) {
        Some("/users/same") => zipped(ZIPPED[0]),
        Some("/users/other") => zipped(ZIPPED[1]),
        _ => zipped(b"no gzip"),
    })
    .await;
    let plane = Plane::start(before(&old.url, &new.url));
    for (path, expected) in [("same", "matched"), ("other", "differed"), ("x", "not_decoded")] {
        plane
            .get(&format!("/api/users/{path}"), "Accept-Encoding: gzip, deflate, br, zstd\r\n")
            .await;
        comes_to(&plane, expected, 1.0).await;
    }
    let difference = &differences(&plane)[0];
    assert_eq!(difference["differs"], serde_json::json!(["/n"]));
    assert_eq!(difference["copy"]["body"], r#"{ "n": 2 }"#);
}

#[tokio::test]
async fn a_client_of_http_2_is_mirrored_too() {
    // The second test to come here finds that it is done.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let (old, new) = (Service::saying("old").await, Service::saying("new").await);
    let plane = Plane::start(before(&old.url, &new.url));
    for _ in 0..10 {
        let answer = client.get(plane.url("/api/users/1")).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "old");
    }
    comes_to(&plane, "differed", 10.0).await;
    assert_eq!((old.count(), new.count()), (10, 10));
}

#[tokio::test]
async fn a_read_that_is_sent_again_is_mirrored_once() {
    // Closes each connection after an answer, without saying so beforehand.
    let old = Service::serving(|mut stream| async move {
        if next_request(&mut stream, &mut Vec::new()).await.is_some() {
            let _ = stream.write_all(&ok("old")).await;
            // What comes next is read and not answered.
            next_request(&mut stream, &mut Vec::new()).await;
        }
    })
    .await;
    let new = Service::saying("old").await;
    let plane =
        Plane::with(Settings { workers: 1, ..Settings::default() }, before(&old.url, &new.url));
    let mut stream = plane.connect().await;
    for _ in 0..10 {
        stream.write_all(b"GET /api/users HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(body(&read_answer(&mut stream).await), "old");
    }
    comes_to(&plane, "matched", 10.0).await;
    assert_eq!(new.count(), 10);
    let retries = "refactor_retries_total{application=\"app-0123456789\",route=\"rte-default000\",\
                   service=\"monolith\"}";
    assert!(plane.metric(retries) > 0.0, "some were sent again");
}
