//! A service that keeps the bytes that it received, and reads them as strictly as RFC 9112 allows.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::plane::Plane;
use crate::service::{Service, ok};

/// A request as the service understood it: method, target, body.
pub(super) type Seen = (String, String, String);

/// A service that records, with a plane in front of it.
pub(super) struct Recorder {
    pub(super) plane: Plane,
    _service: Service,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// What must become of the bytes that a client sends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    /// An answer with this status, and the end of the connection. The service gets no whole request.
    Refused(u16),
    /// An answer with this status. The head is clear, so the connection goes on.
    Answered(u16),
    /// These requests reach the service.
    Taken(&'static [(&'static str, &'static str, &'static str)]),
}

impl Recorder {
    pub(super) async fn start() -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let noted = Arc::clone(&seen);
        let service = Service::serving(move |mut stream| {
            let noted = Arc::clone(&noted);
            async move {
                let mut bytes = Vec::new();
                loop {
                    match request(&bytes) {
                        Ok(Some((request, end))) => {
                            bytes.drain(..end);
                            noted.lock().unwrap().push(request);
                            if stream.write_all(&ok("ok")).await.is_err() {
                                return;
                            }
                        }
                        Ok(None) => match stream.read_buf(&mut bytes).await {
                            Ok(1..) => {}
                            _ => return,
                        },
                        Err(why) => {
                            let what = format!("{why}: {}", bytes.escape_ascii());
                            noted.lock().unwrap().push(("UNCLEAR".to_owned(), what, String::new()));
                            return;
                        }
                    }
                }
            }
        })
        .await;
        let plane = Plane::start(vec![crate::plane::default(&service.url)]);
        Self { plane, _service: service, seen }
    }

    /// What reached the service since this was last asked.
    pub(super) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

/// The first request of these bytes and where it ends; nothing if more must come.
fn request(bytes: &[u8]) -> Result<Option<(Seen, usize)>, &'static str> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).ok().ok_or("bytes that are not ASCII")?;
    if head.replace("\r\n", "").contains(['\r', '\n', '\0']) {
        return Err("a control character in the head");
    }
    let mut lines = head.split("\r\n");
    let line: Vec<_> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, "HTTP/1.1"] = *line else { return Err("the first line") };
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the target");
    }
    let (mut hosts, mut length, mut chunked) = (0, None, false);
    for line in lines {
        let (name, value) = line.split_once(':').ok_or("a line without a colon")?;
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return Err("a name that is no token");
        }
        let value = value.trim_matches([' ', '\t']);
        match name.to_ascii_lowercase().as_str() {
            "host" => hosts += 1,
            "content-length"
                if length.is_none() && value.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                length = Some(value.parse::<usize>().ok().ok_or("the length")?);
            }
            "content-length" => return Err("the length"),
            "transfer-encoding" if !chunked && value == "chunked" => chunked = true,
            "transfer-encoding" => return Err("the transfer encoding"),
            "upgrade" | "connection" | "te" | "trailer" | "keep-alive" => {
                return Err("a field of one hop");
            }
            _ => {}
        }
    }
    if hosts != 1 || (chunked && length.is_some()) {
        return Err("hosts or framing");
    }
    let start = end + 4;
    let seen = |body: Vec<u8>| {
        (method.to_owned(), target.to_owned(), String::from_utf8_lossy(&body).into_owned())
    };
    if !chunked {
        let end = start + length.unwrap_or(0);
        return Ok(bytes.get(start..end).map(|body| (seen(body.to_vec()), end)));
    }
    let (mut at, mut body) = (start, Vec::new());
    loop {
        let Some(line) = find(&bytes[at..], b"\r\n") else { return Ok(None) };
        let digits =
            std::str::from_utf8(&bytes[at..at + line]).ok().ok_or("the size of a chunk")?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("the size of a chunk");
        }
        let size = usize::from_str_radix(digits, 16).ok().ok_or("the size of a chunk")?;
        at += line + 2;
        let Some(chunk) = bytes.get(at..at + size + 2) else { return Ok(None) };
        if !chunk.ends_with(b"\r\n") {
            return Err("the end of a chunk, or a trailer");
        }
        body.extend(&chunk[..size]);
        at += size + 2;
        if size == 0 {
            return Ok(Some((seen(body), at)));
        }
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

/// What `check` sends behind each case.
const NEXT: (&str, &str, &str) = ("GET", "/next", "");

/// Sends each case, followed by one more request on the same connection, and checks what became of both.
pub(super) async fn check(cases: impl IntoIterator<Item = (String, Vec<u8>, Outcome)>) {
    let recorder = Recorder::start().await;
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (name, mut bytes, outcome) in cases {
        count += 1;
        bytes.extend(b"GET /api/next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = recorder.plane.send(&bytes).await;
        let statuses: Vec<_> = answer
            .match_indices("HTTP/1.1 ")
            .filter_map(|(at, _)| answer.get(at + 9..at + 12)?.parse::<u16>().ok())
            .filter(|status| *status != 100)
            .collect();
        let seen = recorder.take();
        let reaches: Vec<_> = match outcome {
            Outcome::Refused(_) => Vec::new(),
            Outcome::Answered(_) => vec![NEXT],
            Outcome::Taken(requests) => requests.iter().copied().chain([NEXT]).collect(),
        };
        let answers = match outcome {
            Outcome::Refused(status) => vec![status],
            Outcome::Answered(status) => vec![status, 200],
            Outcome::Taken(_) => vec![200; reaches.len()],
        };
        let reached = seen.iter().map(|(method, target, body)| (&**method, &**target, &**body));
        let fits = statuses == answers && reached.eq(reaches);
        if !fits {
            wrong.push(format!("{name}: {outcome:?}, but {statuses:?} and {seen:?}\n"));
        }
    }
    assert!(recorder.take().is_empty(), "a request came late");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.concat());
    println!("{count} cases");
}
