//! Answers that have no body by their kind, and services that send one all the same.

use tokio::io::AsyncWriteExt;

use crate::plane::{Plane, body, default, read_answer, status};
use crate::service::{Service, next_request, ok};

const STRAY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray";

/// A service whose answer to `/case` is `head`, and which sends what the head announces only once
/// its connection carries another request.
async fn late(head: &'static str) -> Service {
    Service::serving(move |mut stream| async move {
        let (mut read, mut owed) = (Vec::new(), Vec::new());
        while let Some(request) = next_request(&mut stream, &mut read).await {
            stream.write_all(&owed).await.unwrap();
            owed.clear();
            if request.line().contains("/case") {
                owed = match head.contains("chunked") {
                    true => format!("{:x}\r\n{STRAY}\r\n0\r\n\r\n", STRAY.len()).into_bytes(),
                    false => STRAY.into(),
                };
                stream.write_all(head.as_bytes()).await.unwrap();
            } else if stream.write_all(&ok("ok")).await.is_err() {
                return;
            }
        }
    })
    .await
}

fn one_worker() -> proxy::Settings {
    proxy::Settings { workers: 1, ..Default::default() }
}

#[tokio::test]
async fn a_connection_is_not_used_again_after_an_answer_that_contradicts_itself() {
    for head in [
        "HTTP/1.1 204 No Content\r\nContent-Length: 43\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 205 Reset Content\r\nContent-Length: 43\r\n\r\n",
        "HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        let service = late(head).await;
        let plane = Plane::with(one_worker(), vec![default(&service.url)]);
        let mut stream = plane.connect().await;
        for (path, expected, text) in
            [("case", &head[9..12], ""), ("x", "200", "ok"), ("y", "200", "ok")]
        {
            let request = format!("GET /api/{path} HTTP/1.1\r\nHost: x\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = read_answer(&mut stream).await;
            assert_eq!((status(&answer).to_string().as_str(), body(&answer)), (expected, text));
        }
    }
}

#[tokio::test]
async fn an_interim_answer_with_a_body_is_no_answer() {
    for field in ["Content-Length: 43", "Transfer-Encoding: chunked"] {
        let service = Service::answering(move |request| match request.line().contains("/case") {
            true => format!("HTTP/1.1 103 Early Hints\r\n{field}\r\n\r\n{STRAY}").into_bytes(),
            false => ok("ok"),
        })
        .await;
        let plane = Plane::with(one_worker(), vec![default(&service.url)]);
        assert_eq!(status(&plane.get("/api/case", "").await), 502, "{field}");
        assert_eq!(body(&plane.get("/api/x", "").await), "ok");
    }
    let service = Service::answering(|_| {
        [&b"HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n"[..], &ok("ok")].concat()
    })
    .await;
    let plane = Plane::with(one_worker(), vec![default(&service.url)]);
    assert_eq!(body(&plane.get("/api/x", "").await), "ok");
}

#[tokio::test]
async fn a_connection_is_used_again_after_an_answer_that_may_have_a_length() {
    let service = Service::answering(|request| match request.line() {
        line if line.starts_with("HEAD") => b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n".into(),
        line if line.contains("/304") => b"HTTP/1.1 304 X\r\nContent-Length: 7\r\n\r\n".into(),
        line if line.contains("/204") => b"HTTP/1.1 204 X\r\nContent-Length: 0\r\n\r\n".into(),
        line if line.contains("/205") => b"HTTP/1.1 205 X\r\nContent-Length: 0\r\n\r\n".into(),
        _ => ok("ok"),
    })
    .await;
    let plane = Plane::with(one_worker(), vec![default(&service.url)]);
    for request in ["HEAD /api/x", "GET /api/304", "DELETE /api/204", "POST /api/205", "GET /api/x"]
    {
        let close = "Host: x\r\nConnection: close\r\nContent-Length: 0";
        plane.send(format!("{request} HTTP/1.1\r\n{close}\r\n\r\n")).await;
    }
    assert_eq!(service.count(), 5);
    let connects = r#"refactor_upstream_connects_total{application="app-0123456789",route="rte-default000",service="monolith"}"#;
    assert_eq!(plane.metric(connects), 1.0);
}
