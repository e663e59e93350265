//! What goes to a service, and what comes back.

use proxy::{Epoch, Route, Settings};
use tokio::io::AsyncWriteExt;

use crate::canary::tagged;
use crate::plane::{APPLICATION, Plane, body, default, field, read_answer, route, status};
use crate::service::{Service, nobody, ok};

#[tokio::test]
async fn a_service_gets_the_request_and_how_it_came() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&format!("{}/api", service.url))]);
    let fields = "X-Forwarded-For: 10.1.1.1\r\nX-Forwarded-Proto: gopher\r\nVia: 1.0 fred\r\n\
                  Cookie: a=1\r\nX-Twice: 1\r\nX-Twice: 2\r\n";
    let answer = plane.get("/api/users/3?b=%7C&a=1&a=;", fields).await;
    assert_eq!((status(&answer), body(&answer)), (200, "hello"));
    let request = &service.seen()[0];
    assert_eq!(request.line(), "GET /api/users/3?b=%7C&a=1&a=; HTTP/1.1");
    assert_eq!(request.field("host"), service.url.strip_prefix("http://"));
    assert_eq!(request.all("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(request.all("x-forwarded-proto"), ["http"]);
    assert_eq!(request.all("x-forwarded-host"), ["board"]);
    assert_eq!(request.all("x-forwarded-port"), [plane.address.port().to_string()]);
    assert!(request.field("via").unwrap().starts_with("1.0 fred, 1.1 refactor-"));
    assert_eq!(request.field("traceparent").unwrap().len(), 55);
    assert_eq!(request.all("x-twice"), ["1", "2"]);
    assert_eq!(request.all("cookie"), ["a=1"]);
    let id = request.field("x-request-id").unwrap();
    assert_eq!(field(&answer, "x-request-id"), Some(id));
    assert_eq!(request.field("content-length"), None);
}

#[tokio::test]
async fn what_belongs_to_one_connection_stays_there_both_ways() {
    let service = Service::answering(|_| {
        b"HTTP/1.1 200 OK\r\nConnection: X-Inner\r\nKeep-Alive: timeout=9\r\nX-Inner: 1\r\n\
          Proxy-Authenticate: x\r\nTrailer: x\r\nX-Outer: 1\r\nX-Request-Id: theirs\r\n\
          Content-Length: 0\r\n\r\n"
            .to_vec()
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let head = "GET /api HTTP/1.1\r\nHost: x\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\n\
                Keep-Alive: 3\r\nProxy-Authorization: x\r\nProxy-Connection: x\r\nTrailer: x\r\n\
                Authorization: mine\r\nX-HTTP-Method-Override: DELETE\r\nX-Request-Id: mine\r\n\r\n";
    let answer = plane.send(head).await;
    let request = &service.seen()[0];
    for name in [
        "connection",
        "x-mine",
        "te",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "trailer",
    ] {
        assert_eq!(request.field(name), None, "{name}");
    }
    assert_eq!(request.field("authorization"), Some("mine"));
    assert_eq!(request.field("x-http-method-override"), Some("DELETE"));
    assert_eq!(request.all("x-request-id"), ["mine"]);
    for name in ["keep-alive", "x-inner", "proxy-authenticate", "trailer"] {
        assert_eq!(field(&answer, name), None, "{name}");
    }
    assert_eq!(field(&answer, "x-outer"), Some("1"));
    assert_eq!(field(&answer, "x-request-id"), Some("mine"));
    assert_eq!(answer.matches("x-request-id").count(), 1);
}

#[tokio::test]
async fn a_client_cannot_take_fields_from_a_request_or_an_answer_by_naming_them() {
    let service = Service::answering(|_| {
        b"HTTP/1.1 200 OK\r\nConnection: Set-Cookie, ETag\r\nSet-Cookie: a=1\r\nETag: \"1\"\r\n\
          Content-Length: 0\r\n\r\n"
            .to_vec()
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let names = "Authorization, Cookie, Host, Content-Length, X-Forwarded-For, X-Forwarded-Proto, If-Match, X-Request-Id, Via";
    let head = format!(
        "POST /api HTTP/1.1\r\nHost: x\r\nConnection: close, {names}\r\nAuthorization: mine\r\n\
         Cookie: a=1\r\nContent-Length: 2\r\nIf-Match: \"1\"\r\n\r\n{{}}"
    );
    let answer = plane.send(head).await;
    let request = &service.seen()[0];
    for name in names.split(", ") {
        assert!(request.field(name).is_some(), "{name}");
    }
    assert_eq!(request.body, b"{}");
    assert_eq!(
        (field(&answer, "set-cookie"), field(&answer, "etag")),
        (Some("a=1"), Some("\"1\""))
    );
}

#[tokio::test]
async fn the_proxy_answers_its_root_and_nothing_else_outside_the_stage() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let answer = plane.get("/", "").await;
    assert_eq!((status(&answer), body(&answer)), (200, "Ready to receive requests"));
    assert_eq!(field(&answer, "content-type"), Some("text/plain; charset=utf-8"));
    for (path, expected) in [("/users", 404), ("/apix", 404), ("/api/../x", 400)] {
        let answer = plane.get(path, "").await;
        assert_eq!(status(&answer), expected, "{path}");
        assert_eq!(field(&answer, "content-type"), Some("application/problem+json"), "{path}");
        let problem: serde_json::Value = serde_json::from_str(body(&answer)).unwrap();
        assert_eq!(problem["status"], expected, "{path}");
        assert!(field(&answer, "date").unwrap().ends_with(" GMT"));
        assert!(field(&answer, "x-request-id").is_some());
    }
    assert_eq!(service.count(), 0);
}

#[tokio::test]
async fn the_paths_of_operators_are_those_behind_a_collection_that_moves() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&format!("{}/api", service.url))]);
    let paths = [
        "/api/users/-/changes",
        "/api/users/%2d/changes",
        "/api/users%2F-%2Fchanges",
        "/api/%75sers//-",
        "/api/v1/users/-/changes?x",
    ];
    for path in paths {
        assert_eq!(body(&plane.get(path, "").await), "hello", "nothing moves: {path}");
    }
    plane.plane.set_epoch(APPLICATION, "users", Some(Epoch::default()));
    let before = service.count();
    for path in paths {
        let answer = plane.get(path, "").await;
        assert_eq!(status(&answer), 404, "{path}");
        assert!(body(&answer).contains("operators"), "{answer}");
    }
    assert_eq!(service.count(), before);
    for path in ["/api/-/users", "/api/threads/-/x", "/api/users/3/-/x", "/api/users/-x"] {
        assert_eq!(body(&plane.get(path, "").await), "hello", "{path}");
    }
    plane.plane.set_epoch(APPLICATION, "users", None);
    assert_eq!(body(&plane.get("/api/users/-/changes", "").await), "hello");
}

