//! One request to a program, and its answer.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, Response, StatusCode};
use runtime::{Clients, Token, chain};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};

use super::peer_error::{PeerError, PeerFault};
use crate::ErrorCode;

/// The largest answer, in bytes: a page of the feed, written in the most wasteful way.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// The most characters of a program's own words that are passed on.
const WORDS: usize = 500;

/// How long an answer may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallTimes {
    /// Until it begins.
    pub(super) begin: Duration,
    /// Between two parts of it.
    pub(super) pause: Duration,
    /// Until it is whole.
    pub(super) whole: Duration,
}

impl CallTimes {
    /// This long in all.
    pub(super) fn of(time: Duration) -> Self {
        Self { begin: time, pause: time, whole: time }
    }
}

/// A request.
#[derive(Debug)]
pub(super) struct Question<'a> {
    /// The collection's URL at the program.
    pub(super) url: &'a str,
    method: Method,
    /// What follows the URL.
    path: String,
    body: Option<Vec<u8>>,
}

/// An answer with status 200.
#[derive(Debug)]
pub(super) struct PeerAnswer {
    /// When it began.
    pub(super) at: std::time::Instant,
    pub(super) body: Vec<u8>,
}

/// What a problem document says of its cause: for people, and as an [`ErrorCode`], if this version knows it.
#[derive(Deserialize)]
struct Problem {
    detail: String,
    code: Option<Value>,
}

impl<'a> Question<'a> {
    pub(super) fn get(url: &'a str, path: &str) -> Self {
        Self { url, method: Method::GET, path: path.to_owned(), body: None }
    }

    pub(super) fn post(url: &'a str, path: &str, body: &impl Serialize) -> Self {
        // Texts, numbers and lists of them are in it, so it can be written.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self { url, method: Method::POST, path: path.to_owned(), body: Some(body) }
    }

    /// Sends it, and waits for the answer.
    ///
    /// # Errors
    /// If none comes in time, or another one than 200.
    pub(super) async fn ask(
        self,
        clients: &Clients,
        token: &Token,
        patience: CallTimes,
    ) -> Result<PeerAnswer, PeerError> {
        let url = self.url;
        let answered = self.send(clients, token, patience).await;
        answered.map_err(|fault| PeerError { url: url.to_owned(), fault })
    }

