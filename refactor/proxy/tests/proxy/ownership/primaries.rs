//! A write finds its primary, and no other service is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use harness::until;
use proxy::{Route, Settings, SourcePath};
use tokio::io::AsyncWriteExt;

use super::{before, inactive, last, post, stores, waiting};
use crate::canary::tagged;
use crate::plane::{APPLICATION, Plane, body, default, field, read_answer, route, status};
use crate::service::{Service, next_request, ok};
use crate::store::{Role, Store, misdirected};

#[tokio::test]
async fn a_write_goes_to_the_primary_that_a_421_names_and_so_do_later_ones() {
    let (old, new, plane) = stores().await;
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    assert_eq!((old.rows(), new.service.count()), (vec!["one".to_owned()], 0));
    new.set(Role::Primary);
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
    assert_eq!(old.service.count(), 2, "the primary is known");
    // And back again: what was known is forgotten.
    old.set(Role::Primary);
    new.set(old.followed());
    assert_eq!(status(&plane.send(last(&post("four"))).await), 201);
    assert_eq!(status(&plane.send(last(&post("five"))).await), 201);
    assert_eq!((old.rows().len(), new.rows().len(), new.service.count()), (3, 2, 3));
    assert_eq!(plane.metric("banyan_proxy_misdirected_total"), 2.0);
    assert_eq!(plane.metric("banyan_proxy_waited_total"), 0.0);
    // The service that answered is the one that is counted.
    let answered = |route: &str, service: &str| {
        plane.metric(&format!(r#"refactor_requests_total{{application="{APPLICATION}",route="{route}",service="{service}",class="2xx"}}"#))
    };
    assert_eq!(answered("rte-default000", "monolith"), 3.0);
    assert_eq!(answered("rte-users00000", "rte-users00000"), 2.0);
}

#[tokio::test]
async fn a_primary_that_was_known_gets_nothing_once_the_routes_have_changed() {
    let (old, new, plane) = stores().await;
    new.set(Role::Primary);
    old.set(new.followed());
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    assert_eq!(status(&plane.send(last(&post("two"))).await), 201);
    assert_eq!((old.service.count(), new.rows().len()), (1, 2), "the primary is known");
    // It gave everything back and was cancelled: it owns an empty collection of its own. Its route is still there.
    old.set(Role::Primary);
    let mut changed = before(&old.service.url, &new.service.url);
    changed.push(route("rte-threads000", "/threads", &old.service.url));
    plane.set(changed);
    assert_eq!(status(&plane.send(last(&post("three"))).await), 201);
    assert_eq!((old.rows(), new.rows().len()), (vec!["three".to_owned()], 2));
}

#[tokio::test]
async fn only_those_can_be_the_primary_whose_routes_would_take_the_request() {
    let new = Store::start(Role::Primary).await;
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
async fn only_registered_services_are_ever_asked_whatever_an_answer_names() {
    let foreign = Service::saying("secret").await;
    let new = Store::start(Role::Primary).await;
    let primary = Arc::new(std::sync::Mutex::new(String::new()));
    let named = Arc::clone(&primary);
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
        *primary.lock().unwrap() = name.to_owned();
        let mut stream = plane.connect().await;
        stream.write_all(post("one").as_bytes()).await.unwrap();
        until("it is asked again", async || old.count() >= asked + 3).await;
        stream.set_zero_linger().unwrap();
        drop(stream);
        until("its place is free", async || waiting(&plane) == 0.0).await;
        assert_eq!((foreign.count(), new.service.count()), (0, 0), "{name:?}");
    }
    *primary.lock().unwrap() = new.collection();
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
}

#[tokio::test]
async fn two_services_at_one_origin_are_told_apart_by_their_paths() {
    let host = Arc::new(std::sync::Mutex::new(String::new()));
    let named = Arc::clone(&host);
    let both = Service::answering(move |request| {
        let primary = format!("{}/new/users", named.lock().unwrap());
        let is_primary = request.line().starts_with("POST /new/users ");
        if is_primary { ok("taken") } else { misdirected(&Role::Follower(primary)) }
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
    assert_eq!(both.count(), 3, "the primary is known");
}

#[tokio::test]
async fn what_breaks_off_on_the_way_to_the_primary_is_not_sent_again() {
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
async fn a_known_primary_that_fails_a_write_is_not_asked_first_again() {
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
    old.set(Role::Primary);
    assert_eq!(status(&plane.send(last(&post("three"))).await), 201);
    assert_eq!(old.rows(), ["three"]);
}

#[tokio::test]
async fn copies_of_reads_are_sent_to_nobody_else_and_are_no_writes() {
    let (old, new) = (
        Store::start(Role::Primary).await,
        Service::answering(|_| misdirected(&Role::Fenced)).await,
    );
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

const CONNECTIONS: usize = 64;

const SWITCHES: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn ownership_changes_hands_under_load_without_a_lost_write_or_one_that_is_executed_twice() {
    let one = Store::start(Role::Primary).await;
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
        from.set(Role::Fenced);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..5))).await;
        // Between grant and promotion each names the other one.
        from.set(to.followed());
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..5))).await;
        let epoch = from.state().epoch + 1;
        to.state().epoch = epoch;
        to.set(Role::Primary);
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
    executed.sort();
    expected.sort();
    assert!(executed == expected, "each answered write was executed once");
    assert_eq!(count("gave_up"), 0.0);
    assert!(count("waited") > SWITCHES as f64 / 2.0, "{}", count("waited"));
}