#[tokio::test]
async fn a_421_of_another_program_is_the_clients_business() {
    let service = Service::answering(|_| {
        b"HTTP/1.1 421 Misdirected Request\r\nX-Why: me\r\nContent-Length: 4\r\n\r\nmine".to_vec()
    })
    .await;
    let plane =
        Plane::start(vec![default(&service.url), route("rte-users", "/users", &service.url)]);
    for head in [
        "GET /api/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "POST /api/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        let answer = plane.send(head).await;
        assert_eq!((status(&answer), body(&answer)), (421, "mine"), "{head}");
        assert_eq!(field(&answer, "x-why"), Some("me"));
    }
    assert_eq!(service.count(), 2, "asked once each");
}

#[tokio::test]
async fn an_application_at_the_root_has_every_path() {
    let service = Service::answering(|request| ok(request.line())).await;
    let posts = Service::saying("posts").await;
    let settings = Settings { workers: 1, ..Settings::default() };
    let plane = Plane::at(
        settings,
        "",
        vec![default(&service.url), route("rte-posts", "/posts", &posts.url)],
    );
    for target in ["/", "/?x", "/api/users", "//static/a.css", "/a%2Fb/-/c"] {
        assert_eq!(body(&plane.get(target, "").await), format!("GET {target} HTTP/1.1"));
    }
    assert_eq!(body(&plane.get("/posts/3", "").await), "posts");
    assert_eq!(posts.seen()[0].line(), "GET /posts/3 HTTP/1.1");
    assert_eq!(status(&plane.get("/a/..", "").await), 400);
    let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(
        body(&plane.send(head).await),
        "POST / HTTP/1.1",
        "the proxy answers nothing itself"
    );
}

