//! Requests over HTTP/2 that no request can be (RFC 9113, 8).

use super::frames::Became::{self, Answered, Ended, Reset};
use super::frames::{END_HEADERS, END_STREAM, HEADERS, block, frame, wrong};
use super::recorder::Recorder;

/// PROTOCOL_ERROR (RFC 9113, 7).
const MALFORMED: Became = Reset(1);

/// Requests without a body, and what becomes of them. `name=value|…` are all fields, `~` is a `GET` with this path, `@` one with
/// this authority, and `+` one with these fields besides.
const HEADS: &[(&str, Became)] = &[
    ("~/api/x", Answered(200)),
    (":authority=x|:path=/api/x|:scheme=http|:method=GET", Answered(200)),
    (":method=GET|:scheme=https|:path=/api/x|:authority=x", Answered(200)),
    (":method=GET|:scheme=http|:path=/api/x|host=x", Answered(200)),
    // Pseudo-header fields (8.3).
    (":scheme=http|:path=/api/x|:authority=x", MALFORMED),
    (":method=GET|:path=/api/x|:authority=x", MALFORMED),
    (":method=GET|:scheme=http|:authority=x", MALFORMED),
    (":method=GET|:method=GET|:scheme=http|:path=/api/x|:authority=x", MALFORMED),
    (":method=GET|:scheme=http|:path=/api/x|:path=/api/y|:authority=x", MALFORMED),
    ("+:authority=y", MALFORMED),
    (":method=GET|:scheme=http|:scheme=http|:path=/api/x|:authority=x", MALFORMED),
    (":method=GET|:scheme=http|:path=/api/x|a=b|:authority=x", MALFORMED),
    ("+:status=200", MALFORMED),
    ("+:evil=x", Ended),
    (":method=|:scheme=http|:path=/api/x|:authority=x", Ended),
    (":method=GET /api/evil HTTP/1.1|:scheme=http|:path=/api/x|:authority=x", Ended),
    (":method=GE T|:scheme=http|:path=/api/x|:authority=x", Ended),
    (":method=GET\r\nX: y|:scheme=http|:path=/api/x|:authority=x", Ended),
    (":method=CONNECT|:authority=x:443", Answered(405)),
    (":method=TRACE|:scheme=http|:path=/api/x|:authority=x", Answered(405)),
    // Paths.
    ("~", MALFORMED),
    ("~api/x", MALFORMED),
    ("~*", Answered(400)),
    (":method=OPTIONS|:scheme=http|:path=*|:authority=x", Answered(400)),
    ("~http://y/api/x", MALFORMED),
    ("~/api/x y", MALFORMED),
    ("~/api/x HTTP/1.1", MALFORMED),
    ("~/api/x\r\nX: y", MALFORMED),
    ("~/api/x\0", MALFORMED),
    ("~/api/x\u{e9}", Answered(400)),
    ("~/api/x\\y", Answered(400)),
    ("~/api/../x", Answered(400)),
    ("~/api/%2e%2e/x", Answered(400)),
    // The library takes a fragment away before anything looks at the path, so it goes no further.
    ("~/api/x#/../y", Answered(200)),
    ("~?x", Answered(400)),
    // Authorities.
    ("@u@x", Answered(400)),
    ("@u:p@x", Answered(400)),
    ("@@x", Answered(400)),
    ("@x,y", Answered(400)),
    ("@x, y", MALFORMED),
    ("@x y", MALFORMED),
    ("@x/y", MALFORMED),
    ("@x:y", Answered(400)),
    ("@x:99999", Answered(400)),
    ("@x#y", MALFORMED),
    ("@[::1", MALFORMED),
    ("@x\r\nX: y", MALFORMED),
    ("@", MALFORMED),
    // A Host beside it (8.3.1).
    ("+host=x", Answered(200)),
    (":method=GET|:scheme=http|:path=/api/x|:authority=X|host=x", Answered(200)),
    ("+host=y", Answered(400)),
    ("+host=x:80", Answered(400)),
    ("+host=", Answered(400)),
    ("+host=x|host=x", Answered(400)),
    (":method=GET|:scheme=http|:path=/api/x|host=u@x", Answered(400)),
    (":method=GET|:scheme=http|:path=/api/x|host=x,y", Answered(400)),
    (":method=GET|:scheme=http|:path=/api/x|host=x|host=y", Answered(400)),
    // Names and values (8.2.1).
    ("+Upper=y", Ended),
    ("+=y", Ended),
    ("+a b=y", Ended),
    ("+a:b=y", Ended),
    ("+a\r\nb=y", Ended),
    ("+a\0=y", Ended),
    ("+a=y\r\nb: c", Ended),
    ("+a=y\nb: c", Ended),
    ("+a=y\rb", Ended),
    ("+a=y\0", Ended),
    // Fields of a connection (8.2.2).
    ("+connection=close", MALFORMED),
    ("+keep-alive=1", MALFORMED),
    ("+proxy-connection=x", MALFORMED),
    ("+upgrade=h2c", MALFORMED),
    ("+transfer-encoding=chunked", MALFORMED),
    ("+te=gzip", MALFORMED),
    ("+te=trailers", Answered(200)),
    // Lengths (8.1.1).
    ("+content-length=0", Answered(200)),
    ("+content-length=3", MALFORMED),
    ("+content-length=-1", MALFORMED),
    ("+content-length=0|content-length=0", Answered(400)),
    ("+content-length=0, 0", MALFORMED),
    ("+expect=200-ok", Answered(417)),
];

/// The fields of a case.
fn fields(case: &str) -> Vec<(String, String)> {
    let get = |path: &str, authority: &str, more: &str| {
        format!(":method=GET|:scheme=http|:path={path}|:authority={authority}{more}")
    };
    let all = match case.split_at(1) {
        ("~", path) => get(path, "x", ""),
        ("@", authority) => get("/api/x", authority, ""),
        ("+", more) => get("/api/x", "x", &format!("|{more}")),
        _ => case.to_owned(),
    };
    let pairs = all.split('|').map(|field| field.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn a_head_of_http_2_has_one_meaning_or_none() {
    let recorder = Recorder::start().await;
    let mut all = String::new();
    for (case, must) in HEADS {
        let fields = fields(case);
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let head = frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&fields));
        let body = (*must == Answered(200)).then_some("");
        all.extend(wrong(&recorder, &format!("{case:?}"), &head, *must, body).await);
    }
    assert!(recorder.take().is_empty(), "a request came late");
    assert!(all.is_empty(), "\n{all}");
    println!("{} cases", HEADS.len());
}
