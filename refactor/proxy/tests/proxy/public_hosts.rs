//! The names that are answered on a loopback address.

use proxy::{PublicHosts, Settings};

use crate::plane::{Plane, body, default, status};
use crate::service::Service;

async fn plane(hosts: &str) -> (Service, Plane) {
    let service = Service::saying("hello").await;
    let settings = Settings {
        workers: 1,
        public_hosts: Some(hosts.parse::<PublicHosts>().unwrap_or_default()),
        trusted_proxies: "127.0.0.1".parse().unwrap(),
        ..Settings::default()
    };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    (service, plane)
}

/// A request for a host, with these fields.
async fn ask(plane: &Plane, target: &str, host: &str, fields: &str) -> String {
    plane
        .send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n"))
        .await
}

#[tokio::test]
async fn a_page_of_another_site_reaches_nothing_on_loopback() {
    let (service, plane) = plane("www.example.com").await;
    for (target, host, fields) in [
        ("/api", "evil.example", ""),
        ("/", "evil.example:8080", ""),
        ("/api", "localhost.evil.example", ""),
        ("http://evil.example/api", "localhost", ""),
        ("/api", "evil.example", "X-Forwarded-Host: www.example.com\r\n"),
        ("/api", "localhost", "X-Forwarded-Host: evil.example\r\n"),
        ("/api", "localhost", "Forwarded: for=1.1.1.1;host=evil.example\r\n"),
    ] {
        let answer = ask(&plane, target, host, fields).await;
        assert_eq!(status(&answer), 403, "{target} {host} {fields}");
        assert!(body(&answer).contains("PUBLIC_HOSTS"), "{answer}");
    }
    assert_eq!(service.count(), 0);
    for (host, fields) in [
        ("localhost:8080", ""),
        ("app.localhost", ""),
        ("127.0.0.1", ""),
        ("[::1]:8080", ""),
        ("www.example.com", ""),
        ("localhost", "X-Forwarded-Host: WWW.example.com:443\r\n"),
    ] {
        assert_eq!(status(&ask(&plane, "/api", host, fields).await), 200, "{host} {fields}");
    }
    let old = plane.send("GET /api HTTP/1.0\r\n\r\n").await;
    assert_eq!(status(&old), 200, "a client without a host is no browser");
}

#[tokio::test]
async fn without_names_loopback_answers_its_own_alone() {
    let (_service, plane) = plane("").await;
    assert_eq!(status(&ask(&plane, "/api", "www.example.com", "").await), 403);
    assert_eq!(status(&ask(&plane, "/api", "localhost", "").await), 200);
}
