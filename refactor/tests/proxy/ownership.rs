//! Requests find whoever owns what they are about, while it moves.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::until;
use refactor::proxy::{Route, Settings, SourcePath};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::canary::tagged;
use crate::plane::{APPLICATION, Plane, body, default, field, read_answer, route, status};
use crate::service::{Service, next_request, nobody, ok};
use crate::store::{Role, Store, misdirected};

/// A route that takes no traffic yet.
fn inactive(url: &str) -> Route {
    Route { active: false, ..route("rte-users00000", "/users", url) }
}

/// All goes to the first one; a route to the second one is there, and takes nothing.
fn before(old: &str, new: &str) -> Vec<Route> {
    vec![default(&format!("{old}/api")), inactive(&format!("{new}/api"))]
}

async fn stores() -> (Store, Store, Plane) {
    let old = Store::start(Role::Owner).await;
    let new = Store::start(old.followed()).await;
    let plane = Plane::start(before(&old.service.url, &new.service.url));
    (old, new, plane)
}

/// A write with this body.
fn post(body: &str) -> String {
    let length = body.len();
    format!("POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// The last request on its connection.
fn last(request: &str) -> String {
    request.replacen("Host: x\r\n", "Host: x\r\nConnection: close\r\n", 1)
}

fn waiting(plane: &Plane) -> f64 {
    plane.metric("banyan_proxy_waiting")
}

#[tokio::test]
async fn a_write_goes_to_the_owner_that_a_421_names_and_so_do_later_ones() {
    let (old, new, plane) = stores().await;
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    assert_eq!((old.rows(), new.service.count()), (vec!["one".to_owned()], 0));
    new.set(Role::Owner);
    old.set(new.followed());
    let answer = plane.send(last(&post("two"))).await;
    assert_eq!((status(&answer), body(&answer)), (201, "1"));
    assert_eq!(field(&answer, "banyan-position"), Some("1.1"));
    let (first, second) = (&old.service.seen()[1], &new.service.seen()[0]);
    assert_eq!(first.line(), "POST /api/users HTTP/1.1");
    assert_eq!(second.line(), first.line());
    assert_eq!(second.body, b"two");
    assert_eq!(second.field("x-request-id"), first.field("x-request-id"));
    assert_eq!(second.field("x-request-id"), field(&answer, "x-request-id"));
    assert_eq!(second.field("host"), new.service.url.strip_prefix("http://"));
    assert_eq!(status(&plane.send(last(&post("three"))).await), 201);
    assert_eq!(old.service.count(), 2, "the owner is known");
    // And back again: what was known is forgotten.
    old.set(Role::Owner);
    new.set(old.followed());
    assert_eq!(status(&plane.send(last(&post("four"))).await), 201);
    assert_eq!(status(&plane.send(last(&post("five"))).await), 201);
    assert_eq!((old.rows().len(), new.rows().len(), new.service.count()), (3, 2, 3));
    assert_eq!(plane.metric("banyan_proxy_misdirected_total"), 2.0);
    assert_eq!(plane.metric("banyan_proxy_waited_total"), 0.0);
    // Who answered is who is counted.
    let answered = |route: &str, service: &str| {
        plane.metric(&format!(r#"refactor_requests_total{{application="{APPLICATION}",route="{route}",service="{service}",class="2xx"}}"#))
    };
    assert_eq!(answered("rte-default000", "monolith"), 3.0);
    assert_eq!(answered("rte-users00000", "rte-users00000"), 2.0);
}

#[tokio::test]
async fn an_owner_that_was_known_gets_nothing_once_the_routes_have_changed() {
    let (old, new, plane) = stores().await;
    new.set(Role::Owner);
    old.set(new.followed());
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    assert_eq!(status(&plane.send(last(&post("two"))).await), 201);
    assert_eq!((old.service.count(), new.rows().len()), (1, 2), "the owner is known");
    // It gave everything back and was cancelled: it owns an empty collection of its own. Its route is still there.
    old.set(Role::Owner);
    let mut changed = before(&old.service.url, &new.service.url);
    changed.push(route("rte-threads000", "/threads", &old.service.url));
    plane.set(changed);
    assert_eq!(status(&plane.send(last(&post("three"))).await), 201);
    assert_eq!((old.rows(), new.rows().len()), (vec!["three".to_owned()], 2));
}

#[tokio::test]
async fn a_write_waits_while_nobody_is_the_owner() {
    let (old, new, plane) = stores().await;
    old.set(Role::Held);
    let write = tokio::spawn(plane.send_on(last(&post("one"))));
    until("it waits", async || waiting(&plane) == 1.0).await;
    // In between each says that it is the other one.
    old.set(new.followed());
    let asked = new.service.count();
    until("both are asked", async || new.service.count() > asked + 2).await;
    new.set(Role::Owner);
    assert_eq!(status(&write.await.unwrap()), 201);
    assert_eq!((old.rows().len(), new.rows()), (0, vec!["one".to_owned()]));
    assert_eq!(plane.metric("banyan_proxy_waited_total"), 1.0);
    assert_eq!(plane.metric("banyan_proxy_wait_seconds_count"), 1.0);
    assert_eq!((waiting(&plane), plane.metric("banyan_proxy_gave_up_total")), (0.0, 0.0));
}

#[tokio::test]
async fn a_hold_that_is_let_go_costs_a_pause() {
    let (old, _new, plane) = stores().await;
    old.set(Role::Held);
    let write = tokio::spawn(plane.send_on(last(&post("one"))));
    until("it waits", async || waiting(&plane) == 1.0).await;
    old.set(Role::Owner);
    assert_eq!(status(&write.await.unwrap()), 201);
    assert_eq!(old.rows(), ["one"]);
}

#[tokio::test]
async fn a_body_arrives_at_the_owner_byte_for_byte_however_it_came() {
    let (old, new, plane) = stores().await;
    new.set(Role::Owner);
    let long: String = (0..300_000).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
    for sent in ["", "x", &long[..20_000], &long] {
        // Who is not known to be the owner is asked second.
        old.set(Role::Owner);
        let forget = plane.send(last("DELETE /api/users/1 HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert_eq!(status(&forget), 201);
        old.set(new.followed());
        assert_eq!(status(&plane.send(last(&post(sent))).await), 201, "{} bytes", sent.len());
        assert_eq!(new.rows().last().map(String::as_str), Some(sent));
    }
    let chunked = format!(
        "POST /api/threads HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         5;a=b\r\nhello\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
        long.len()
    );
    let anything = vec![
        default(&old.service.url),
        Route { active: false, ..route("rte-any", "/threads", &new.service.url) },
    ];
    plane.set(anything);
    assert_eq!(status(&plane.send(chunked).await), 201);
    assert_eq!(new.rows().last(), Some(&format!("hello{long}")));
    assert_eq!(new.service.seen().last().unwrap().field("transfer-encoding"), Some("chunked"));
}

#[tokio::test]
async fn a_body_that_came_over_http_2_arrives_at_the_owner() {
    let (old, new, plane) = stores().await;
    new.set(Role::Owner);
    old.set(Role::Held);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let sent: Vec<_> = (0..20).map(|n| n.to_string().repeat(10_000)).collect();
    let posts = sent.iter().map(|sent| {
        let request = client.post(plane.url("/api/users")).body(sent.clone());
        async move { request.send().await.unwrap().status() }
    });
    let posts = futures_util::future::join_all(posts);
    let switch = async {
        until("all wait", async || waiting(&plane) == 20.0).await;
        old.set(new.followed());
    };
    let (statuses, ()) = tokio::join!(posts, switch);
    assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
    let (mut rows, mut sent) = (new.rows(), sent);
    rows.sort();
    sent.sort();
    assert!(rows == sent, "each body once");
    // A client that resets its stream frees its place.
    old.set(Role::Held);
    new.set(Role::Held);
    let request = client.post(plane.url("/api/users")).body("late").send();
    let request = tokio::time::timeout(Duration::from_millis(300), request);
    assert!(request.await.is_err());
    let left = Instant::now();
    until("its place is free", async || waiting(&plane) == 0.0).await;
    assert!(left.elapsed() < Duration::from_secs(3), "{:?}", left.elapsed());
}

#[tokio::test]
async fn a_client_that_waits_for_100_continue_is_answered_by_the_owner() {
    let (old, new, plane) = stores().await;
    new.set(Role::Owner);
    old.set(new.followed());
    let mut stream = plane.connect().await;
    let request = post("abc").replace("Host: x\r\n", "Host: x\r\nExpect: 100-continue\r\n");
    let (head, sent) = request.split_once("\r\n\r\n").unwrap();
    stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(sent.as_bytes()).await.unwrap();
    assert_eq!(status(&read_answer(&mut stream).await), 201);
    assert_eq!(new.rows(), ["abc"]);
}

/// One that says 421 as soon as it has the head, and names an owner.
async fn hasty(owner: String) -> Service {
    Service::serving(move |mut stream| {
        let role = Role::Follower(owner.clone());
        async move {
            let mut read = Vec::new();
            while !read.windows(4).any(|end| end == b"\r\n\r\n") {
                if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            let _ = stream.write_all(&misdirected(&role)).await;
            // It takes no more, and leaves the connection open for a while.
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_421_that_comes_before_the_body_does_loses_nothing_of_it() {
    let new = Store::start(Role::Owner).await;
    let old = hasty(new.collection()).await;
    let plane = Plane::start(before(&old.url, &new.service.url));
    let mut stream = plane.connect().await;
    let head = "PUT /api/users/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (half, rest) = ("a".repeat(20_000), "b".repeat(20_000));
    stream.write_all(half.as_bytes()).await.unwrap();
    until("the owner is asked", async || plane.metric("banyan_proxy_misdirected_total") == 1.0)
        .await;
    // The rest drips in.
    for part in rest.as_bytes().chunks(5_000) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        stream.write_all(part).await.unwrap();
    }
    assert_eq!(status(&read_answer(&mut stream).await), 201);
    assert!(new.rows() == [half + &rest]);
}

#[tokio::test]
async fn a_client_that_leaves_frees_its_place_and_one_that_only_listens_is_answered() {
    let (old, _new, plane) = stores().await;
    old.set(Role::Held);
    let mut stream = plane.connect().await;
    stream.write_all(post("left").as_bytes()).await.unwrap();
    until("it waits", async || waiting(&plane) == 1.0).await;
    drop(stream);
    let left = Instant::now();
    until("its place is free", async || waiting(&plane) == 0.0).await;
    assert!(left.elapsed() < Duration::from_secs(2), "{:?}", left.elapsed());
    let mut stream = plane.connect().await;
    stream.write_all(post("listens").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    until("it waits", async || waiting(&plane) == 1.0).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    old.set(Role::Owner);
    assert_eq!(status(&read_answer(&mut stream).await), 201);
    assert_eq!(old.rows(), ["listens"]);
}

#[tokio::test]
async fn a_421_with_a_body_without_end_holds_nobody_up() {
    let new = Store::start(Role::Owner).await;
    let owner = new.collection();
    let old = Service::serving(move |mut stream| {
        let owner = owner.clone();
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            let head = format!(
                "HTTP/1.1 421 No\r\nBanyan-Owner: {owner}\r\nContent-Length: 1000000000000\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(&[b'x'; 10_000]).await.is_ok() {}
        }
    })
    .await;
    let plane = Plane::start(before(&old.url, &new.service.url));
    let start = Instant::now();
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(new.rows(), ["one"]);
}

#[tokio::test]
async fn when_the_time_is_up_the_client_is_told_to_ask_again() {
    let (old, new, plane) = stores().await;
    // Each names the other one.
    old.set(new.followed());
    let start = Instant::now();
    let timed = async |answer| (plane.send(answer).await, start.elapsed().as_secs_f64());
    let get = "GET /api/users HTTP/1.1\r\nHost: x\r\nBanyan-Position: 9.9\r\n\r\n";
    let both = tokio::join!(timed(last(&post("one"))), timed(last(get)));
    let ((write, write_seconds), (read, read_seconds)) = both;
    assert!((5.0..8.0).contains(&write_seconds), "{write_seconds}");
    assert!((1.0..4.0).contains(&read_seconds), "{read_seconds}");
    for answer in [&write, &read] {
        assert_eq!((status(answer), field(answer, "retry-after")), (503, Some("1")), "{answer}");
        assert_eq!(field(answer, "content-type"), Some("application/problem+json"));
    }
    assert!(body(&write).contains("nothing was stored"), "{write}");
    assert!(!body(&read).contains("stored"), "{read}");
    assert_eq!((plane.metric("banyan_proxy_gave_up_total"), waiting(&plane)), (2.0, 0.0));
    // It waited between the rounds.
    assert!(old.service.count() < 1_000, "{}", old.service.count());
}

/// Each request hears 421 at first, and when it comes again nothing before all are told to go on.
async fn reluctant(go_on: tokio::sync::watch::Receiver<bool>) -> Service {
    let known = Arc::new(std::sync::Mutex::new(HashSet::new()));
    Service::serving(move |mut stream| {
        let (mut go_on, known) = (go_on.clone(), Arc::clone(&known));
        async move {
            let mut read = Vec::new();
            while let Some(request) = next_request(&mut stream, &mut read).await {
                let id = request.field("x-request-id").unwrap().to_owned();
                let answer = if known.lock().unwrap().insert(id) {
                    misdirected(&Role::Held)
                } else {
                    let _ = go_on.wait_for(|go_on| *go_on).await;
                    ok("taken")
                };
                let _ = stream.write_all(&answer).await;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_wait_than_there_are_places_and_the_others_are_told_at_once() {
    const PLACES: usize = 1_024;
    let (go_on, wait) = tokio::sync::watch::channel(false);
    let old = reluctant(wait).await;
    let new = Store::start(Role::Held).await;
    let plane = Plane::start(before(&old.url, &new.service.url));
    let writes: Vec<_> =
        (0..PLACES).map(|_| tokio::spawn(plane.send_on(last(&post("one"))))).collect();
    until("all places are taken", async || waiting(&plane) == PLACES as f64).await;
    let start = Instant::now();
    let answer = plane.send(last(&post("one"))).await;
    assert_eq!((status(&answer), field(&answer, "retry-after")), (503, Some("1")));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(waiting(&plane), PLACES as f64);
    go_on.send(true).unwrap();
    for write in writes {
        assert_eq!(body(&write.await.unwrap()), "taken");
    }
    assert_eq!(waiting(&plane), 0.0);
}

#[tokio::test]
async fn only_those_can_be_the_owner_whose_routes_would_take_the_request() {
    let new = Store::start(Role::Owner).await;
    let old = Store::start(new.followed()).await;
    let url = format!("{}/api", new.service.url);
    let matching = inactive(&url);
    let source = matching.source.clone().unwrap();
    let with = |source| Route { source: Some(source), ..matching.clone() };
    let listing = |method| with(SourcePath { methods: vec![method], ..source.clone() });
    for (other, expected) in [
        (route("rte-users00000", "/threads", &url), false),
        (inactive(&url), true),
        (listing(http::Method::GET), false),
        (listing(http::Method::POST), true),
        (with(SourcePath { template: "/users/{id}".to_owned(), ..source.clone() }), false),
        (tagged(route("rte-users00000", "/users", &url), &[("banyan:canary", "10")]), true),
        (Route { source: None, ..matching.clone() }, true),
    ] {
        let other = Route { active: other.active && !other.tags.is_empty(), ..other };
        let what = format!("{other:?}");
        plane_with(&old, other, expected).await.unwrap_or_else(|answer| panic!("{what}: {answer}"));
    }
}

/// Whether a write that the first one refuses is taken by the other route's service.
async fn plane_with(old: &Store, other: Route, expected: bool) -> Result<(), String> {
    let plane = Plane::start(vec![default(&format!("{}/api", old.service.url)), other]);
    if expected {
        let answer = plane.send(last(&post("one"))).await;
        return if status(&answer) == 201 { Ok(()) } else { Err(answer) };
    }
    let write = tokio::spawn(plane.send_on(last(&post("one"))));
    until("it waits", async || waiting(&plane) == 1.0).await;
    write.abort();
    Ok(())
}

#[tokio::test]
async fn a_421_never_leaves_the_proxy_where_the_request_cannot_be_sent_again() {
    // Nobody else could own it, so the body was not kept.
    let only = Service::answering(|_| misdirected(&Role::Held)).await;
    let plane = Plane::start(vec![default(&only.url)]);
    let answer = plane.send(last(&post(&"x".repeat(100_000)))).await;
    assert_eq!((status(&answer), field(&answer, "retry-after")), (503, Some("1")));
    assert_eq!(only.count(), 1);
}

#[tokio::test]
async fn only_registered_services_are_ever_asked_whatever_an_answer_names() {
    let foreign = Service::saying("secret").await;
    let new = Store::start(Role::Owner).await;
    let owner = Arc::new(std::sync::Mutex::new(String::new()));
    let named = Arc::clone(&owner);
    let old =
        Service::answering(move |_| misdirected(&Role::Follower(named.lock().unwrap().clone())))
            .await;
    let plane = Plane::start(before(&old.url, &new.service.url));
    for name in [
        foreign.url.as_str(),
        "",
        "garbage",
        "http://",
        "//x",
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        &new.collection().replace("127.0.0.1", "127.0.0.1.example.com"),
        &new.collection().replace("http:", "https:"),
    ] {
        let asked = old.count();
        *owner.lock().unwrap() = name.to_owned();
        let mut stream = plane.connect().await;
        stream.write_all(post("one").as_bytes()).await.unwrap();
        until("it is asked again", async || old.count() >= asked + 3).await;
        drop(stream);
        until("its place is free", async || waiting(&plane) == 0.0).await;
        assert_eq!((foreign.count(), new.service.count()), (0, 0), "{name:?}");
    }
    *owner.lock().unwrap() = new.collection();
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
}

#[tokio::test]
async fn two_services_at_one_origin_are_told_apart_by_their_paths() {
    let host = Arc::new(std::sync::Mutex::new(String::new()));
    let named = Arc::clone(&host);
    let both = Service::answering(move |request| {
        let owner = format!("{}/new/users", named.lock().unwrap());
        let is_owner = request.line().starts_with("POST /new/users ");
        if is_owner { ok("taken") } else { misdirected(&Role::Follower(owner)) }
    })
    .await;
    *host.lock().unwrap() = both.url.clone();
    let plane = Plane::start(vec![
        default(&format!("{}/old", both.url)),
        inactive(&format!("{}/new", both.url)),
    ]);
    for _ in 0..2 {
        assert_eq!(body(&plane.send(last(&post("one"))).await), "taken");
    }
    assert_eq!(both.count(), 3, "the owner is known");
}

#[tokio::test]
async fn what_breaks_off_on_the_way_to_the_owner_is_not_sent_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let new = Service::serving(move |mut stream| {
        let asked = Arc::clone(&counted);
        async move {
            if next_request(&mut stream, &mut Vec::new()).await.is_some() {
                asked.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    let old = Store::start(Role::Follower(format!("{}/api/users", new.url))).await;
    let plane = Plane::start(before(&old.service.url, &new.url));
    let answer = plane.send(last(&post("one"))).await;
    assert_eq!(status(&answer), 502, "{answer}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_owner_that_cannot_be_reached_is_waited_for_and_a_known_one_is_forgotten() {
    let dead = nobody().await;
    let old = Store::start(Role::Follower(format!("{dead}/api/users"))).await;
    let plane = Plane::start(before(&old.service.url, &dead));
    let write = tokio::spawn(plane.send_on(last(&post("one"))));
    until("it waits", async || waiting(&plane) == 1.0).await;
    let listener =
        tokio::net::TcpListener::bind(dead.strip_prefix("http://").unwrap()).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let request = next_request(&mut stream, &mut Vec::new()).await.unwrap();
    assert_eq!(request.body, b"one");
    stream.write_all(&ok("taken")).await.unwrap();
    assert_eq!(status(&write.await.unwrap()), 200);
    drop((stream, listener));
    old.set(Role::Owner);
    assert_eq!(status(&plane.send(last(&post("two"))).await), 201, "it is believed no longer");
    assert_eq!(old.rows(), ["two"]);
}

#[tokio::test]
async fn a_known_owner_that_fails_a_write_is_not_asked_first_again() {
    let new = Service::serving(|mut stream| async move {
        let mut read = Vec::new();
        next_request(&mut stream, &mut read).await;
        let _ = stream.write_all(&ok("taken")).await;
        // The next one may have been executed.
        next_request(&mut stream, &mut read).await;
    })
    .await;
    let old = Store::start(Role::Follower(format!("{}/api/users", new.url))).await;
    let settings = Settings { workers: 1, ..Settings::default() };
    let plane = Plane::with(settings, before(&old.service.url, &new.url));
    assert_eq!(body(&plane.send(last(&post("one"))).await), "taken");
    assert_eq!(status(&plane.send(last(&post("two"))).await), 502);
    old.set(Role::Owner);
    assert_eq!(status(&plane.send(last(&post("three"))).await), 201);
    assert_eq!(old.rows(), ["three"]);
}

#[tokio::test]
async fn the_order_of_a_connection_s_requests_is_kept() {
    let (old, new, plane) = stores().await;
    old.set(Role::Held);
    let mut stream = plane.connect().await;
    let many: String = (0..20).map(|n| post(&n.to_string())).collect();
    stream.write_all(many.as_bytes()).await.unwrap();
    stream.write_all(last("GET /api/users HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    until("the first one waits", async || waiting(&plane) == 1.0).await;
    new.set(Role::Owner);
    old.set(new.followed());
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 201").count(), 20, "{answers}");
    assert!(answers.ends_with("\r\n\r\n19"), "{answers}");
    assert_eq!(new.rows(), (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_listener_that_closes_answers_those_that_wait() {
    let (old, new, plane) = stores().await;
    old.set(Role::Held);
    let mut stream = plane.connect().await;
    stream.write_all(post("one").as_bytes()).await.unwrap();
    until("it waits", async || waiting(&plane) == 1.0).await;
    let closed = tokio::spawn(plane.plane.close(APPLICATION));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!closed.is_finished());
    new.set(Role::Owner);
    old.set(new.followed());
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!((status(&answer), field(&answer, "connection")), (201, Some("close")));
    closed.await.unwrap();
}

#[tokio::test]
async fn copies_of_reads_are_sent_to_nobody_else_and_are_no_writes() {
    let (old, new) =
        (Store::start(Role::Owner).await, Service::answering(|_| misdirected(&Role::Held)).await);
    let tags = [("banyan:canary", "0"), ("banyan:shadow", "100")];
    let shown = tagged(route("rte-users00000", "/users", &format!("{}/api", new.url)), &tags);
    let plane = Plane::start(vec![default(&format!("{}/api", old.service.url)), shown]);
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    for _ in 0..20 {
        assert_eq!(body(&plane.get("/api/users", "").await), "one");
    }
    until("the copies are compared", async || {
        plane.metric(&format!(r#"refactor_shadow_outcomes_total{{application="{APPLICATION}",route="rte-users00000",service="rte-users00000",outcome="differed"}}"#)) == 20.0
    })
    .await;
    assert_eq!((old.service.count(), new.count()), (21, 20));
    assert_eq!(plane.metric("banyan_proxy_misdirected_total"), 0.0);
}

/// The owner, a follower that gets half of the reads, and what is between.
async fn canary() -> (Store, Store, Plane) {
    let old = Store::start(Role::Owner).await;
    let new = Store::start(old.followed()).await;
    let users = route("rte-users00000", "/users", &format!("{}/api", new.service.url));
    let users = tagged(users, &[("banyan:canary", "50")]);
    let plane = Plane::start(vec![default(&format!("{}/api", old.service.url)), users]);
    (old, new, plane)
}

#[tokio::test]
async fn who_wrote_never_reads_what_was_before() {
    let (old, new, plane) = canary().await;
    old.state().rows.push("zero".to_owned());
    new.follow(&old);
    let mut stream = plane.connect().await;
    let mut ask = async |request: String| {
        stream.write_all(request.as_bytes()).await.unwrap();
        read_answer(&mut stream).await
    };
    let get = |fields: &str| format!("GET /api/users/1 HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
    for round in 0..50 {
        let value = format!("value-{round}");
        assert_eq!(status(&ask(post(&value)).await), 201);
        for _ in 0..4 {
            let answer = ask(get("")).await;
            assert_eq!((status(&answer), body(&answer)), (200, value.as_str()));
        }
        let unchanged = ask(get(&format!("If-None-Match: {value}\r\n"))).await;
        assert_eq!(status(&unchanged), 304, "also where nothing is sent back");
        let changed = ask(get("If-None-Match: zero\r\n")).await;
        assert_eq!(body(&changed), value, "a 304 of the copy would be wrong");
    }
    let again = plane.metric("banyan_proxy_read_again_total");
    assert!((80.0..220.0).contains(&again), "{again} of 300 reads");
    // Others may see the older state.
    until("another client reads from the copy", async || {
        let answer = plane.get("/api/users/1", "User-Agent: another\r\n").await;
        body(&answer) == "zero"
    })
    .await;
    // Once the copy has come so far it answers, and nothing more is checked.
    new.follow(&old);
    let before = new.service.count();
    while new.service.count() < before + 10 {
        assert_eq!(body(&ask(get("")).await), "value-49");
    }
    assert_eq!(plane.metric("banyan_proxy_read_again_total"), again);
    assert_eq!(plane.metric("banyan_proxy_gave_up_total"), 0.0);
}

#[tokio::test]
async fn a_proxy_that_runs_again_does_not_know_who_wrote_and_believes_no_copy() {
    let (old, new, first) = canary().await;
    assert_eq!(status(&first.send(last(&post("one"))).await), 201);
    new.follow(&old);
    assert_eq!(status(&first.send(last(&post("two"))).await), 201);
    let routes = |runs_again| {
        let users = route("rte-users00000", "/users", &format!("{}/api", new.service.url));
        let users = tagged(users, &[("banyan:canary", "50")]);
        let routes = vec![default(&format!("{}/api", old.service.url)), users];
        Plane::with(Settings { workers: 2, runs_again, ..Settings::default() }, routes)
    };
    let again = routes(true);
    let asked = new.service.count();
    for _ in 0..40 {
        assert_eq!(body(&again.get("/api/users/1", "").await), "two");
    }
    assert!(new.service.count() > asked, "the copy was asked, and not believed");
    // Where it has never run before, a client that it does not know has never written.
    let never = routes(false);
    until("a copy answers", async || body(&never.get("/api/users/1", "").await) == "one").await;
    // While the owner lets go, and nobody is it, such a read waits.
    old.set(new.followed());
    let read = tokio::spawn(again.send_on(last("GET /api/users/1 HTTP/1.1\r\nHost: x\r\n\r\n")));
    until("it waits", async || waiting(&again) == 1.0).await;
    new.follow(&old);
    new.set(Role::Owner);
    assert_eq!(body(&read.await.unwrap()), "two");
    // Where the owner is nobody that is known, the copy is all there is.
    new.set(Role::Follower("http://127.0.0.1:1/api/users".to_owned()));
    assert_eq!(body(&again.get("/api/users/1", "").await), "two");
}

#[tokio::test]
async fn a_client_that_says_a_position_reads_nothing_older() {
    let (old, new, plane) = canary().await;
    let written = plane.send(last(&post("one"))).await;
    let position = field(&written, "banyan-position").unwrap().to_owned();
    new.state().rows.push("before".to_owned());
    for n in 0..40 {
        let fields = format!("Banyan-Position: {position}\r\nUser-Agent: {n}\r\n");
        assert_eq!(body(&plane.get("/api/users/1", &fields).await), "one");
    }
    assert!(plane.metric("banyan_proxy_read_again_total") > 5.0);
    assert_eq!(old.service.count(), 41);
}

#[tokio::test]
async fn whoever_is_asked_is_told_how_far_it_must_have_come() {
    let (old, new, plane) = canary().await;
    let written = plane.send(last(&post("one"))).await;
    let position = field(&written, "banyan-position").unwrap();
    for fields in ["", "Banyan-Position: 1.0\r\n"] {
        for _ in 0..10 {
            assert_eq!(body(&plane.get("/api/users/1", fields).await), "one");
        }
    }
    let further = "Banyan-Position: 1.9\r\nUser-Agent: another\r\n";
    plane.get("/api/users/1", further).await;
    let (mut asked, mut said) = (old.service.seen(), 0);
    asked.extend(new.service.seen());
    for request in asked.iter().filter(|request| request.line().starts_with("GET ")) {
        let told = request.all("banyan-position");
        let is_further = request.field("user-agent") == Some("another");
        assert_eq!(told, [if is_further { "1.9" } else { position }], "{}", request.head);
        said += 1;
    }
    assert!(said > 20, "{said}");
}

#[tokio::test]
async fn a_client_that_says_a_position_that_never_comes_costs_little_and_gets_what_the_owner_has() {
    let (old, new, plane) = canary().await;
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    new.state().rows.push("before".to_owned());
    let asked = old.service.count() + new.service.count();
    let start = Instant::now();
    let fields = "Banyan-Position: 999.0\r\nUser-Agent: another\r\n";
    let answer = plane.get("/api/users/1", fields).await;
    assert_eq!((status(&answer), body(&answer)), (200, "one"));
    let seconds = start.elapsed().as_secs_f64();
    assert!((1.0..4.0).contains(&seconds), "it might have come: {seconds}");
    let asked = old.service.count() + new.service.count() - asked;
    assert!((4..=22).contains(&asked), "{asked}");
    assert_eq!((waiting(&plane), plane.metric("banyan_proxy_gave_up_total")), (0.0, 0.0));
}

#[tokio::test]
async fn an_answer_without_a_position_is_thrown_away_only_where_others_have_one() {
    let (old, new, plane) = canary().await;
    new.set(Role::Owner);
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    let start = Instant::now();
    for _ in 0..10 {
        assert_eq!(body(&plane.get("/api/users/docs", "").await), "docs");
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    // A copy that only fails says nothing about what was written.
    let failing =
        Service::answering(|_| b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_vec()).await;
    let users =
        tagged(route("rte-users00000", "/users", &failing.url), &[("banyan:canary", "100")]);
    plane.set(vec![default(&format!("{}/api", old.service.url)), users]);
    assert_eq!(status(&plane.send(last(&post("two"))).await), 201);
    assert_eq!(body(&plane.get("/api/users/1", "").await), "two");
    assert_eq!(failing.count(), 1);
}

#[tokio::test]
async fn a_copy_that_does_not_have_it_yet_is_not_believed() {
    let (old, new, plane) = canary().await;
    old.state().rows.push("there".to_owned());
    for _ in 0..20 {
        let answer = plane.get("/api/users/1", "").await;
        assert_eq!((status(&answer), body(&answer)), (200, "there"));
    }
    assert!(new.service.count() > 0);
    old.state().rows.clear();
    for _ in 0..20 {
        let answer = plane.get("/api/users/1", "").await;
        assert_eq!((status(&answer), field(&answer, "banyan-owner")), (404, None));
    }
}

#[tokio::test]
async fn reads_of_a_copy_that_is_retired_are_answered_by_the_owner() {
    let new = Store::start(Role::Owner).await;
    new.state().rows.push("there".to_owned());
    let owner = new.collection();
    let old = Service::answering(move |_| misdirected(&Role::Follower(owner.clone()))).await;
    let plane = Plane::start(before(&old.url, &new.service.url));
    assert_eq!(body(&plane.get("/api/users/1", "").await), "there");
    let head = plane.send(last("HEAD /api/users/1 HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    assert_eq!(status(&head), 200);
}

#[tokio::test]
async fn who_owns_it_is_not_for_clients_and_how_far_it_has_come_is() {
    let owner = Service::answering(|_| {
        b"HTTP/1.1 200 OK\r\nBanyan-Owner: http://10.0.0.7/api/users\r\nBanyan-Position: 3.1842\r\n\
          Content-Length: 0\r\n\r\n"
            .to_vec()
    })
    .await;
    let plane = Plane::start(vec![default(&owner.url)]);
    let answer =
        plane.get("/api/users", "Banyan-Owner: http://x\r\nBanyan-Position: 1.1\r\n").await;
    assert_eq!(field(&answer, "banyan-owner"), None);
    assert_eq!(field(&answer, "banyan-position"), Some("3.1842"));
    assert_eq!(owner.seen()[0].field("banyan-owner"), None);
    assert_eq!(owner.seen()[0].field("banyan-position"), Some("1.1"));
}

const CONNECTIONS: usize = 64;
const SWITCHES: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn ownership_changes_hands_under_load_without_a_lost_write_or_one_that_is_executed_twice() {
    let one = Store::start(Role::Owner).await;
    let two = Store::start(one.followed()).await;
    let settings = Settings { workers: 2, ..Settings::default() };
    let plane = Arc::new(Plane::with(settings, before(&one.service.url, &two.service.url)));
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|client| {
            let (plane, stop, answered) =
                (Arc::clone(&plane), Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                let mut stream = plane.connect().await;
                let mut written = 0;
                while !stop.load(Ordering::SeqCst) {
                    stream
                        .write_all(post(&format!("{client}:{written}")).as_bytes())
                        .await
                        .unwrap();
                    let answer = read_answer(&mut stream).await;
                    assert_eq!(status(&answer), 201, "{answer}");
                    written += 1;
                    answered.fetch_add(1, Ordering::SeqCst);
                }
                written
            })
        })
        .collect();
    for switch in 0..SWITCHES {
        let (from, to) = if switch % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let start = answered.load(Ordering::SeqCst);
        until("writes go on", async || answered.load(Ordering::SeqCst) > start + CONNECTIONS).await;
        from.set(Role::Held);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..5))).await;
        // Between grant and promotion each names the other one.
        from.set(to.followed());
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..5))).await;
        let epoch = from.state().epoch + 1;
        to.state().epoch = epoch;
        to.set(Role::Owner);
        if switch % 3 == 0 {
            // The route follows, sooner or later.
            let active = Route {
                active: to.collection() == two.collection(),
                ..inactive(&format!("{}/api", two.service.url))
            };
            plane.set(vec![default(&format!("{}/api", one.service.url)), active]);
        }
        assert!(clients.iter().all(|client| !client.is_finished()), "a client failed");
    }
    stop.store(true, Ordering::SeqCst);
    let mut expected = Vec::new();
    for (client, task) in clients.into_iter().enumerate() {
        expected.extend((0..task.await.unwrap()).map(|n| format!("{client}:{n}")));
    }
    let mut executed = [one.rows(), two.rows()].concat();
    let count = |name: &str| plane.metric(&format!("banyan_proxy_{name}_total"));
    println!(
        "{} writes, {} misdirected, {} waited",
        executed.len(),
        count("misdirected"),
        count("waited")
    );
    executed.sort();
    expected.sort();
    assert!(executed == expected, "each answered write was executed once");
    assert_eq!(count("gave_up"), 0.0);
    assert!(count("waited") > SWITCHES as f64 / 2.0, "{}", count("waited"));
}
