//! A share of a route's reads goes to its own service, all else where it goes without the route.

use proxy::{Route, SourcePath};

use crate::plane::{Plane, body, default, route};
use crate::service::Service;

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
