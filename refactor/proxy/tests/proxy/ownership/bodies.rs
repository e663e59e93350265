//! The body of a write arrives at the primary as it was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::until;
use proxy::Route;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

use super::{before, last, post, stores, waiting};
use crate::plane::{APPLICATION, Plane, default, field, read_answer, route, status};
use crate::service::{Service, next_request, ok};
use crate::store::{Role, Store, misdirected};

#[tokio::test]
async fn a_body_arrives_at_the_primary_byte_for_byte_however_it_came() {
    let (old, new, plane) = stores().await;
    new.set(Role::Primary);
    let long: String = (0..300_000).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
    for sent in ["", "x", &long[..20_000], &long] {
        // The service that is not known to be the primary is asked second.
        old.set(Role::Primary);
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
async fn a_body_that_came_over_http_2_arrives_at_the_primary() {
    let (old, new, plane) = stores().await;
    new.set(Role::Primary);
    old.set(Role::Fenced);
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
    old.set(Role::Fenced);
    new.set(Role::Fenced);
    let request = client.post(plane.url("/api/users")).body("late").send();
    tokio::select! {
        answer = request => panic!("{answer:?}"),
        () = until("it waits", async || waiting(&plane) == 1.0) => {}
    }
    until("its place is free", async || waiting(&plane) == 0.0).await;
    let gave_up = plane.metric("banyan_proxy_gave_up_total");
    assert_eq!(gave_up, 0.0, "it is free before its time is up");
}

#[tokio::test]
async fn a_client_that_waits_for_100_continue_is_answered_by_the_primary() {
    let (old, new, plane) = stores().await;
    new.set(Role::Primary);
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

#[tokio::test]
async fn an_upload_that_began_before_another_could_own_it_is_known_until_it_is_answered() {
    let (old, new) = (Store::start(Role::Primary).await, Store::start(Role::Fenced).await);
    let alone = vec![default(&format!("{}/api", old.service.url))];
    let plane = Plane::start(alone.clone());
    let head = "POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n";
    let mut stream = plane.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[b'x'; 30_000]).await.unwrap();
    let connects = r#"refactor_upstream_connects_total{application="app-0123456789",route="rte-default000",service="monolith"}"#;
    until("it has begun", async || plane.metric(connects) == 1.0).await;
    assert!(!plane.plane.has_earlier_uploads(APPLICATION), "the routes are the same");
    plane.set(before(&old.service.url, &new.service.url));
    assert!(plane.plane.has_earlier_uploads(APPLICATION));
    plane.set(alone);
    plane.set(before(&old.service.url, &new.service.url));
    assert!(plane.plane.has_earlier_uploads(APPLICATION), "however often they change");
    // What begins now is kept.
    let mut later = plane.connect().await;
    later.write_all(head.as_bytes()).await.unwrap();
    later.write_all(&[b'x'; 30_000]).await.unwrap();
    stream.write_all(&[b'x'; 30_000]).await.unwrap();
    assert_eq!(status(&read_answer(&mut stream).await), 201);
    until("it is over", async || !plane.plane.has_earlier_uploads(APPLICATION)).await;
    later.write_all(&[b'x'; 30_000]).await.unwrap();
    assert_eq!(status(&read_answer(&mut later).await), 201);
}

/// One that says 421 as soon as it has the head, and names a primary.
async fn hasty(primary: String) -> Service {
    Service::serving(move |mut stream| {
        let role = Role::Follower(primary.clone());
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
    let new = Store::start(Role::Primary).await;
    let old = hasty(new.collection()).await;
    let plane = Plane::start(before(&old.url, &new.service.url));
    let mut stream = plane.connect().await;
    let head = "PUT /api/users/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (half, rest) = ("a".repeat(20_000), "b".repeat(20_000));
    stream.write_all(half.as_bytes()).await.unwrap();
    until("the primary is asked", async || plane.metric("banyan_proxy_misdirected_total") == 1.0)
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
async fn a_421_with_a_body_without_end_holds_nobody_up() {
    let new = Store::start(Role::Primary).await;
    let primary = new.collection();
    let written = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&written);
    let old = Service::serving(move |mut stream| {
        let (primary, counted) = (primary.clone(), Arc::clone(&counted));
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            let head = format!(
                "HTTP/1.1 421 No\r\nBanyan-Primary: {primary}\r\nContent-Length: 1000000000000\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(&[b'x'; 10_000]).await.is_ok() {
                counted.fetch_add(10_000, Ordering::SeqCst);
            }
        }
    })
    .await;
    let plane = Plane::start(before(&old.url, &new.service.url));
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    // What the sockets of both sides hold, and little more.
    let written = written.load(Ordering::SeqCst);
    assert!(written < 32 * 1024 * 1024, "{written} bytes were taken");
    assert_eq!(new.rows(), ["one"]);
}

#[tokio::test]
async fn a_421_never_leaves_the_proxy_where_the_request_cannot_be_sent_again() {
    // No other service could be the primary, so the body was not kept.
    let only = Service::answering(|_| misdirected(&Role::Fenced)).await;
    let plane = Plane::start(vec![default(&only.url)]);
    let answer = plane.send(last(&post(&"x".repeat(100_000)))).await;
    assert_eq!((status(&answer), field(&answer, "retry-after")), (503, Some("1")));
    assert_eq!(only.count(), 1);
}

#[tokio::test]
async fn a_write_is_kept_to_be_sent_again_up_to_10_mib() {
    for (mib, expected) in [(9, 201), (11, 503)] {
        let (old, new, plane) = stores().await;
        new.set(Role::Primary);
        old.set(new.followed());
        let answer = plane.send(last(&post(&"x".repeat(mib << 20)))).await;
        assert_eq!(status(&answer), expected, "{mib} MiB: {answer}");
        assert_eq!(new.rows().len(), usize::from(expected == 201));
        if expected == 503 {
            assert!(answer.contains("up to 10485760 bytes"), "{answer}");
            assert!(answer.contains("Nothing was stored, send it again"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_write_without_a_body_that_could_go_nowhere_else_is_under_way_until_it_is_answered() {
    let (wake, awake) = watch::channel(false);
    let (got, mut has_got) = watch::channel(false);
    let old = Service::serving(move |mut stream| {
        let (mut awake, got) = (awake.clone(), got.clone());
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            got.send_replace(true);
            let _ = awake.wait_for(|awake| *awake).await;
            let _ = stream.write_all(&ok("gone")).await;
        }
    })
    .await;
    let plane = Plane::start(vec![default(&old.url)]);
    let delete = "DELETE /api/users/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let write = tokio::spawn(plane.send_on(delete));
    has_got.wait_for(|got| *got).await.unwrap();
    plane.set(before(&old.url, &old.url));
    assert!(plane.plane.has_earlier_uploads(APPLICATION));
    wake.send_replace(true);
    assert_eq!(status(&write.await.unwrap()), 200);
    let answered = async || !plane.plane.has_earlier_uploads(APPLICATION);
    until("nothing is under way", answered).await;
}
