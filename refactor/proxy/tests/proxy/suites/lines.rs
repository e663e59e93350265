//! First lines and the ends of lines.

use super::recorder::Outcome::{self, Answered, Refused, Taken};
use super::recorder::check;

/// What is taken as `GET /x`.
const GET: Outcome = Taken(&[("GET", "/x", "")]);

/// Whole heads up to the empty line, and what becomes of them.
const LINES: &[(&str, Outcome)] = &[
    ("GET /api/x HTTP/1.1\r\nHost: x\r\n", GET),
    ("GET /api/x HTTP/1.1\r\nhOsT: x\r\n", GET),
    ("GET /api/x HTTP/1.1\r\nHost:x\r\n", GET),
    ("GET /api/x HTTP/1.1\r\nHost: \t x \t \r\n", GET),
    ("\r\nGET /api/x HTTP/1.1\r\nHost: x\r\n", GET),
    ("\r\n\r\n\r\nGET /api/x HTTP/1.1\r\nHost: x\r\n", GET),
    ("PROPFIND /api/x HTTP/1.1\r\nHost: x\r\n", Taken(&[("PROPFIND", "/x", "")])),
    ("get /api/x HTTP/1.1\r\nHost: x\r\n", Taken(&[("get", "/x", "")])),
    ("M-SEARCH /api/x HTTP/1.1\r\nHost: x\r\n", Taken(&[("M-SEARCH", "/x", "")])),
    // Bare line ends.
    ("\nGET /api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("\rGET /api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x\n", Refused(400)),
    ("GET /api/x HTTP/1.1\rHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x\rX: y\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x\r\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\n\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x\r\n\n", Refused(400)),
    // Versions.
    ("GET /api/x\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/0.9\r\nHost: x\r\n", Refused(505)),
    ("GET /api/x HTTP/1.2\r\nHost: x\r\n", Refused(505)),
    ("GET /api/x HTTP/1.10\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/01.1\r\nHost: x\r\n", Refused(505)),
    ("GET /api/x HTTP/2.0\r\nHost: x\r\n", Refused(505)),
    ("GET /api/x HTTP/3\r\nHost: x\r\n", Refused(505)),
    ("GET /api/x http/1.1\r\nHost: x\r\n", Refused(505)),
    ("GET /api/x HTTPS/1.1\r\nHost: x\r\n", Refused(505)),
    ("GET /api/x XTTP/1.1\r\nHost: x\r\n", Refused(505)),
    ("GET /api/x HTTP/1.1 \r\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\t\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1 HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\0\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP 1.1\r\nHost: x\r\n", Refused(505)),
    ("GET /api/x HTTP/1,1\r\nHost: x\r\n", Refused(505)),
    // Blanks and methods.
    (" GET /api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET  /api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x  HTTP/1.1\r\nHost: x\r\n", Refused(505)),
    ("GET\t/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x\tHTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET\u{b}/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("G:T /api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET\0 /api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("G\"T /api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("{\"json\": 1}\r\nHost: x\r\n", Refused(400)),
    ("CONNECT x:443 HTTP/1.1\r\nHost: x\r\n", Answered(405)),
    ("TRACE /api/x HTTP/1.1\r\nHost: x\r\n", Answered(405)),
    ("PRI * HTTP/2.0\r\nHost: x\r\n", Refused(505)),
    // Targets.
    ("GET api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET * HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("OPTIONS * HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET ?x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x#y HTTP/1.1\r\nHost: x\r\n", Answered(400)),
    ("GET /api/x\\y HTTP/1.1\r\nHost: x\r\n", Answered(400)),
    ("GET /api/../x HTTP/1.1\r\nHost: x\r\n", Answered(400)),
    ("GET /api/%2e%2e/x HTTP/1.1\r\nHost: x\r\n", Answered(400)),
    ("GET /api/x%2f..%2fy HTTP/1.1\r\nHost: x\r\n", Answered(400)),
    ("GET /api/x\u{7f} HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET /api/\u{e9} HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x\0y HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x?a=/../b HTTP/1.1\r\nHost: x\r\n", Taken(&[("GET", "/x?a=/../b", "")])),
    ("GET /api//x HTTP/1.1\r\nHost: x\r\n", Taken(&[("GET", "//x", "")])),
    ("GET /api/x%00 HTTP/1.1\r\nHost: x\r\n", Taken(&[("GET", "/x%00", "")])),
    ("GET /api/x%0d%0aX:y HTTP/1.1\r\nHost: x\r\n", Taken(&[("GET", "/x%0d%0aX:y", "")])),
    ("GET /api/x%23y HTTP/1.1\r\nHost: x\r\n", Taken(&[("GET", "/x%23y", "")])),
    // Absolute form and Host (RFC 9112, 3.2.2): the target counts.
    ("GET http://x/api/x HTTP/1.1\r\nHost: x\r\n", GET),
    ("GET http://y/api/x HTTP/1.1\r\nHost: x\r\n", GET),
    ("GET HTTP://x/api/x HTTP/1.1\r\nHost: x\r\n", GET),
    ("GET https://x/api/x HTTP/1.1\r\nHost: x\r\n", GET),
    ("GET http://x/api/x HTTP/1.1\r\nHost:\r\n", GET),
    ("GET http://x/api/x HTTP/1.1\r\n", Refused(400)),
    ("GET http://x/api/x HTTP/1.1\r\nHost: a b\r\n", Refused(400)),
    ("GET http://u:p@x/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET http://x@y/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET http://x,y/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET http:///api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET http:/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET http:x/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET ftp://x/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET file:///etc/passwd HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET //x/api/x HTTP/1.1\r\nHost: x\r\n", Answered(404)),
    ("GET http://x?/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET http://x#/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET http://x\\@y/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    ("GET http://[::1]/api/x HTTP/1.1\r\nHost: x\r\n", GET),
    ("GET http://[::1/api/x HTTP/1.1\r\nHost: x\r\n", Refused(400)),
    // Host.
    ("GET /api/x HTTP/1.1\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x\r\nHost: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x\r\nHost: y\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x\r\nhost:\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x, y\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x,y\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: u@x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: http://x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x/y\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x:y\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x:99999\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x:80:80\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x#y\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: x?y\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost: \u{e9}\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nHost : x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\n Host: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.1\r\nX: y\r\n Host: x\r\n", Refused(400)),
    ("GET /api/x HTTP/1.0\r\nHost: x\r\nHost: y\r\n", Refused(400)),
];

#[tokio::test]
async fn a_head_has_one_meaning_or_none() {
    check(LINES.iter().map(|(head, outcome)| {
        let name = head.escape_debug().to_string();
        (name, format!("{head}\r\n").into_bytes(), *outcome)
    }))
    .await;
}
