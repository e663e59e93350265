//! The control port answers only the hosts that it knows.

use crate::client::{Request, setup};

#[tokio::test]
async fn a_page_of_another_site_does_not_reach_the_control_port() {
    let program = setup().env("PUBLIC_HOSTS", "control.example").start().await;
    for path in ["/healthz", "/readyz", "/metrics", "/environments", "/"] {
        for host in ["evil.example", "localhost.evil.example:9080"] {
            let answer = program.send("GET", path, &[("host", host)], "").await;
            assert_eq!(answer.status, 403, "{path} of {host}: {}", answer.body);
            assert!(answer.body.contains("PUBLIC_HOSTS"), "{}", answer.body);
        }
        for host in ["control.example", "localhost:1", "[::1]"] {
            let answer = program.send("GET", path, &[("host", host)], "").await;
            assert!(!answer.body.contains("PUBLIC_HOSTS"), "{path} of {host}: {}", answer.body);
        }
    }
    let signed = Request::new(&program, "GET", "/environments", String::new()).send(&program).await;
    assert_eq!(signed.status, 200);
}
