//! The public answers of the control port: health, readiness, metrics.

use std::io::{Read, Write};
use std::net::TcpStream;

use harness::client;

use crate::client::setup;

#[tokio::test]
async fn health_readiness_and_metrics_take_head_and_get_without_a_key() {
    let program = setup().start().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        let get = program.get(path).await;
        let head = program.send("HEAD", path, &[], "").await;
        assert_eq!((get.status, head.status, head.body.as_str()), (200, 200, ""), "{path}");
        for header in ["content-type", "content-length"] {
            assert_eq!(head.header(header), get.header(header), "{header} of {path}");
        }
        assert_eq!(get.header("x-content-type-options"), "nosniff");
        let refused = program.send("DELETE", path, &[], "").await;
        assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"), "{path}");
    }
    assert_eq!(program.send("HEAD", "/environments", &[], "").await.status, 403);
}

#[tokio::test]
async fn a_scraper_gets_the_format_that_it_asks_for() {
    let program = setup().start().await;
    let text = program.get("/metrics").await;
    assert_eq!(text.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert!(!text.body.contains("# EOF"), "{}", text.body);
    let open = [("accept", "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1")];
    let open = program.send("GET", "/metrics", &open, "").await;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(open.header("content-type"), media_type);
    assert!(open.body.ends_with("# EOF\n"), "{}", open.body);
}

#[tokio::test]
async fn metrics_can_have_a_port_of_their_own() {
    let mut program =
        setup().env("METRICS_HOST", "127.0.0.1").env("METRICS_PORT", "0").start().await;
    let said = program.logged("metrics are on ").await;
    let (_, url) = said.split_once("metrics are on ").unwrap();
    assert_eq!(client().get(url).send().await.unwrap().status(), 200);
    let other = url.replace("/metrics", "/environments");
    assert_eq!(client().get(other).send().await.unwrap().status(), 404);
    let moved = program.get("/metrics").await;
    assert_eq!((moved.status, moved.body), (404, format!("the metrics are on {url}")));
    assert_eq!(program.get("/readyz").await.status, 200);
    program.terminate();
    assert!(program.ended().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_ignored_and_an_authority_looked_at() {
    let program = setup().start().await;
    let address = program.address().to_owned();
    let exchange = |request: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    for (request, status) in [
        (
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2\r\n\r\n",
            200,
        ),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Content-Length: 5\r\n\r\nhello",
            403,
        ),
        ("GET http://m:s@a/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: a:x\r\nConnection: close\r\n\r\n", 400),
    ] {
        let answer = exchange(request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {answer}");
        assert!(!answer.to_lowercase().contains("upgrade"), "{answer}");
    }
}
