use std::net::IpAddr;

use http1::RequestHead;

use super::PublicUrls;
use crate::downstream::Downstream;
use crate::origin::Origin;

/// A request through a load balancer that ends TLS: below a stage, for this target, of which so many bytes are taken away;
/// its service; and a field of the answer as the client gets it.
#[track_caller]
fn check(stage: &str, target: &str, matched: usize, service: &str, field: &str, public: &str) {
    let head = "GET / HTTP/1.1\r\nHost: www.example.com\r\nX-Forwarded-Proto: https\r\n\r\n";
    check_of(head, stage, target, matched, service, field, public);
}

/// The same for a request with this head.
#[track_caller]
fn check_of(
    head: &str,
    stage: &str,
    target: &str,
    matched: usize,
    service: &str,
    field: &str,
    public: &str,
) {
    let service: url::Url = service.parse().unwrap();
    let (origin, base) = (Origin::of(&service).unwrap(), service.path().trim_end_matches('/'));
    let head = RequestHead::parse(head.as_bytes()).unwrap();
    let peer: IpAddr = "10.0.0.1".parse().unwrap();
    let downstream = Downstream::of(&"10.0.0.1".parse().unwrap(), peer, (false, 8080), &head);
    let path = target.strip_prefix(&format!("/{stage}")).filter(|_| !stage.is_empty());
    let path = path.unwrap_or(target);
    let urls = PublicUrls::new(stage, path, matched, (&origin, base), &downstream);
    let (name, value) = field.split_once(": ").unwrap();
    let got = urls.field(name, value);
    let expected = (public != value).then(|| public.to_owned());
    assert_eq!(got.filter(|got| got != value), expected, "{field} of {base}");
}

#[test]
fn a_redirect_leads_the_client_through_the_proxy() {
    for (stage, service, location, public) in [
        // At the root, absolute URLs alone change.
        ("", "http://10.1.1.1:3000", "/login?a#b", "/login?a#b"),
        (
            "",
            "http://10.1.1.1:3000",
            "http://10.1.1.1:3000/login?a#b",
            "https://www.example.com/login?a#b",
        ),
        ("", "http://10.1.1.1:3000", "http://10.1.1.1:3000", "https://www.example.com/"),
        ("", "http://10.1.1.1:3000", "http://10.1.1.1:3000?a", "https://www.example.com/?a"),
        ("", "http://10.1.1.1:3000", "//10.1.1.1:3000/x", "//www.example.com/x"),
        ("", "http://10.1.1.1:3000", "https://10.1.1.1:3000/x", "https://www.example.com/x"),
        ("", "http://inner", "HTTP://Inner/x", "https://www.example.com/x"),
        ("", "http://inner", "http://inner:80/x", "https://www.example.com/x"),
        ("", "http://inner", "https://inner/x", "https://www.example.com/x"),
        ("", "https://inner", "http://inner/x", "http://www.example.com/x"),
        ("", "http://[::1]:3000", "http://[::1]:3000/x", "https://www.example.com/x"),
        // Below a stage, paths change too.
        ("prod", "http://inner", "/login", "/prod/login"),
        ("prod", "http://inner", "/", "/prod/"),
        ("prod", "http://inner", "/?a", "/prod/?a"),
        ("prod", "http://inner", "http://inner/login", "https://www.example.com/prod/login"),
        ("prod", "http://inner", "http://inner", "https://www.example.com/prod/"),
        (
            "prod",
            "http://inner",
            "https://www.example.com/login",
            "https://www.example.com/prod/login",
        ),
        (
            "prod",
            "http://inner",
            "http://www.example.com/login",
            "http://www.example.com/prod/login",
        ),
        ("prod", "http://inner", "/prod/login", "/prod/login"),
        ("prod", "http://inner", "/product", "/prod/product"),
        (
            "prod",
            "http://inner",
            "https://www.example.com/prod?a",
            "https://www.example.com/prod?a",
        ),
        // The service's own path is mapped back.
        ("api", "http://inner/api", "/api/users/7", "/api/users/7"),
        (
            "api",
            "http://inner/api",
            "http://inner/api/users/7",
            "https://www.example.com/api/users/7",
        ),
        ("prod", "http://inner/api/", "/api/users/7", "/prod/users/7"),
        ("prod", "http://inner/api", "/api", "/prod"),
        ("", "http://inner/api", "/api/users/7", "/users/7"),
        ("", "http://inner/api", "/api", "/"),
        ("", "http://inner/api", "/api?a", "/?a"),
        ("prod", "http://inner/api", "/apis", "/apis"),
        ("prod", "http://inner/api", "/login", "/login"),
        ("prod", "http://inner/api", "http://inner/login", "https://www.example.com/login"),
        // The rest names something else.
        ("prod", "http://inner", "http://elsewhere/login", "http://elsewhere/login"),
        ("prod", "http://inner", "http://inner:81/login", "http://inner:81/login"),
        ("prod", "http://inner", "http://inner@elsewhere/login", "http://inner@elsewhere/login"),
        ("prod", "http://inner", "//elsewhere/login", "//elsewhere/login"),
        ("prod", "http://inner", "mailto:a@inner", "mailto:a@inner"),
        ("prod", "http://inner", "myapp://inner/x", "myapp://inner/x"),
        ("prod", "http://inner", "login", "login"),
        ("prod", "http://inner", "../login", "../login"),
        ("prod", "http://inner", "?a", "?a"),
        ("prod", "http://inner", "#a", "#a"),
        ("prod", "http://inner", "", ""),
    ] {
        let target = if stage.is_empty() { "/a/b".to_owned() } else { format!("/{stage}/a/b") };
        check(stage, &target, 0, service, &format!("Location: {location}"), public);
        check(stage, &target, 0, service, &format!("content-location: {location}"), public);
    }
}

