//! A share of a route's reads goes to its own service, all else where it goes without the route.

use proxy::{Route, Settings, SourcePath};

use crate::plane::{Plane, body, default, route, status};
use crate::service::{Service, next_request, nobody};

/// A route with tags.
pub(crate) fn tagged(route: Route, tags: &[(&str, &str)]) -> Route {
    let tags = tags.iter().map(|(tag, value)| ((*tag).to_owned(), (*value).to_owned()));
    Route { tags: tags.collect(), ..route }
}

/// The service that answers: `old` or `new`.
async fn ask(plane: &Plane, method: &str, path: &str) -> String {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
    body(&plane.send(head).await).to_owned()
}

#[tokio::test]
async fn a_canary_gets_its_share_of_the_reads_and_no_write() {
    let (old, new) = (Service::saying("old").await, Service::saying("new").await);
    let routes = |share| {
        let users = tagged(route("rte-users", "/users", &new.url), &[("banyan:canary", share)]);
        vec![default(&format!("{}/api", old.url)), users]
    };
    let plane = Plane::start(routes("0"));
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        assert_eq!(ask(&plane, method, "/api/users/1").await, "old", "{method}");
    }
    assert_eq!((old.seen()[0].line(), new.count()), ("GET /api/users/1 HTTP/1.1", 0));
    plane.set(routes("100"));
    assert_eq!(ask(&plane, "GET", "/api/users/1").await, "new");
    assert_eq!(new.seen()[0].line(), "GET /users/1 HTTP/1.1");
    ask(&plane, "HEAD", "/api/users/1").await;
    assert_eq!(new.count(), 2);
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        assert_eq!(ask(&plane, method, "/api/users/1").await, "old", "{method}");
    }
    assert_eq!(ask(&plane, "GET", "/api/threads").await, "old");
    plane.set(routes("50"));
    let before = new.count();
    for _ in 0..200 {
        ask(&plane, "GET", "/api/users/1").await;
    }
    // Seven deviations of 7.
    assert!((51..149).contains(&(new.count() - before)), "{}", new.count() - before);
    plane.set(routes("none"));
    assert_eq!(
        ask(&plane, "GET", "/api/users/1").await,
        "new",
        "a tag that cannot be read is none"
    );
    assert_eq!(ask(&plane, "POST", "/api/users/1").await, "new");
}

#[tokio::test]
async fn the_rest_goes_where_it_would_go_without_the_route() {
    let (old, wide, new) =
        (Service::saying("old").await, Service::saying("wide").await, Service::saying("new").await);
    let none = [("banyan:canary", "0")];
    let narrow = tagged(route("rte-new", "/users/{id}", &new.url), &none);
    let wider = route("rte-wide", "/users", &wide.url);
    let plane = Plane::start(vec![default(&old.url), wider.clone(), narrow.clone()]);
    assert_eq!(ask(&plane, "GET", "/api/users/1").await, "wide");
    // The next best one lets it pass too.
    plane.set(vec![default(&old.url), tagged(wider, &none), narrow.clone()]);
    assert_eq!(ask(&plane, "GET", "/api/users/1").await, "old");
    // One for a method stands before one for all.
    let listing = |mut route: Route| {
        let source = route.source.take().unwrap();
        route.source = Some(SourcePath { methods: vec![http::Method::GET], ..source });
        Route { id: "rte-listing".to_owned(), ..route }
    };
    let all = route("rte-all", "/users/{id}", &wide.url);
    plane.set(vec![default(&old.url), all, listing(narrow.clone())]);
    assert_eq!(ask(&plane, "GET", "/api/users/1").await, "wide");
    // Without another side it takes everything.
    plane.set(vec![narrow]);
    assert_eq!(ask(&plane, "GET", "/api/users/1").await, "new");
    plane.set(vec![tagged(default(&old.url), &none)]);
    assert_eq!(ask(&plane, "POST", "/api/users/1").await, "old");
}

