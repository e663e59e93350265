//! The limits that a setting or a tag changes: what is exactly as large passes, and one byte more is refused with the
//! limit, its value, and what changes it.

use std::collections::BTreeMap;

use proxy::{Route, Settings};
use reqwest::Client;

use crate::plane::{Plane, body, default, status};
use crate::service::{Service, ok};

const LIMIT: usize = 2_048;

/// A client of HTTP/2.
fn http2() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().http2_prior_knowledge().build().unwrap()
}

fn tagged(url: &str, key: &str, value: &str) -> Route {
    let tags = BTreeMap::from([(key.to_owned(), value.to_owned())]);
    Route { tags, ..default(url) }
}

/// The answer to a request over each version of HTTP, with this field and this body.
async fn both(plane: &Plane, field: (&str, &str), upload: &str) -> [(u16, String); 2] {
    let (name, value) = field;
    let length = upload.len();
    let head = format!(
        "POST /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{name}: {value}\r\n\r\n"
    );
    let first = plane.send(head + upload).await;
    let request = http2().post(plane.url("/api")).header(name, value).body(upload.to_owned());
    let second = request.send().await.unwrap();
    let (code, text) = (second.status().as_u16(), second.text().await.unwrap());
    [(status(&first), body(&first).to_owned()), (code, text)]
}

/// How many bytes of fields a request has in each version besides the one that a test adds.
const OWN: [usize; 2] = [
    "Host: x\r\nConnection: close\r\nContent-Length: 0\r\nx: \r\n".len(),
    "accept: */*\r\ncontent-length: 0\r\nx: \r\n".len(),
];

#[tokio::test]
async fn the_fields_of_a_request_may_be_as_large_as_is_said() {
    let service = Service::saying("hello").await;
    let settings = Settings { request_header_bytes: LIMIT, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    for (version, own) in OWN.into_iter().enumerate() {
        let value = |size: usize| "x".repeat(size - own);
        let [fits, above] = [LIMIT, LIMIT + 1].map(value);
        let (code, text) = &both(&plane, ("x", &fits), "").await[version];
        assert_eq!(*code, 200, "{version}: {text}");
        let (code, text) = &both(&plane, ("x", &above), "").await[version];
        assert_eq!(*code, 431, "{version}: {text}");
        assert!(text.contains("larger than 2048 bytes (REQUEST_HEADER_BYTES)"), "{text}");
    }
}

#[tokio::test]
async fn a_request_may_have_100_fields() {
    let service = Service::saying("hello").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let fields = |count: usize| (0..count).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    let own = "Host Connection".split(' ').count();
    assert_eq!(status(&plane.get("/api", &fields(100 - own)).await), 200);
    let answer = plane.get("/api", &fields(101 - own)).await;
    assert_eq!(status(&answer), 431);
    assert!(answer.contains("more than 100 fields, which no setting changes"), "{answer}");
    let own = "accept".split(' ').count();
    for (count, expected) in [(100, 200), (101, 431)] {
        let mut request = http2().get(plane.url("/api")).header("cookie", "a=1");
        for n in 1..count - own {
            request = request.header(format!("x-{n}"), "y");
        }
        // A cookie is one field, whatever the number of its parts.
        let answer = request.header("cookie", "b=2").send().await.unwrap();
        assert_eq!(answer.status(), expected, "{count} over HTTP/2");
    }
}

#[tokio::test]
async fn the_fields_of_an_answer_may_be_as_large_as_a_setting_or_a_tag_says() {
    let service = Service::answering(|request| {
        let size: usize = request.field("x").unwrap().parse().unwrap();
        let own = "Content-Length: 0\r\nX: \r\n".len();
        let value = "x".repeat(size - own);
        format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: {value}\r\n\r\n").into_bytes()
    })
    .await;
    let settings = Settings { answer_header_bytes: LIMIT, ..Settings::default() };
    let by_setting = Plane::with(settings, vec![default(&service.url)]);
    let by_tag = Plane::start(vec![tagged(&service.url, "banyan:answer-header-bytes", "2048")]);
    for plane in [by_setting, by_tag] {
        for (code, text) in both(&plane, ("x", "2048"), "").await {
            assert_eq!(code, 200, "{text}");
        }
        for (code, text) in both(&plane, ("x", "2049"), "").await {
            assert_eq!(code, 502, "{text}");
            let says = "more than 2048 bytes of header fields (ANSWER_HEADER_BYTES, banyan:answer-header-bytes)";
            assert!(text.contains(says) && text.contains("may have been done"), "{text}");
        }
    }
}

#[tokio::test]
async fn an_upload_may_be_as_large_as_a_setting_or_a_tag_says() {
    let service = Service::answering(|request| ok(&request.body.len().to_string())).await;
    let settings = |upload_limit_bytes| Settings { upload_limit_bytes, ..Settings::default() };
    let by_setting = Plane::with(settings(1_000), vec![default(&service.url)]);
    // A tag may allow more than the setting, and less.
    let larger = tagged(&service.url, "banyan:upload-bytes", "1000");
    let by_tag = Plane::with(settings(1), vec![larger.clone()]);
    let smaller = Plane::start(vec![larger]);
    for plane in [by_setting, by_tag, smaller] {
        for (code, text) in both(&plane, ("x", "y"), &"x".repeat(1_000)).await {
            assert_eq!((code, &*text), (200, "1000"));
        }
        for (code, text) in both(&plane, ("x", "y"), &"x".repeat(1_001)).await {
            assert_eq!(code, 413);
            let says = "larger than 1000 bytes (UPLOAD_BYTES, banyan:upload-bytes)";
            assert!(text.contains(says), "{text}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_too_late_names_the_time_that_it_had() {
    let service = Service::serving(|stream| async move {
        let _open = stream;
        std::future::pending().await
    })
    .await;
    let plane = Plane::hasty(&service.url);
    for (code, text) in both(&plane, ("x", "y"), "").await {
        assert_eq!(code, 504);
        assert!(text.contains("within 300 ms (FIRST_BYTE_MS, banyan:first-byte-ms)"), "{text}");
    }
}
