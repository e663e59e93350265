//! Chunks, and requests that follow each other on one connection.

use super::recorder::Outcome::{self, Refused, Taken};
use super::recorder::check;

/// What is taken as a `POST` of `abc`.
const ABC: Outcome = Taken(&[("POST", "/x", "abc")]);

/// Chunked bodies, and what becomes of their `POST`.
const CHUNKS: &[(&str, Outcome)] = &[
    ("3\r\nabc\r\n0\r\n\r\n", ABC),
    ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", ABC),
    ("0003\r\nabc\r\n0000\r\n\r\n", ABC),
    ("3;x=y\r\nabc\r\n0;z\r\n\r\n", ABC),
    ("3;x=\"\\\"\r\n\"\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3 ;x\r\nabc\r\n0\r\n\r\n", ABC),
    ("3   \r\nabc\r\n0\r\n\r\n", ABC),
    ("3\r\nabc\r\n0\r\nX: y\r\n\r\n", ABC),
    ("3\r\nabc\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: x\r\n\r\n", ABC),
    ("3\r\nabc\r\n0\r\nHost: y\r\n\r\n", ABC),
    ("3\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3\r\nabc\n0\r\n\r\n", Refused(400)),
    ("3\r\nabc0\r\n\r\n", Refused(400)),
    ("3\r\nabcd\r\n0\r\n\r\n", Refused(400)),
    ("3\rabc\r\n0\r\n\r\n", Refused(400)),
    ("3\r\nabc\r\r\n0\r\n\r\n", Refused(400)),
    ("2\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("\r\n3\r\nabc\r\n0\r\n\r\n", Refused(400)),
    (" 3\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("\t3\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("+3\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("-3\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("0x3\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3h\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3 3\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3,\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3.0\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3_\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3\0\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3\u{b}\r\nabc\r\n0\r\n\r\n", Refused(400)),
    (";x\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("x\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("'3'\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3;a\nb\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3;a\rb\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3;a\0b\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("100000000000000003\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("fffffffffffffffd\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("00000000000000000000003\r\nabc\r\n0\r\n\r\n", Refused(400)),
    ("3\r\nabc\r\n0\r\nX: y\n\r\n", Refused(400)),
    ("3\r\nabc\r\n0\n\r\n", Refused(400)),
    ("3\r\nabc\r\n0\r\n\n", Refused(400)),
    ("3\r\nabc\r\n-0\r\n\r\n", Refused(400)),
    ("3\r\nabc\r\n0x0\r\n\r\n", Refused(400)),
];

/// Several requests on one connection, before the one that `check` adds.
const SEVERAL: &[(&str, Outcome)] = &[
    (
        "GET /api/a HTTP/1.1\r\nHost: x\r\n\r\nGET /api/b HTTP/1.1\r\nHost: x\r\n\r\n",
        Taken(&[("GET", "/a", ""), ("GET", "/b", "")]),
    ),
    (
        "POST /api/a HTTP/1.1\r\nHost: x\r\nContent-Length: 34\r\n\r\nGET /api/b HTTP/1.1\r\nHost: x\r\n\r\nxx",
        Taken(&[("POST", "/a", "GET /api/b HTTP/1.1\r\nHost: x\r\n\r\nxx")]),
    ),
    (
        "GET /api/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /api/b HTTP/1.1\r\nHost: x\r\n\r\n",
        Taken(&[("GET", "/a", "abc"), ("GET", "/b", "")]),
    ),
    (
        "HEAD /api/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        Taken(&[("HEAD", "/a", "abc")]),
    ),
    (
        "DELETE /api/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\r\n\r\nGET /api/b HTTP/1.1\r\nHost: x\r\n\r\n",
        Taken(&[("DELETE", "/a", "abc"), ("GET", "/b", "")]),
    ),
    (
        "POST /api/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOST /api/b HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nb",
        Taken(&[("POST", "/a", ""), ("POST", "/b", "b")]),
    ),
    // After an error nothing more is read from the connection.
    ("GET api HTTP/1.1\r\nHost: x\r\n\r\nGET /api/b HTTP/1.1\r\nHost: x\r\n\r\n", Refused(400)),
    (
        "POST /api/a HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\nGET /api/b HTTP/1.1\r\nHost: x\r\n\r\n",
        Refused(400),
    ),
    ("GET /api/a HTTP/9.1\r\nHost: x\r\n\r\nGET /api/b HTTP/1.1\r\nHost: x\r\n\r\n", Refused(505)),
    // HTTP/1.0 has no chunks, and one request to a connection.
    ("POST /api/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Refused(400)),
    (
        "POST /api/a HTTP/1.0\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        Refused(400),
    ),
];

#[tokio::test]
async fn chunks_are_clear_or_the_request_is_refused() {
    check(CHUNKS.iter().map(|(body, outcome)| {
        let head = "POST /api/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        (body.escape_debug().to_string(), format!("{head}{body}").into_bytes(), *outcome)
    }))
    .await;
}

#[tokio::test]
async fn requests_on_one_connection_stay_apart() {
    check(SEVERAL.iter().map(|(bytes, outcome)| {
        (bytes.escape_debug().to_string(), bytes.as_bytes().to_vec(), *outcome)
    }))
    .await;
}