#[tokio::test]
async fn a_client_stays_on_its_side_while_the_share_grows() {
    let (old, new) = (Service::saying("old").await, Service::saying("new").await);
    let routes = |share| {
        let tags = [("banyan:canary", share), ("banyan:canary-by", "cookie:sid")];
        vec![default(&old.url), tagged(route("rte-users", "/users", &new.url), &tags)]
    };
    let plane = Plane::start(routes("0"));
    let ask = async |client: u32| {
        let cookie = format!("Cookie: theme=dark; sid={client}\r\n");
        body(&plane.get("/api/users/1", &cookie).await).to_owned()
    };
    let mut before = Vec::new();
    for (share, clients) in [("20", 10..35), ("60", 40..80)] {
        plane.set(routes(share));
        let mut now = Vec::new();
        for client in 0..100 {
            let side = ask(client).await;
            assert_eq!(ask(client).await, side, "{client}");
            now.extend((side == "new").then_some(client));
        }
        assert!(clients.contains(&now.len()), "{share}: {}", now.len());
        assert!(before.iter().all(|client| now.contains(client)));
        before = now;
    }
}

/// The counter of an outcome of a canary's reads.
fn outcome(plane: &Plane, name: &str) -> f64 {
    let metrics = plane.plane.metrics().unwrap();
    let line = metrics.lines().find(|line| {
        line.starts_with("refactor_canary_requests_total{")
            && line.contains(&format!("outcome=\"{name}\""))
    });
    line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn reads_of_a_canary_that_gives_no_answer_fall_back_to_the_other_side() {
    let old = Service::saying("old").await;
    let silent = Service::serving(|mut stream| async move {
        next_request(&mut stream, &mut Vec::new()).await;
        std::future::pending::<()>().await;
    })
    .await;
    let closing = Service::serving(|mut stream| async move {
        next_request(&mut stream, &mut Vec::new()).await;
    })
    .await;
    let garbage = Service::answering(|_| b"SSH-2.0-x\r\n\r\n".to_vec()).await;
    // The other side has the usual time.
    let hasty = ("banyan:first-byte-ms", "300");
    for new in [nobody(), silent.url.clone(), closing.url.clone(), garbage.url.clone()] {
        let canary = tagged(route("rte-users", "/users", &new), &[("banyan:canary", "100"), hasty]);
        let settings = Settings { workers: 1, ..Settings::default() };
        let plane = Plane::with(settings, vec![default(&old.url), canary]);
        // More than it takes until the service counts as down.
        for n in 1..=5 {
            let answer = plane.get("/api/users", "").await;
            assert_eq!((status(&answer), body(&answer)), (200, "old"), "{new}");
            assert_eq!(outcome(&plane, "fell_back"), f64::from(n));
        }
        let sized = "GET /api/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                     Content-Length: 1\r\n\r\nx";
        assert!(status(&plane.send(sized).await) >= 502, "a read with a body is not sent again");
        plane.set(vec![default(&old.url), tagged(route("rte-users", "/users", &new), &[hasty])]);
        let answer = plane.get("/api/users", "").await;
        assert!(status(&answer) >= 502, "{new}: without the tag nothing falls back");
    }
}

#[tokio::test]
async fn an_answer_of_a_canary_counts_whatever_its_status_is_and_two_dead_sides_are_502() {
    let (old, dead) = (Service::saying("old").await, nobody());
    let failing = Service::answering(|_| {
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n".to_vec()
    })
    .await;
    let canary = |url| tagged(route("rte-users", "/users", url), &[("banyan:canary", "100")]);
    let plane = Plane::start(vec![default(&old.url), canary(&failing.url)]);
    assert_eq!(status(&plane.get("/api/users", "").await), 503);
    assert_eq!((old.count(), outcome(&plane, "failed")), (0, 1.0));
    let plane = Plane::start(vec![default(&dead), canary(&dead.replace("127.0.0.1", "127.0.0.2"))]);
    assert_eq!(status(&plane.get("/api/users", "").await), 502);
}
