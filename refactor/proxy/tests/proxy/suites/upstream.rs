//! Services that answer what no service should. The client gets exactly one answer to each of its requests, or the end of its
//! connection within one: never a part of an answer as the next one.

use proxy::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::plane::{Plane, default};
use crate::service::{Service, next_request, ok};

/// What the client must get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gets {
    /// An answer with this status and body.
    Answer(u16, &'static str),
    /// 502: the service did not answer in HTTP.
    Broken,
    /// The beginning of an answer, and the end of the connection within it.
    Cut,
}
use Gets::{Answer, Broken, Cut};

const ABC: Gets = Answer(200, "abc");

/// What the service sends before it closes the connection, to a `GET`; and what the client must get.
const ANSWERS: &[(&str, Gets)] = &[
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", ABC),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        ABC,
    ),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n", ABC),
    ("HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc", ABC),
    ("HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nabc", ABC),
    ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", ABC),
    ("HTTP/1.0 200 OK\r\n\r\nabc", ABC),
    ("HTTP/1.1 200 OK\r\n\r\nabc", ABC),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", ABC),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n", ABC),
    ("HTTP/1.1 299 Odd\r\nContent-Length: 3\r\n\r\nabc", Answer(299, "abc")),
    ("HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nabc", Answer(404, "abc")),
    ("HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nabc", Answer(500, "abc")),
    // Without a body by their status, whatever they announce.
    ("HTTP/1.1 204 No\r\n\r\n", Answer(204, "")),
    ("HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\nabc", Answer(204, "")),
    ("HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Answer(204, "")),
    ("HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Answer(204, "")),
    ("HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\nabc", Answer(304, "")),
    ("HTTP/1.1 304 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Answer(304, "")),
    ("HTTP/1.1 205 No\r\nContent-Length: 3\r\n\r\nabc", Answer(205, "")),
    // Interim answers.
    ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", ABC),
    (
        "HTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        ABC,
    ),
    (
        "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 H\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        ABC,
    ),
    ("HTTP/1.1 199 X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", ABC),
    ("HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("HTTP/1.0 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("\r\n\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("HTTP/1.1 103 Hints\r\n\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    (
        "HTTP/1.1 103 Hints\r\n\r\n\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        Broken,
    ),
    ("HTTP/1.1  103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("HTTP/1.1\t103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("HTTP/1.2 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("HTTP/2 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("http/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("HTTP/1.1 1 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("HTTP/1.1 10 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("HTTP/1.1 1000 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    (
        "HTTP/1.1 103 Hints\r\nContent-Length: 50\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        Broken,
    ),
    ("HTTP/1.1 103 Hints\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Broken),
    (
        "HTTP/1.1 100 Continue\r\nContent-Length: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        Broken,
    ),
    ("HTTP/1.1 103 Hints\n\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Broken),
    ("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nevil", Broken),
    ("HTTP/1.1 100 Continue\r\n\r\n", Broken),
    // Framing that is unclear.
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length: 0x3\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Broken),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", Broken),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        Broken,
    ),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Broken),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", Broken),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nX: y\r\n Content-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\n Content-Length: 3\r\n\r\nabc", Broken),
    // Heads that are none.
    ("", Broken),
    ("HTTP/1.1 200", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", Broken),
    ("HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\nX\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 20 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 2000 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 600 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 099 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 -200 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 +20 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/1.1 OK 200\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/2.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("HTTP/0.9 200 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    (" HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("ICY 200 OK\r\nContent-Length: 3\r\n\r\nabc", Broken),
    ("SSH-2.0-OpenSSH_9\r\n", Broken),
    ("<html>evil</html>", Broken),
    ("\u{16}\u{3}\u{1}\0\u{2}\u{2}\u{1}\0", Broken),
    ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", Broken),
    // Bodies that break off, or are not as they are announced.
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", Cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", Cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", Cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", Cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nabc\r\n0\r\n\r\n", Cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", Cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", Cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc", Cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Cut),
];

/// The same for a `HEAD`.
const HEADS: &[(&str, Gets)] = &[
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", Answer(200, "")),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", Answer(200, "")),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Answer(200, "")),
    ("HTTP/1.1 200 OK\r\n\r\n", Answer(200, "")),
    ("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", Answer(200, "")),
    ("\r\nHTTP/1.1 103 Hints\r\n\r\n", Broken),
    ("HTTP/1.0 100 Continue\r\n\r\n", Broken),
];

/// Answers what it was told to each request but `/next`, which gets `next`.
async fn saying(answer: &'static str, keeps: bool) -> Service {
    Service::serving(move |mut stream| async move {
        let mut read = Vec::new();
        while let Some(request) = next_request(&mut stream, &mut read).await {
            if request.line().contains(" /next ") {
                let _ = stream.write_all(&ok("next")).await;
                continue;
            }
            let _ = stream.write_all(answer.as_bytes()).await;
            if !keeps {
                return;
            }
        }
    })
    .await
}

/// The answers of these bytes: statuses and bodies; false behind them if the last one is not whole.
fn answers(mut bytes: &[u8], methods: [&str; 2]) -> (Vec<(u16, String)>, bool) {
    let mut answers = Vec::new();
    for method in methods {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { break };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(head.starts_with("HTTP/1.1 ") && status >= 200, "{head}");
        bytes = &bytes[end + 4..];
        let value = |name: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(": "));
            fields
                .find(|(given, _)| given.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.to_owned())
        };
        let mut body = Vec::new();
        if method == "HEAD" || matches!(status, 204 | 304) {
        } else if let Some(length) = value("content-length") {
            let length: usize = length.parse().unwrap();
            let Some((content, rest)) = bytes.split_at_checked(length) else {
                return (answers, false);
            };
            body.extend(content);
            bytes = rest;
        } else {
            assert_eq!(value("transfer-encoding").as_deref(), Some("chunked"), "{head}");
            loop {
                let Some(line) = bytes.windows(2).position(|window| window == b"\r\n") else {
                    return (answers, false);
                };
                let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).unwrap(), 16)
                    .unwrap();
                let Some((content, rest)) = bytes[line + 2..].split_at_checked(size + 2) else {
                    return (answers, false);
                };
                body.extend(&content[..size]);
                bytes = rest;
                if size == 0 {
                    break;
                }
            }
        }
        answers.push((status, String::from_utf8_lossy(&body).into_owned()));
    }
    (answers, bytes.is_empty())
}

async fn check(method: &str, cases: &'static [(&'static str, Gets)], keeps: bool) {
    let mut wrong = String::new();
    for (bytes, gets) in cases {
        let service = saying(bytes, keeps).await;
        let plane = Plane::with(
            Settings { workers: 1, ..Settings::default() },
            vec![default(&service.url)],
        );
        let mut stream = plane.connect().await;
        let next = "GET /api/next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let request = format!("{method} /api/x HTTP/1.1\r\nHost: x\r\n\r\n{next}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        // A reset is an end too.
        let _ = stream.read_to_end(&mut read).await;
        let (answers, whole) = answers(&read, [method, "GET"]);
        let fits = match (gets, answers.as_slice()) {
            (Answer(status, body), [first, next]) => {
                whole && (first.0, first.1.as_str()) == (*status, body) && next.1 == "next"
            }
            (Broken, [first, next]) => whole && matches!(first.0, 502 | 504) && next.1 == "next",
            (Cut, []) => !whole,
            _ => false,
        };
        if !fits || String::from_utf8_lossy(&read).contains("evil") {
            wrong += &format!("{}: {gets:?}, but {answers:?}, {whole}\n", bytes.escape_debug());
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    println!("{} cases", cases.len());
}

#[tokio::test]
async fn a_client_gets_one_answer_to_each_request_whatever_its_service_sends() {
    check("GET", ANSWERS, false).await;
    check("HEAD", HEADS, false).await;
}

#[tokio::test]
async fn what_follows_an_answer_is_never_the_next_one() {
    // The service keeps the connection, so that it could carry the next request.
    let whole = |(bytes, gets): &&(&str, Gets)| {
        matches!(gets, Answer(..)) && !bytes.ends_with("\r\n\r\nabc")
    };
    let kept: Vec<_> = ANSWERS.iter().filter(whole).copied().collect();
    check("GET", kept.leak(), true).await;
}
