//! What services are told of the client, and of how it asked.

use proxy::Settings;

use crate::plane::{Plane, body, default, status};
use crate::service::{Request, Service};

const SAID: &str = "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\
                    X-Forwarded-Host: www.example.com\r\nX-Forwarded-Port: 443\r\n";
const STANDARD: &str = "Forwarded: for=192.0.2.1;host=www.example.com;proto=https\r\n";

/// What a service gets if the proxy trusts these networks and the client sends these fields.
async fn told(trusted: &str, fields: &str) -> Request {
    let service = Service::saying("hello").await;
    let trusted_proxies = trusted.parse().unwrap_or_default();
    let settings = Settings { workers: 1, trusted_proxies, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let answer = plane.get("/api/x", fields).await;
    assert_eq!((status(&answer), body(&answer)), (200, "hello"));
    let mut request = service.seen().remove(0);
    request.head = request.head.replace(&format!(": {}\r\n", plane.address.port()), ": PORT\r\n");
    request
}

fn said(request: &Request) -> [Vec<&str>; 5] {
    ["for", "proto", "host", "port"]
        .map(|name| request.all(&format!("x-forwarded-{name}")))
        .into_iter()
        .chain([request.all("forwarded")])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

#[tokio::test]
async fn what_an_unknown_client_says_of_itself_is_replaced() {
    for trusted in ["", "10.0.0.0/8"] {
        let request = told(trusted, SAID).await;
        let own = [vec!["127.0.0.1"], vec!["http"], vec!["board"], vec!["PORT"], vec![]];
        assert_eq!(said(&request), own, "{trusted}");
        let request = told(trusted, STANDARD).await;
        assert_eq!(request.all("forwarded"), ["for=127.0.0.1;host=\"board\";proto=http"]);
        assert_eq!(request.all("x-forwarded-for"), ["127.0.0.1"]);
    }
}

#[tokio::test]
async fn what_a_trusted_proxy_says_is_kept_and_extended() {
    let request = told("127.0.0.0/8", SAID).await;
    let kept = [
        vec!["6.6.6.6, 192.0.2.1, 127.0.0.1"],
        vec!["https"],
        vec!["www.example.com"],
        vec!["443"],
        vec![],
    ];
    assert_eq!(said(&request), kept);
    let request = told("127.0.0.0/8", STANDARD).await;
    let kept = [
        vec!["192.0.2.1, 127.0.0.1"],
        vec!["https"],
        vec!["www.example.com"],
        vec!["443"],
        vec!["for=192.0.2.1;host=www.example.com;proto=https, for=127.0.0.1"],
    ];
    assert_eq!(said(&request), kept);
    let both = format!("{SAID}Forwarded: for=6.6.6.6;proto=gopher\r\n");
    let request = told("127.0.0.0/8", &both).await;
    let own = ["for=192.0.2.1;host=\"www.example.com\";proto=https"];
    assert_eq!(request.all("forwarded"), own, "the load balancer passed on what the client wrote");
    let request = told("127.0.0.0/8", "").await;
    assert_eq!(said(&request)[..2], [vec!["127.0.0.1"], vec!["http"]], "a health check");
}
