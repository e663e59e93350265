//! Writes wait while there is no primary, within bounds.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::until;
use proxy::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{before, last, post, stores, waiting};
use crate::plane::{APPLICATION, Plane, body, field, read_answer, status};
use crate::service::{Service, next_request, nobody, ok};
use crate::store::{Role, Store, misdirected};

#[tokio::test]
async fn a_write_waits_while_nobody_is_the_primary() {
    let (old, new, plane) = stores().await;
    old.set(Role::Fenced);
    let write = tokio::spawn(plane.send_on(last(&post("one"))));
    until("it waits", async || waiting(&plane) == 1.0).await;
    // In between each says that it is the other one.
    old.set(new.followed());
    let asked = new.service.count();
    until("both are asked", async || new.service.count() > asked + 2).await;
    new.set(Role::Primary);
    assert_eq!(status(&write.await.unwrap()), 201);
    assert_eq!((old.rows().len(), new.rows()), (0, vec!["one".to_owned()]));
    assert_eq!(plane.metric("banyan_proxy_waited_total"), 1.0);
    assert_eq!(plane.metric("banyan_proxy_wait_seconds_count"), 1.0);
    assert_eq!((waiting(&plane), plane.metric("banyan_proxy_gave_up_total")), (0.0, 0.0));
}

#[tokio::test]
async fn a_hold_that_is_let_go_costs_a_pause() {
    let (old, _new, plane) = stores().await;
    old.set(Role::Fenced);
    let write = tokio::spawn(plane.send_on(last(&post("one"))));
    until("it waits", async || waiting(&plane) == 1.0).await;
    old.set(Role::Primary);
    assert_eq!(status(&write.await.unwrap()), 201);
    assert_eq!(old.rows(), ["one"]);
}

#[tokio::test]
async fn a_client_that_resets_frees_its_place_and_one_that_ends_its_side_is_answered_whenever() {
    let (old, _new, plane) = stores().await;
    old.set(Role::Fenced);
    let mut stream = plane.connect().await;
    stream.write_all(post("left").as_bytes()).await.unwrap();
    until("it waits", async || waiting(&plane) == 1.0).await;
    stream.set_zero_linger().unwrap();
    drop(stream);
    until("its place is free", async || waiting(&plane) == 0.0).await;
    let gave_up = plane.metric("banyan_proxy_gave_up_total");
    assert_eq!(gave_up, 0.0, "it is free before its time is up");
    let (mut early, mut late) = (plane.connect().await, plane.connect().await);
    early.write_all(post("listens").as_bytes()).await.unwrap();
    early.shutdown().await.unwrap();
    until("it waits", async || waiting(&plane) == 1.0).await;
    late.write_all(post("listens").as_bytes()).await.unwrap();
    until("both wait", async || waiting(&plane) == 2.0).await;
    late.shutdown().await.unwrap();
    let asked = old.service.count();
    until("they are asked again", async || old.service.count() > asked + 8).await;
    old.set(Role::Primary);
    assert_eq!(status(&read_answer(&mut early).await), 201);
    assert_eq!(status(&read_answer(&mut late).await), 201);
    assert_eq!(old.rows(), ["listens", "listens"]);
}

#[tokio::test]
async fn when_the_time_is_up_the_client_is_told_to_ask_again() {
    let (old, new, plane) = stores().await;
    // Each names the other one.
    old.set(new.followed());
    // The least that they take. `a_search_waits_until_its_time_is_up_and_no_longer` has the most, on a clock of its own.
    let start = Instant::now();
    let timed = async |answer| (plane.send(answer).await, start.elapsed().as_secs_f64());
    let get = "GET /api/users HTTP/1.1\r\nHost: x\r\nBanyan-Position: 9.9\r\n\r\n";
    let both = tokio::join!(timed(last(&post("one"))), timed(last(get)));
    let ((write, write_seconds), (read, read_seconds)) = both;
    assert!(write_seconds >= 5.0, "{write_seconds}");
    assert!(read_seconds >= 1.0, "{read_seconds}");
    for answer in [&write, &read] {
        assert_eq!((status(answer), field(answer, "retry-after")), (503, Some("1")), "{answer}");
        assert_eq!(field(answer, "content-type"), Some("application/problem+json"));
    }
    assert!(body(&write).contains("nothing was stored"), "{write}");
    assert!(!body(&read).contains("stored"), "{read}");
    for (answer, limits) in [(&write, "5 s, for 1024 such"), (&read, "1 s, for 64 such")] {
        assert!(body(answer).contains(limits) && body(answer).contains("no setting"), "{answer}");
    }
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
                    misdirected(&Role::Fenced)
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
    let new = Store::start(Role::Fenced).await;
    let settings = Settings { workers: 2, upstream_connections: 2 * PLACES, ..Settings::default() };
    let plane = Plane::with(settings, before(&old.url, &new.service.url));
    let writes: Vec<_> =
        (0..PLACES).map(|_| tokio::spawn(plane.send_on(last(&post("one"))))).collect();
    until("all places are taken", async || waiting(&plane) == PLACES as f64).await;
    let answer = plane.send(last(&post("one"))).await;
    assert_eq!((status(&answer), field(&answer, "retry-after")), (503, Some("1")));
    // At once: it never waited, and the others still do.
    assert_eq!(plane.metric("banyan_proxy_waited_total"), PLACES as f64);
    assert_eq!(waiting(&plane), PLACES as f64);
    go_on.send(true).unwrap();
    for write in writes {
        assert_eq!(body(&write.await.unwrap()), "taken");
    }
    assert_eq!(waiting(&plane), 0.0);
}

#[tokio::test]
async fn a_primary_that_cannot_be_reached_is_waited_for_and_a_known_one_is_forgotten() {
    let dead = nobody();
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
    old.set(Role::Primary);
    assert_eq!(status(&plane.send(last(&post("two"))).await), 201, "it is believed no longer");
    assert_eq!(old.rows(), ["two"]);
}

#[tokio::test]
async fn the_order_of_a_connection_s_requests_is_kept() {
    let (old, new, plane) = stores().await;
    old.set(Role::Fenced);
    let mut stream = plane.connect().await;
    let many: String = (0..20).map(|n| post(&n.to_string())).collect();
    stream.write_all(many.as_bytes()).await.unwrap();
    stream.write_all(last("GET /api/users HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    until("the first one waits", async || waiting(&plane) == 1.0).await;
    new.set(Role::Primary);
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
    old.set(Role::Fenced);
    let mut stream = plane.connect().await;
    stream.write_all(post("one").as_bytes()).await.unwrap();
    until("it waits", async || waiting(&plane) == 1.0).await;
    let closed = tokio::spawn(plane.plane.close(APPLICATION, Duration::from_secs(600)));
    until("it takes no more connections", async || {
        TcpStream::connect(plane.address).await.is_err()
    })
    .await;
    assert!(!closed.is_finished());
    new.set(Role::Primary);
    old.set(new.followed());
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!((status(&answer), field(&answer, "connection")), (201, Some("close")));
    closed.await.unwrap();
}

#[tokio::test]
async fn a_write_that_was_held_finds_the_new_primary_where_the_old_one_is_gone_without_naming_it() {
    let new = Store::start(Role::Primary).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let old = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(listener);
        next_request(&mut stream, &mut Vec::new()).await;
        let fenced = String::from_utf8(misdirected(&Role::Fenced)).unwrap();
        let fenced = fenced.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        stream.write_all(fenced.as_bytes()).await.unwrap();
    });
    let plane = Plane::start(before(&old, &new.service.url));
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    assert_eq!(new.rows(), ["one"]);
}