#[tokio::test]
async fn methods_that_cannot_be_forwarded_are_refused() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&service.url)]);
    for head in [
        "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nConnection: close\r\n\r\n",
        "TRACE /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ] {
        let answer = plane.send(head).await;
        assert_eq!(status(&answer), 405, "{head}");
        assert!(field(&answer, "allow").is_some());
    }
    assert_eq!(service.count(), 0);
}

#[tokio::test]
async fn an_upgrade_to_tls_or_another_http_is_ignored() {
    let service = Service::answering(|request| ok(&request.body.len().to_string())).await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    let mut asked = 0;
    for (protocol, options) in [
        ("TLS/1.2", "Upgrade"),
        ("TLS/1.2", "keep-alive, upgrade"),
        ("h2c, TLS/1.2", "Upgrade, HTTP2-Settings"),
        ("h2c", "Upgrade, HTTP2-Settings"),
        ("TLS/1.2, HTTP/1.1", "Upgrade"),
        ("HTTP/2.0", "Upgrade"),
        ("websocket", "keep-alive"),
        ("", "Upgrade"),
    ] {
        for (method, body_sent) in [("GET", ""), ("POST", "hello")] {
            let length = body_sent.len();
            let request = format!(
                "{method} /api/x HTTP/1.1\r\nHost: x\r\nConnection: {options}\r\n\
                 Upgrade: {protocol}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\
                 Content-Length: {length}\r\n\r\n{body_sent}"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = read_answer(&mut stream).await;
            assert_eq!(
                (status(&answer), body(&answer)),
                (200, &*length.to_string()),
                "{protocol}: the same connection goes on"
            );
            assert_eq!(field(&answer, "connection"), None, "{protocol}");
            asked += 1;
        }
    }
    let seen = service.seen();
    assert_eq!(seen.len(), asked);
    for hop_by_hop in ["upgrade", "connection", "http2-settings"] {
        assert!(seen.iter().all(|request| request.field(hop_by_hop).is_none()), "{hop_by_hop}");
    }
}

#[tokio::test]
async fn a_path_takes_one_route_however_many_slashes_it_has() {
    let (monolith, users) = (Service::saying("monolith").await, Service::saying("users").await);
    let plane =
        Plane::start(vec![default(&monolith.url), route("rte-users", "/users", &users.url)]);
    for path in
        ["/users", "//users", "///users//3", "/users//3", "//users/", "/users/3//", "/%75sers/3"]
    {
        let before = users.count();
        assert_eq!(body(&plane.get(&format!("/api{path}"), "").await), "users", "{path}");
        let line = format!("GET {path} HTTP/1.1");
        assert_eq!(users.seen()[before].line(), line, "it goes on as it came");
    }
    assert_eq!(status(&plane.get("//api/users", "").await), 404, "outside the stage");
    assert_eq!(monolith.count(), 0);
}

#[tokio::test]
async fn routes_lead_to_their_services_and_without_one_there_is_a_problem() {
    let (monolith, posts) = (Service::saying("monolith").await, Service::saying("posts").await);
    let plane =
        Plane::start(vec![default(&monolith.url), route("rte-posts", "/posts", &posts.url)]);
    assert_eq!(body(&plane.get("/api/posts/1", "").await), "posts");
    assert_eq!(posts.seen()[0].line(), "GET /posts/1 HTTP/1.1");
    assert_eq!(body(&plane.get("/api/users", "").await), "monolith");
    plane.set(vec![route("rte-posts", "/posts", &posts.url)]);
    let answer = plane.get("/api/users", "").await;
    assert_eq!(status(&answer), 404);
    assert!(body(&answer).contains("default route"), "{answer}");
    let counted = r#"refactor_requests_total{application="app-0123456789",route="rte-posts",service="rte-posts",class="2xx"}"#;
    assert_eq!(plane.metric(counted), 1.0);
}

#[tokio::test]
async fn a_connection_carries_many_requests_also_when_they_come_at_once() {
    let service = Service::answering(|request| ok(request.line())).await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    for path in ["/one", "/two"] {
        stream
            .write_all(format!("GET /api{path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let answer = read_answer(&mut stream).await;
        assert_eq!(body(&answer), format!("GET {path} HTTP/1.1"));
    }
    let pipelined = "POST /api/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\
                     \r\nPOST /api/b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
                     GET /api/c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answers = plane.send(pipelined).await;
    let at = |path: &str| answers.find(path).unwrap_or_else(|| panic!("{path}: {answers}"));
    assert!(at("POST /a") < at("POST /b") && at("POST /b") < at("GET /c"));
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 3);
    assert_eq!(plane.metric(r#"refactor_upstream_connects_total{application="app-0123456789",route="rte-default000",service="monolith"}"#), 2.0);
}

#[tokio::test]
async fn a_request_that_comes_back_is_a_loop() {
    let plane = Plane::start(vec![]);
    plane.set(vec![default(&plane.url("/api"))]);
    let answer = plane.get("/api/x", "").await;
    assert_eq!(status(&answer), 508, "{answer}");
}

#[tokio::test]
async fn interim_answers_are_left_out_and_errors_of_services_pass() {
    let service = Service::answering(|_| {
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 503 Later\r\nRetry-After: 9\r\n\
          Content-Length: 4\r\n\r\nwait"
            .to_vec()
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let answer = plane.get("/api", "").await;
    assert_eq!((status(&answer), body(&answer)), (503, "wait"));
    assert_eq!(field(&answer, "retry-after"), Some("9"));
}

#[tokio::test]
async fn a_head_request_gets_the_length_and_no_body() {
    let service =
        Service::answering(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_vec()).await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    for _ in 0..2 {
        stream.write_all(b"HEAD /api HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") {
            let mut part = [0; 1000];
            let read = tokio::io::AsyncReadExt::read(&mut stream, &mut part).await.unwrap();
            answer.push_str(std::str::from_utf8(&part[..read]).unwrap());
        }
        assert_eq!(field(&answer, "content-length"), Some("5"));
    }
    assert_eq!(service.count(), 2);
}

/// The path `/x` leads to `/new` of one service, and all other paths of one segment to `/users` of another one, without
/// that segment.
fn new_and_users(new: &str, users: &str, tags: &[(&str, &str)], active: bool) -> Vec<Route> {
    let without = |mut route: Route| {
        route.source.as_mut().unwrap().append = false;
        route
    };
    let new = tagged(without(route("rte-new", "/x", &format!("{new}/new"))), tags);
    let users = without(route("rte-users", "/{any}", &format!("{users}/users")));
    vec![new, Route { active, ..users }]
}

#[tokio::test]
async fn no_side_of_a_split_is_asked_for_a_path_of_operators() {
    let (new, users) = (Service::saying("new").await, Service::saying("users").await);
    let nobody = nobody();
    for (new, tags) in [
        (&new.url, &[("banyan:canary", "0")][..]),
        (&new.url, &[("banyan:canary", "100"), ("banyan:shadow", "100")]),
        (&nobody, &[("banyan:canary", "100")]),
    ] {
        let plane = Plane::start(new_and_users(new, &users.url, tags, true));
        plane.plane.set_epoch(APPLICATION, "users", Some(Epoch::default()));
        for method in ["GET", "POST"] {
            let head = format!(
                "{method} /api/x/%2d/changes HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            );
            let answer = plane.send(head).await;
            assert_eq!(status(&answer), 404, "{method} {tags:?}: {answer}");
        }
        assert_eq!(status(&plane.get("/api/x/changes", "").await), 200);
    }
    let asked = users.seen();
    assert!(asked.iter().all(|request| !request.line().contains("%2d")), "{asked:?}");
}

#[tokio::test]
async fn a_service_cannot_send_a_request_to_a_path_of_operators() {
    let users = Service::saying("users").await;
    let primary = format!("{}/users", users.url);
    // It says that it is a copy that lags, and where the primary is.
    let new = Service::answering(move |_| {
        format!("HTTP/1.1 404 Not Found\r\nBanyan-Primary: {primary}\r\nContent-Length: 0\r\n\r\n")
            .into()
    })
    .await;
    for active in [true, false] {
        let plane = Plane::start(new_and_users(&new.url, &users.url, &[], active));
        plane.plane.set_epoch(APPLICATION, "users", Some(Epoch::default()));
        assert_eq!(body(&plane.get("/api/x/1", "").await), "users", "it is a candidate");
        assert_eq!(status(&plane.get("/api/x/-/changes", "").await), 404);
    }
    let asked: Vec<_> = users.seen().iter().map(|request| request.line().to_owned()).collect();
    assert_eq!(asked, ["GET /users/1 HTTP/1.1"; 2]);
}