#[test]
fn what_a_route_takes_away_comes_back() {
    check("prod", "/prod/a%20b/c", 6, "http://inner", "Location: /login", "/prod/a%20b/login");
    check("", "/a/c", 2, "http://inner/v1", "Location: /v1/login", "/a/login");
    check("prod", "/prod", 0, "http://inner", "Location: login", "/prod/login");
    check("prod", "/prod/", 0, "http://inner", "Location: login", "login");
    check("", "/a", 2, "http://inner", "Location: login?x", "/a/login?x");
}

#[test]
fn links_refreshes_and_cookies_are_turned_too() {
    let inner =
        |field: &str, public: &str| check("prod", "/prod/x", 0, "http://inner", field, public);
    inner(
        "Link: </a>; rel=\"next\", <http://inner/b>; title=\"</c>, \\\"\", <http://other/>; rel=x",
        "</prod/a>; rel=\"next\", <https://www.example.com/prod/b>; title=\"</c>, \\\"\", <http://other/>; rel=x",
    );
    inner("Link: <", "<");
    inner("Link: </a", "</prod/a");
    inner("Refresh: 5", "5");
    inner("Refresh: 5; url=/a", "5;url=/prod/a");
    inner("Refresh: 0;URL='http://inner/a'", "0;url='https://www.example.com/prod/a'");
    inner("Refresh: 0; http://elsewhere/", "0; http://elsewhere/");
    inner("Set-Cookie: a=1; Path=/; Secure", "a=1; Path=/prod; Secure");
    inner("Set-Cookie: a=/; HttpOnly;path=/admin", "a=/; HttpOnly; path=/prod/admin");
    inner("Set-Cookie: Path=/", "Path=/");
    inner("Set-Cookie: a=1; Path=/prod/x", "a=1; Path=/prod/x");
    inner("Set-Cookie: a=1; Path=x", "a=1; Path=x");
    inner("Set-Cookie: a=1; Domain=.Inner; Path=/prod", "a=1; Domain=www.example.com; Path=/prod");
    inner("Set-Cookie: a=1; Domain=example.com", "a=1; Domain=example.com");
    inner("Set-Cookie: __Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/");
    let based =
        |field: &str, public: &str| check("prod", "/prod/x", 0, "http://inner/v1", field, public);
    based("Set-Cookie: a=1; Path=/v1", "a=1; Path=/prod");
    based("Set-Cookie: a=1; Path=/", "a=1; Path=/");
    based("Set-Cookie: a=1; Path=/v2", "a=1; Path=/v2");
    check("", "/x", 0, "http://inner", "Set-Cookie: a=1; Path=/", "a=1; Path=/");
    check("", "/x", 0, "http://inner/v1", "Set-Cookie: a=1; Path=/v1", "a=1; Path=/");
}

#[test]
fn no_answer_leads_to_another_host_by_two_slashes() {
    let at_root = |field: &str, public: &str| check("", "/a", 0, "http://inner/api", field, public);
    at_root("Location: /api//elsewhere/x", "/elsewhere/x");
    at_root("Location: http://inner/api//elsewhere", "https://www.example.com/elsewhere");
    at_root("Content-Location: /api////elsewhere", "/elsewhere");
    at_root("Link: </api//elsewhere>; rel=next", "</elsewhere>; rel=next");
    at_root("Refresh: 0; url=/api//elsewhere", "0;url=/elsewhere");
    // Behind a stage they are no host.
    check("prod", "/prod/a", 0, "http://inner/api", "Location: /api//x", "/prod//x");
    // What the client asked for comes back, but not as a host.
    check("", "//elsewhere/a", 11, "http://inner", "Location: /login", "/elsewhere/login");
    // Without a host there is nothing before the path.
    let hostless = "GET / HTTP/1.0\r\n\r\n";
    for (base, location) in
        [("", "http://inner//elsewhere"), ("/api", "http://inner/api//elsewhere")]
    {
        let (service, field) = (format!("http://inner{base}"), format!("Location: {location}"));
        check_of(hostless, "", "/a", 0, &service, &field, "/elsewhere");
    }
}
