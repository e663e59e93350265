//! Sending a request until it is answered.
//!
//! While a collection moves, the API may answer 503 (nothing was stored; `Retry-After` says when to ask again). Here such a
//! request is sent again, so that the person who sent a form notices a short wait and nothing else. Each request can
//! be repeated: a POST has an `Idempotency-Key`, and the others have `If-Match` or only read.

use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{Method, StatusCode};
use runtime::{BackOff, chain};
use tokio::time::{Instant, sleep, timeout};

use super::Api;

/// For how long a read is repeated. After that the page says that the board does not answer.
pub(super) const READ_TIME: Duration = Duration::from_secs(3);
/// For how long a form is sent again. A switch makes writes wait for 5 s at most before they get a 503.
pub(super) const WRITE_TIME: Duration = Duration::from_secs(20);
/// How long to wait before a request is sent again, if the answer does not say that.
const BACK_OFF: BackOff = BackOff::new(Duration::from_millis(50), Duration::from_secs(1));
/// The longest wait that is taken from `Retry-After`.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A request that can be sent again.
pub(super) struct Repeatable<'a> {
    pub(super) method: Method,
    /// Below the API's own.
    pub(super) path: String,
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) body: Option<String>,
    /// For how long it is sent again.
    pub(super) time: Duration,
}

/// The whole of an answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// There was no answer in time.
#[derive(Debug)]
pub(super) struct Unanswered {
    /// Whether a write may have been stored nevertheless.
    pub(super) perhaps: bool,
    /// What happened to the last attempt.
    pub(super) cause: String,
}

impl Api {
    /// Sends a request until its answer is not 421, 502, 503 or 504.
    ///
    /// # Errors
    /// If there was no such answer in time.
    pub(super) async fn ask(&self, request: Repeatable<'_>) -> Result<Reply, Unanswered> {
        let end = Instant::now() + request.time;
        let mut back_off = BACK_OFF;
        let mut perhaps = false;
        loop {
            let (wait, cause) = match timeout(end - Instant::now(), self.send(&request)).await {
                Err(_elapsed) => {
                    let seconds = request.time.as_secs();
                    let cause = format!("no answer within {seconds} s");
                    return Err(Unanswered { perhaps: true, cause });
                }
                Ok(Ok(reply)) => match reply.status.as_u16() {
                    421 | 503 => (reply.retry_after(), reply.to_string()),
                    502 | 504 => {
                        perhaps = true;
                        (None, reply.to_string())
                    }
                    _ => return Ok(reply),
                },
                Ok(Err(Unsent { perhaps: sent, cause })) => {
                    perhaps |= sent;
                    (None, cause)
                }
            };
            let wait = wait.unwrap_or_else(|| back_off.wait());
            if Instant::now() + wait >= end {
                log::warn!("{} {}: {cause}", request.method, request.path);
                return Err(Unanswered { perhaps, cause });
            }
            sleep(wait).await;
        }
    }

    async fn send(&self, request: &Repeatable<'_>) -> Result<Reply, Unsent> {
        let url = format!("{}{}", self.base, request.path);
        let client = self.clients.of(&url).map_err(|cause| Unsent { perhaps: false, cause })?;
        let mut sent = client.request(request.method.clone(), url);
        for (name, value) in request.headers {
            sent = sent.header(*name, *value);
        }
        if let Some(body) = &request.body {
            sent = sent.header(header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        let answer = sent.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(Reply { status, headers, body: answer.text().await? })
    }
}

/// An attempt without an answer.
struct Unsent {
    /// Whether it may have arrived.
    perhaps: bool,
    cause: String,
}

impl From<reqwest::Error> for Unsent {
    fn from(error: reqwest::Error) -> Self {
        Self { perhaps: !error.is_connect(), cause: chain(&error.without_url()) }
    }
}

impl Reply {
    fn retry_after(&self) -> Option<Duration> {
        let value = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        Some(Duration::from_secs(value.parse().ok()?).min(LONGEST_WAIT))
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.body.chars().take(300).collect();
        write!(f, "{} {start}", self.status)
    }
}
