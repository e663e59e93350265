//! What a scraper gets.

use harness::{Setup, client};

use crate::BINARY;

#[tokio::test]
async fn a_scraper_gets_the_format_that_it_asks_for() {
    let users = Setup::new(BINARY).demo().start().await;
    let text = "text/plain; version=0.0.4; charset=utf-8";
    let open_metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,\
                      application/openmetrics-text;version=0.0.1;q=0.4,\
                      text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
    for (accept, expected) in [
        ("*/*", text),
        ("", text),
        ("text/plain", text),
        ("text/plain;version=0.0.4", text),
        ("text/html, */*;q=0.1", text),
        ("application/openmetrics-text;q=0", text),
        ("application/openmetrics-text; version=1.0.0; q=0.0, text/plain", text),
        ("text/plain, application/openmetrics-text;q=0.5", text),
        ("application/openmetrics-text; version=9.0.0", text),
        ("application/openmetrics-text", open_metrics),
        ("Application/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8", open_metrics),
        ("application/openmetrics-text, text/plain", open_metrics),
        (prometheus, open_metrics),
    ] {
        let answer = users.send("GET", "/metrics", &[("accept", accept)], "").await;
        assert_eq!(answer.header("content-type"), expected, "{accept}");
        assert_eq!(answer.header("vary"), "Accept");
        assert_eq!(answer.body.ends_with("# EOF\n"), expected == open_metrics, "{accept}");
    }
}

#[tokio::test]
async fn the_older_format_has_nothing_of_the_newer_one() {
    let users = Setup::new(BINARY).demo().start().await;
    users.get("/api/users/1").await;
    let open = [("accept", "application/openmetrics-text")];
    let open = users.send("GET", "/metrics", &open, "").await.body;
    let text = users.get("/metrics").await.body;
    assert!(open.contains("# TYPE http_requests counter\n"), "{open}");
    for line in [
        "# HELP http_requests_total Requests answered.",
        "# TYPE http_requests_total counter",
        r#"http_requests_total{method="GET",route="/api/users/{id}",status="200"} 1"#,
        "# TYPE banyan_build_info gauge",
        "# TYPE http_request_duration_seconds histogram",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
    for newer in ["# EOF", "# UNIT", " info\n", "# TYPE http_requests counter"] {
        assert!(!text.contains(newer), "{newer} is in {text}");
    }
}

#[tokio::test]
async fn metrics_can_have_a_port_of_their_own() {
    let users = Setup::new(BINARY).demo().env("METRICS_PORT", "0").start().await;
    users.get("/metrics").await.problem(404);
    let said = users.logged("metrics are on ").await;
    let metrics =
        said.split_whitespace().find(|word| word.ends_with("/metrics")).unwrap().to_owned();
    assert_ne!(metrics, format!("{}/metrics", users.url()));
    let answer = client().get(&metrics).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("http_requests_in_flight"));
    for elsewhere in ["/", "/api/users", "/healthz"] {
        let url = metrics.replace("/metrics", elsewhere);
        assert_eq!(client().get(url).send().await.unwrap().status(), 404, "{elsewhere}");
    }
}
