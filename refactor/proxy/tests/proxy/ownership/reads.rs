//! A client that wrote reads nothing older.

use std::time::{Duration, Instant};

use harness::until;
use proxy::{Beside, DataPlane, Route, RouteChange, Settings};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;

use super::{before, last, post, waiting};
use crate::canary::tagged;
use crate::plane::{APPLICATION, Plane, body, default, field, read_answer, route, status};
use crate::service::Service;
use crate::store::{Role, Store, misdirected};

/// The primary, a follower that gets half of the reads, and what is between.
async fn canary() -> (Store, Store, Plane) {
    canary_behind("192.0.2.1").await
}

/// The same behind trusted proxies.
async fn canary_behind(trusted: &str) -> (Store, Store, Plane) {
    let old = Store::start(Role::Primary).await;
    let new = Store::start(old.followed()).await;
    let trusted_proxies = trusted.parse().unwrap();
    let settings = Settings { workers: 2, trusted_proxies, ..Settings::default() };
    let plane = Plane::with(settings, routes(&old, &new));
    (old, new, plane)
}

/// The routes of both: the follower gets half of the reads.
fn routes(old: &Store, new: &Store) -> Vec<Route> {
    let users = route("rte-users00000", "/users", &format!("{}/api", new.service.url));
    let users = tagged(users, &[("banyan:canary", "50")]);
    vec![default(&format!("{}/api", old.service.url)), users]
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
async fn who_wrote_is_known_by_its_place_and_by_each_of_its_credentials() {
    let (old, new, plane) = canary().await;
    new.state().rows.push("before".to_owned());
    let shown = "Authorization: Bearer one\r\nCookie: session=1\r\n";
    let write = last(&post("one")).replacen("\r\n", &format!("\r\n{shown}"), 1);
    assert_eq!(status(&plane.send(write).await), 201);
    let there = plane.address;
    let from = async |host: &str, fields: &str| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{host}:0").parse().unwrap()).unwrap();
        let mut stream = socket.connect(there).await.unwrap();
        let get = format!("GET /api/users/1 HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        stream.write_all(get.as_bytes()).await.unwrap();
        body(&read_answer(&mut stream).await).to_owned()
    };
    for _ in 0..20 {
        // It logged in, or out.
        for fields in ["", "Authorization: Bearer two\r\n", "Cookie: session=2; theme=dark\r\n"] {
            assert_eq!(from("127.0.0.1", fields).await, "one", "{fields:?}");
        }
        // It came over another way.
        for fields in ["Authorization: Bearer one\r\nUser-Agent: x\r\n", "Cookie: session=1\r\n"] {
            assert_eq!(from("127.0.0.2", fields).await, "one", "{fields:?}");
        }
    }
    until("another client reads from the copy", async || from("127.0.0.2", "").await == "before")
        .await;
    assert!(old.rows() == ["one"]);
}

#[tokio::test]
async fn behind_a_trusted_load_balancer_who_wrote_is_known_by_its_own_address() {
    let (_old, new, plane) = canary_behind("127.0.0.0/8").await;
    new.state().rows.push("before".to_owned());
    let from = |list: &str| format!("X-Forwarded-For: {list}\r\n");
    let write = last(&post("one"));
    let write = write.replacen("\r\n", &format!("\r\n{}", from("192.0.2.1")), 1);
    assert_eq!(status(&plane.send(write).await), 201);
    for list in ["192.0.2.1", "6.6.6.6, 192.0.2.1", "192.0.2.1, 127.0.0.9"].repeat(10) {
        assert_eq!(body(&plane.get("/api/users/1", &from(list)).await), "one", "{list}");
    }
    until("another client reads from the copy", async || {
        body(&plane.get("/api/users/1", &from("192.0.2.1, 192.0.2.2")).await) == "before"
    })
    .await;
}

#[tokio::test]
async fn who_wrote_through_one_process_reads_it_through_another() {
    let (old, new, _) = canary().await;
    let settings = Settings { workers: 1, others_write: true, ..Settings::default() };
    let [one, other] = [(); 2].map(|()| Plane::with(settings.clone(), routes(&old, &new)));
    new.state().rows.push("before".to_owned());
    for round in 0..25 {
        // The copy lags behind every write. What the other process knows of this client is one write too old.
        let value = format!("value-{round}");
        let (writes, reads) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
        assert_eq!(status(&writes.send(last(&post(&value))).await), 201);
        for _ in 0..4 {
            assert_eq!(body(&reads.get("/api/users/1", "").await), value);
            assert_eq!(body(&writes.get("/api/users/1", "").await), value);
        }
    }
    // A client that says how far its reads must be may read from the copy.
    let before = new.service.count();
    let said = "Banyan-Position: 1.0\r\nUser-Agent: another\r\n";
    until("the copy answers", async || body(&other.get("/api/users/1", said).await) == "before")
        .await;
    assert!(new.service.count() > before);
}

#[tokio::test]
async fn who_writes_through_both_processes_of_a_takeover_reads_its_own_writes() {
    let (old, new, _) = canary().await;
    let one = Plane::with(Settings { workers: 1, ..Settings::default() }, routes(&old, &new));
    let another = DataPlane::new(Settings { workers: 1, ..Settings::default() }).unwrap();
    // From here on both carry requests.
    one.plane.is_beside(Beside::Serving);
    another.inherit(one.plane.sockets().unwrap()).unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    let address = another.open(APPLICATION, "api", any, routes(&old, &new)).unwrap();
    let another = Plane { plane: another, address };
    new.state().rows.push("before".to_owned());
    for round in 0..10 {
        // What each knows of this client is one write too old, and the copy has that.
        let (writes, reads) = if round % 2 == 0 { (&one, &another) } else { (&another, &one) };
        new.follow(&old);
        let value = format!("value-{round}");
        assert_eq!(status(&writes.send(last(&post(&value))).await), 201);
        for _ in 0..4 {
            assert_eq!(body(&reads.get("/api/users/1", "").await), value);
        }
    }
}

#[tokio::test]
async fn a_proxy_that_runs_again_does_not_know_who_wrote_and_believes_no_copy() {
    let (old, new, first) = canary().await;
    assert_eq!(status(&first.send(last(&post("one"))).await), 201);
    new.follow(&old);
    assert_eq!(status(&first.send(last(&post("two"))).await), 201);
    let plane = |runs_again| {
        let settings = Settings { workers: 2, runs_again, ..Settings::default() };
        Plane::with(settings, routes(&old, &new))
    };
    let again = plane(true);
    let asked = new.service.count();
    for _ in 0..40 {
        assert_eq!(body(&again.get("/api/users/1", "").await), "two");
    }
    assert!(new.service.count() > asked, "the copy was asked, and not believed");
    // A proxy that has never run before knows that an unknown client has never written.
    let never = plane(false);
    until("a copy answers", async || body(&never.get("/api/users/1", "").await) == "one").await;
    // During the handover there is no primary, and such a read waits.
    old.set(new.followed());
    let read = tokio::spawn(again.send_on(last("GET /api/users/1 HTTP/1.1\r\nHost: x\r\n\r\n")));
    until("it waits", async || waiting(&again) == 1.0).await;
    new.follow(&old);
    new.set(Role::Primary);
    assert_eq!(body(&read.await.unwrap()), "two");
    // If the primary is not a candidate, the follower answers, because no better service is known.
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
async fn a_client_that_says_a_position_that_never_comes_costs_little_and_gets_what_the_primary_has()
{
    let (old, new, plane) = canary().await;
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    new.state().rows.push("before".to_owned());
    let asked = old.service.count() + new.service.count();
    let start = Instant::now();
    let fields = "Banyan-Position: 999.0\r\nUser-Agent: another\r\n";
    let answer = plane.get("/api/users/1", fields).await;
    assert_eq!((status(&answer), body(&answer)), (200, "one"));
    // `a_search_waits_until_its_time_is_up_and_no_longer` has the most that it takes, on a clock of its own.
    assert!(start.elapsed() >= Duration::from_secs(1), "it might have come: {:?}", start.elapsed());
    let asked = old.service.count() + new.service.count() - asked;
    assert!((4..=22).contains(&asked), "{asked}");
    assert_eq!((waiting(&plane), plane.metric("banyan_proxy_gave_up_total")), (0.0, 0.0));
}

#[tokio::test]
async fn an_answer_without_a_position_is_thrown_away_only_where_others_have_one() {
    let (old, new, plane) = canary().await;
    new.set(Role::Primary);
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    for _ in 0..10 {
        assert_eq!(body(&plane.get("/api/users/docs", "").await), "docs");
    }
    assert_eq!(plane.metric("banyan_proxy_waited_total"), 0.0);
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
        assert_eq!((status(&answer), field(&answer, "banyan-primary")), (404, None));
    }
}

#[tokio::test]
async fn reads_of_a_copy_that_is_retired_are_answered_by_the_primary() {
    let new = Store::start(Role::Primary).await;
    new.state().rows.push("there".to_owned());
    let primary = new.collection();
    let old = Service::answering(move |_| misdirected(&Role::Follower(primary.clone()))).await;
    let plane = Plane::start(before(&old.url, &new.service.url));
    assert_eq!(body(&plane.get("/api/users/1", "").await), "there");
    let head = plane.send(last("HEAD /api/users/1 HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    assert_eq!(status(&head), 200);
}

#[tokio::test]
async fn who_owns_it_is_not_for_clients_and_how_far_it_has_come_is() {
    let primary = Service::answering(|_| {
        b"HTTP/1.1 200 OK\r\nBanyan-Primary: http://10.0.0.7/api/users\r\nBanyan-Position: 3.1842\r\n\
          Content-Length: 0\r\n\r\n"
            .to_vec()
    })
    .await;
    let plane = Plane::start(vec![default(&primary.url)]);
    let answer =
        plane.get("/api/users", "Banyan-Primary: http://x\r\nBanyan-Position: 1.1\r\n").await;
    assert_eq!(field(&answer, "banyan-primary"), None);
    assert_eq!(field(&answer, "banyan-position"), Some("3.1842"));
    assert_eq!(primary.seen()[0].field("banyan-primary"), None);
    assert_eq!(primary.seen()[0].field("banyan-position"), Some("1.1"));
}

#[tokio::test]
async fn a_read_that_a_copy_refuses_whose_primary_is_not_known_is_asked_of_another() {
    for named in ["", "Banyan-Primary: http://another-name:1/api/users\r\n"] {
        let copy = Service::answering(move |_| {
            format!("HTTP/1.1 421 Misdirected\r\nBanyan-Position: 1.0\r\n{named}Content-Length: 0\r\n\r\n").into_bytes()
        })
        .await;
        let primary = Store::start(Role::Primary).await;
        primary.state().rows.push("one".to_owned());
        let users = route("rte-users00000", "/users", &format!("{}/api", copy.url));
        let plane = Plane::start(vec![default(&format!("{}/api", primary.service.url)), users]);
        assert_eq!(body(&plane.get("/api/users/1", "").await), "one");
        assert_eq!(copy.count(), 1);
    }
}

#[tokio::test]
async fn a_write_that_stored_nothing_is_not_remembered() {
    let refusing = Service::answering(|request| {
        let (status, at) =
            if request.line().starts_with("GET ") { ("200 OK", 1) } else { ("400 No", 9) };
        format!("HTTP/1.1 {status}\r\nBanyan-Position: 1.{at}\r\nContent-Length: 0\r\n\r\n")
            .into_bytes()
    })
    .await;
    let other = Store::start(Role::Primary).await;
    let plane = Plane::start(before(&refusing.url, &other.service.url));
    assert_eq!(status(&plane.send(last(&post("one"))).await), 400);
    assert_eq!(status(&plane.get("/api/users/1", "").await), 200);
    assert_eq!((refusing.count(), other.service.count()), (2, 0));
}

#[tokio::test]
async fn who_wrote_before_a_copy_could_answer_finds_it_when_the_copy_gets_traffic() {
    let primary = Store::start(Role::Primary).await;
    let copy = Store::start(primary.followed()).await;
    copy.state().rows.push("before".to_owned());
    let plane = Plane::start(vec![default(&format!("{}/api", primary.service.url))]);
    assert_eq!(status(&plane.send(last(&post("one"))).await), 201);
    let users = route("rte-users00000", "/users", &format!("{}/api", copy.service.url));
    plane.plane.change_routes(APPLICATION, vec![RouteChange::Put(users)]);
    assert_eq!(body(&plane.get("/api/users/1", "").await), "one");
}