    async fn send(
        self,
        clients: &Clients,
        token: &Token,
        patience: CallTimes,
    ) -> Result<PeerAnswer, PeerFault> {
        let Self { url, method, path, body } = self;
        let client = clients.of(url);
        let client = client.map_err(|cause| PeerFault::Unreachable { cause, sent: false })?;
        let mut request = client.request(method, format!("{url}{path}"));
        if path.starts_with("/-/") {
            // Every other path is public.
            request = request.header(AUTHORIZATION, token.bearer());
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let start = Instant::now();
        let answer = timeout(patience.begin, request.send()).await;
        let answer = answer.map_err(|_elapsed| PeerFault::Silent { within: patience.begin })?;
        let answer = answer.map_err(unreachable)?;
        let (at, status) = (std::time::Instant::now(), answer.status());
        let length = answer.content_length();
        let body = collect(answer, length, start, patience).await?;
        if status == StatusCode::OK {
            Ok(PeerAnswer { at, body })
        } else {
            Err(fault(status, &body))
        }
    }
}

/// A body as it comes.
trait Parts {
    /// The next part; nothing at the end.
    async fn next(&mut self) -> Result<Option<impl AsRef<[u8]>>, PeerFault>;
}

impl Parts for Response {
    async fn next(&mut self) -> Result<Option<impl AsRef<[u8]>>, PeerFault> {
        self.chunk().await.map_err(unreachable)
    }
}

/// The body, bounded in size and time. `length`: what the answer says of it.
async fn collect(
    mut parts: impl Parts,
    length: Option<u64>,
    start: Instant,
    patience: CallTimes,
) -> Result<Vec<u8>, PeerFault> {
    let CallTimes { pause, whole, .. } = patience;
    let end = start + whole;
    let length = length.and_then(|length| usize::try_from(length).ok());
    let mut body = Vec::with_capacity(length.unwrap_or(0).min(ANSWER_BYTES));
    loop {
        let next = Instant::now() + pause;
        let late = if next < end {
            PeerFault::Stalled { within: pause }
        } else {
            PeerFault::Slow { within: whole }
        };
        let part = timeout_at(end.min(next), parts.next()).await.map_err(|_elapsed| late)??;
        let Some(part) = part else { return Ok(body) };
        let part = part.as_ref();
        if body.len() + part.len() > ANSWER_BYTES {
            return Err(PeerFault::Unreadable { what: format!("over {ANSWER_BYTES} bytes") });
        }
        body.extend_from_slice(part);
    }
}

/// What an answer with another status than 200 says.
fn fault(status: StatusCode, body: &[u8]) -> PeerFault {
    let problem = serde_json::from_slice::<Problem>(body).ok();
    let code =
        problem.as_ref().and_then(|problem| ErrorCode::named(problem.code.as_ref()?.as_str()?));
    let detail = problem.map(|problem| problem.detail.chars().take(WORDS).collect());
    match (status.as_u16(), detail) {
        (404, _) => PeerFault::Unknown,
        (status @ 400..500, Some(detail)) => PeerFault::Refused { status, code, detail },
        (status, detail) => PeerFault::Failed { status, code, detail },
    }
}

fn unreachable(error: reqwest::Error) -> PeerFault {
    let sent = !error.is_connect();
    // Its own words hold the URL, with a cursor that is another one each time.
    PeerFault::Unreachable { cause: chain(&error.without_url()), sent }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::thread;
    use std::time::Duration;

    use runtime::{Clients, Token};
    use tokio::time::{Instant, sleep};

    use super::super::SLOW;
    use super::{CallTimes, Parts, Question, StatusCode, collect, fault};
    use crate::{ErrorCode, PeerFault};

    /// More than what a connection takes that is not read.
    const BYTES: usize = 24 * 1024 * 1024;

    const WHILE: Duration = Duration::from_secs(2);

    /// A body of two bytes, each of which comes after another pause.
    struct Pausing {
        pause: Duration,
        left: usize,
    }

    impl Parts for Pausing {
        async fn next(&mut self) -> Result<Option<impl AsRef<[u8]>>, PeerFault> {
            let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
            sleep(self.pause).await;
            self.left = left;
            Ok(Some(b" "))
        }
    }

    async fn pausing(pause: Duration, patience: CallTimes) -> Result<Vec<u8>, PeerFault> {
        collect(Pausing { pause, left: 2 }, Some(2), Instant::now(), patience).await
    }

    // The clock stands still, and jumps to the next timer.
    #[tokio::test(start_paused = true)]
    async fn what_comes_late_of_an_answer_is_told_from_no_answer() {
        let (short, long) = (Duration::from_millis(300), 30 * WHILE);
        let stalled = pausing(WHILE, CallTimes { begin: WHILE, pause: short, whole: long }).await;
        assert_eq!(stalled, Err(PeerFault::Stalled { within: short }));
        let patience = CallTimes { begin: WHILE, pause: WHILE, whole: short };
        let late = pausing(short * 2 / 3, patience).await;
        assert_eq!(late, Err(PeerFault::Slow { within: short }));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_pauses_is_in_time_if_all_of_it_is() {
        let patience = CallTimes::of(SLOW);
        assert_eq!(pausing(SLOW / 2, patience).await.as_deref(), Ok(&b"  "[..]));
        let late = pausing(SLOW / 2 + Duration::from_millis(1), patience).await;
        assert_eq!(late, Err(PeerFault::Slow { within: SLOW }));
    }

    #[tokio::test]
    async fn an_answer_is_as_old_as_its_head_however_long_the_rest_takes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().unwrap().unwrap() != "" {}
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&vec![b' '; BYTES - 1]).unwrap();
            // Most of it was read by now, and the head before it.
            let sent = std::time::Instant::now();
            stream.write_all(b" ").unwrap();
            sent
        });
        let patience = CallTimes { begin: WHILE, pause: WHILE, whole: 30 * WHILE };
        let token: Token = "a-token-for-this-test".parse().unwrap();
        let question = Question::get(&url, "/-/changes");
        let answer = question.ask(&Clients::new().unwrap(), &token, patience).await.unwrap();
        assert_eq!(answer.body.len(), BYTES);
        assert!(answer.at < sent.join().unwrap());
    }

    #[test]
    fn a_refusal_says_why_by_its_code_whatever_its_words() {
        let refused = |body: &str| fault(StatusCode::CONFLICT, body.as_bytes());
        let said = |code| PeerFault::Refused { status: 409, code, detail: "no".into() };
        assert_eq!(refused(r#"{"detail":"no","code":"fenced"}"#), said(Some(ErrorCode::Fenced)));
        assert_eq!(refused(r#"{"detail":"no","code":"of_a_later_version"}"#), said(None));
        assert_eq!(refused(r#"{"detail":"no"}"#), said(None));
        assert_eq!(refused(r#"{"detail":"no","code":409}"#), said(None));
        let no_words = PeerFault::Failed { status: 409, code: None, detail: None };
        assert_eq!(refused("<html>"), no_words);
    }
}
