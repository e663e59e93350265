//! Fields that say where a request ends, said twice or unclearly.

use super::recorder::Outcome::{self, Refused, Taken};
use super::recorder::check;

/// What is taken as a `POST` of `abc`.
const ABC: Outcome = Taken(&[("POST", "/x", "abc")]);
/// The same without a body.
const EMPTY: Outcome = Taken(&[("POST", "/x", "")]);

/// The fields of a `POST` behind its `Host`, its body, and what becomes of it.
const FIELDS: &[(&str, &str, Outcome)] = &[
    // Content-Length.
    ("Content-Length: 3\r\n", "abc", ABC),
    ("content-length:3\r\n", "abc", ABC),
    ("Content-Length: \t 3 \t\r\n", "abc", ABC),
    ("Content-Length: 003\r\n", "abc", ABC),
    ("Content-Length: 0\r\n", "", EMPTY),
    ("", "", EMPTY),
    ("Content-Length:\r\n", "abc", Refused(400)),
    ("Content-Length: 3\r\nContent-Length: 3\r\n", "abc", Refused(400)),
    ("Content-Length: 3\r\nContent-Length: 0\r\n", "abc", Refused(400)),
    ("Content-Length: 0\r\nContent-Length: 3\r\n", "abc", Refused(400)),
    ("Content-Length: 3\r\ncONTENT-lENGTH: 3\r\n", "abc", Refused(400)),
    ("Content-Length: 3, 3\r\n", "abc", Refused(400)),
    ("Content-Length: 3,\r\n", "abc", Refused(400)),
    ("Content-Length: ,3\r\n", "abc", Refused(400)),
    ("Content-Length: 3;3\r\n", "abc", Refused(400)),
    ("Content-Length: +3\r\n", "abc", Refused(400)),
    ("Content-Length: -3\r\n", "abc", Refused(400)),
    ("Content-Length: -0\r\n", "", Refused(400)),
    ("Content-Length: 0x3\r\n", "abc", Refused(400)),
    ("Content-Length: 3.0\r\n", "abc", Refused(400)),
    ("Content-Length: 3e0\r\n", "abc", Refused(400)),
    ("Content-Length: 0_3\r\n", "abc", Refused(400)),
    ("Content-Length: 1 3\r\n", "abc", Refused(400)),
    ("Content-Length: '3'\r\n", "abc", Refused(400)),
    ("Content-Length: \"3\"\r\n", "abc", Refused(400)),
    ("Content-Length: 3\u{b}\r\n", "abc", Refused(400)),
    ("Content-Length: 3\0\r\n", "abc", Refused(400)),
    ("Content-Length: \u{663}\r\n", "abc", Refused(400)),
    ("Content-Length: 18446744073709551619\r\n", "abc", Refused(400)),
    ("Content-Length: 4294967299999999999\r\n", "abc", Refused(400)),
    ("Content-Length : 3\r\n", "abc", Refused(400)),
    ("Content-Length\t: 3\r\n", "abc", Refused(400)),
    (" Content-Length: 3\r\n", "abc", Refused(400)),
    ("Content-Length:\r\n 3\r\n", "abc", Refused(400)),
    ("Content-Length: 3\r\n 3\r\n", "abc", Refused(400)),
    ("Content-Length\r\n: 3\r\n", "abc", Refused(400)),
    ("Content-Length\0: 3\r\n", "abc", Refused(400)),
    ("\0Content-Length: 3\r\n", "abc", Refused(400)),
    ("Content Length: 3\r\n", "abc", Refused(400)),
    ("Content-Length; 3\r\n", "abc", Refused(400)),
    ("X: y\nContent-Length: 3\r\n", "abc", Refused(400)),
    ("X: y\rContent-Length: 3\r\n", "abc", Refused(400)),
    ("X: y\r\rContent-Length: 3\r\n", "abc", Refused(400)),
    ("X: y\r\n\tContent-Length: 3\r\n", "abc", Refused(400)),
    // Transfer-Encoding.
    ("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n", ABC),
    ("transfer-encoding:CHUNKED\r\n", "3\r\nabc\r\n0\r\n\r\n", ABC),
    ("Transfer-Encoding: \t chunked \t\r\n", "3\r\nabc\r\n0\r\n\r\n", ABC),
    ("Transfer-Encoding:\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: identity\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: gzip\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: chunkedx\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: chunk\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: chun ked\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: 'chunked'\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: chunked;q=0.5\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: x\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n", Refused(400)),
    (" Transfer-Encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("\tTransfer-Encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: chunked\r\n ,x\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding\r\n: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding:\n chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: chunked\n", "0\r\n\r\n", Refused(400)),
    ("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("X: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: \u{b}chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: chunked\u{c}\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: chunked\0\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: \u{1}chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: chunked\u{7f}\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: chunked\u{a0}\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding: chun\u{212a}ed\r\n", "0\r\n\r\n", Refused(501)),
    ("Transfer-Encoding\0: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding\u{b}: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer Encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer\u{2010}Encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding; chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding chunked\r\n", "0\r\n\r\n", Refused(400)),
    (": chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("\"Transfer-Encoding\": chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("(Transfer-Encoding): chunked\r\n", "0\r\n\r\n", Refused(400)),
    // Other fields that only look like it, beside a length.
    ("Transfer_Encoding: chunked\r\nContent-Length: 3\r\n", "abc", ABC),
    ("TransferEncoding: chunked\r\nContent-Length: 3\r\n", "abc", ABC),
    ("Content_Length: 0\r\nContent-Length: 3\r\n", "abc", ABC),
    ("Content-Encoding: chunked\r\nContent-Length: 3\r\n", "abc", ABC),
    ("X-Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "abc", ABC),
    // Both.
    ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n", Refused(400)),
    ("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", Refused(400)),
    ("Content-Length: 3\r\nTransfer-Encoding: identity\r\n", "abc", Refused(400)),
    ("Content-Length: 3\r\nTransfer-Encoding: x\r\n", "abc", Refused(400)),
    ("Content-Length: 3\r\nTransfer-Encoding:\r\n", "abc", Refused(400)),
    ("Content-Length: 3\r\nTransfer-Encoding:\tchunked\r\n", "0\r\n\r\n", Refused(400)),
    (
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
        "",
        Refused(400),
    ),
    // What Connection names does not hide the framing.
    (
        "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n",
        "3\r\nabc\r\n0\r\n\r\n",
        ABC,
    ),
    ("Connection: Content-Length\r\nContent-Length: 3\r\n", "abc", ABC),
    ("Connection: Host\r\nContent-Length: 3\r\n", "abc", ABC),
    ("Connection: X-Y, keep-alive\r\nX-Y: 1\r\nContent-Length: 3\r\n", "abc", ABC),
    // Upgrades and expectations.
    (
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "",
        EMPTY,
    ),
    ("Expect: 100-continue\r\nContent-Length: 3\r\n", "abc", ABC),
    ("Expect: 100-Continue\r\nContent-Length: 3\r\n", "abc", ABC),
    ("Expect: 200-ok\r\nContent-Length: 3\r\n", "abc", Refused(417)),
    ("Expect: 100-continue, x\r\nContent-Length: 3\r\n", "abc", Refused(417)),
    ("Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 3\r\n", "abc", Refused(400)),
    ("TE: trailers\r\nContent-Length: 3\r\n", "abc", ABC),
    ("Trailer: Content-Length\r\nContent-Length: 3\r\n", "abc", ABC),
];

#[tokio::test]
async fn the_end_of_a_request_is_clear_or_the_request_is_refused() {
    check(FIELDS.iter().map(|(fields, body, outcome)| {
        let bytes = format!("POST /api/x HTTP/1.1\r\nHost: x\r\n{fields}\r\n{body}");
        (bytes.escape_debug().to_string(), bytes.into_bytes(), *outcome)
    }))
    .await;
}
