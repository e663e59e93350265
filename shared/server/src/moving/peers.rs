//! Other copies of a collection, asked over HTTP.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::block;
use models::Content;
use replication::{ChangesQuery, Head, Ownership, PROTOCOL};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use runtime::{Clients, Token, chain};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::Changes;
use tokio::time::{Instant, timeout, timeout_at};

use crate::body::JSON;

/// For how long a peer may say nothing where it need not wait for anything itself.
const SILENCE: Duration = Duration::from_secs(2);
/// For how long a whole answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// The largest answer, in bytes: a page of the feed, written in the most wasteful way.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// The most characters of a peer's own words that are passed on.
const WORDS: usize = 500;
/// From this size on an answer is read on a thread of its own, in bytes.
const LARGE: usize = 64 * 1024;

/// Asks peers, and shows them the token.
pub(crate) struct Peers {
    bearer: String,
    clients: Arc<Clients>,
}

/// A page of a peer's feed.
pub(crate) struct Page {
    pub(crate) changes: Changes<Content>,
    /// Whether the peer's clients wait longer than usual.
    pub(crate) busy: bool,
    /// When it began to arrive: the peer had read all of it by then.
    pub(crate) at: std::time::Instant,
}

/// The only member of a problem that a person reads.
#[derive(Deserialize)]
struct Refusal {
    detail: String,
}

impl Peers {
    pub(crate) fn new(token: &Token, clients: Arc<Clients>) -> Self {
        Self { bearer: token.bearer(), clients }
    }

    /// The document of ownership of the collection at this URL.
    pub(crate) async fn ownership(&self, url: &str) -> Result<Ownership, PeerError> {
        let (_, body) = self.get(url, "ownership", SILENCE).await?;
        head(url, &body)?;
        read(url, &body)
    }

    /// A page of the feed of the collection at this URL.
    pub(crate) async fn changes(&self, url: &str, query: &ChangesQuery) -> Result<Page, PeerError> {
        let wait = Duration::from_millis(query.wait);
        let query = serde_urlencoded::to_string(query);
        let query = query.map_err(|error| PeerError::garbage(url, &error))?;
        let (at, body) = self.get(url, &format!("changes?{query}"), wait + SILENCE).await?;
        let Head { busy, .. } = head(url, &body)?;
        let changes = if body.len() < LARGE {
            read(url, &body)?
        } else {
            let owned = url.to_owned();
            let parsed = block(move || read(&owned, &body)).await;
            parsed.map_err(|error| PeerError::garbage(url, &error))??
        };
        Ok(Page { changes, busy, at })
    }

    /// Says so where another store than this one answers there: it refuses whatever is asked of its feed, and
    /// gives another reason.
    pub(crate) async fn stranger(&self, url: &str, store: &str) -> Option<PeerError> {
        let found = self.ownership(url).await.ok()?.store;
        (found != store).then(|| PeerError::Stranger { url: url.to_owned(), found })
    }

    /// Tells a source that a follower is none any more.
    pub(crate) async fn forget(&self, url: &str, follower: &str) -> Result<(), PeerError> {
        let request = self.client(url)?.post(format!("{url}/-/forget"));
        let request = request.header(header::CONTENT_TYPE, JSON);
        let request = request.body(format!(r#"{{"follower":"{follower}"}}"#));
        self.send(url, request, SILENCE).await.map(drop)
    }

    /// The body of an answer to `GET`, which begins within `patience`, and when it began.
    async fn get(
        &self,
        url: &str,
        path: &str,
        patience: Duration,
    ) -> Result<(std::time::Instant, Vec<u8>), PeerError> {
        let request = self.client(url)?.get(format!("{url}/-/{path}"));
        self.send(url, request, patience).await
    }

    async fn send(
        &self,
        url: &str,
        request: RequestBuilder,
        patience: Duration,
    ) -> Result<(std::time::Instant, Vec<u8>), PeerError> {
        let request = request.header(header::AUTHORIZATION, &self.bearer);
        let end = Instant::now() + ANSWER_TIME;
        let answer = timeout(patience, request.send()).await;
        let answer = answer.map_err(|_elapsed| PeerError::silent(url, patience))?;
        let answer = answer.map_err(|error| PeerError::unreachable(url, error))?;
        let (at, status) = (std::time::Instant::now(), answer.status());
        let body = collect(url, answer, end).await?;
        match status {
            StatusCode::OK => Ok((at, body)),
            StatusCode::NOT_FOUND => Err(PeerError::Unknown { url: url.to_owned() }),
            StatusCode::CONFLICT => {
                let Refusal { detail } = read(url, &body)?;
                let detail = detail.chars().take(WORDS).collect();
                Err(PeerError::Refused { url: url.to_owned(), detail })
            }
            status => Err(PeerError::Status { url: url.to_owned(), status: status.as_u16() }),
        }
    }

    fn client(&self, url: &str) -> Result<&Client, PeerError> {
        let client = self.clients.of(url);
        client.map_err(|cause| PeerError::Unreachable { url: url.to_owned(), cause })
    }
}

/// The body, bounded in size and time.
async fn collect(url: &str, mut answer: Response, end: Instant) -> Result<Vec<u8>, PeerError> {
    let length = answer.content_length().and_then(|length| usize::try_from(length).ok());
    let mut body = Vec::with_capacity(length.unwrap_or(0).min(ANSWER_BYTES));
    loop {
        let until = end.min(Instant::now() + SILENCE);
        let chunk = timeout_at(until, answer.chunk()).await;
        let chunk = chunk.map_err(|_elapsed| PeerError::silent(url, SILENCE))?;
        let chunk = chunk.map_err(|error| PeerError::unreachable(url, error))?;
        let Some(chunk) = chunk else { return Ok(body) };
        if body.len() + chunk.len() > ANSWER_BYTES {
            let what = format!("over {ANSWER_BYTES} bytes");
            return Err(PeerError::Garbage { url: url.to_owned(), what });
        }
        body.extend_from_slice(&chunk);
    }
}

/// What every answer says first; an error where it speaks another protocol.
fn head(url: &str, body: &[u8]) -> Result<Head, PeerError> {
    let head: Head = read(url, body)?;
    if head.protocol == PROTOCOL {
        return Ok(head);
    }
    Err(PeerError::Protocol { url: url.to_owned(), found: head.protocol })
}

fn read<T: DeserializeOwned>(url: &str, body: &[u8]) -> Result<T, PeerError> {
    serde_json::from_slice(body).map_err(|error| PeerError::garbage(url, &error))
}

/// Why a peer gave no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PeerError {
    /// There is nothing to show to a peer.
    NoToken,
    /// No connection, or one that broke.
    Unreachable { url: String, cause: String },
    /// A connection and no answer.
    Silent { url: String, seconds: u64 },
    /// 404: another token, or no collection there.
    Unknown { url: String },
    /// 409, with the peer's own words.
    Refused { url: String, detail: String },
    /// Another status.
    Status { url: String, status: u16 },
    /// An answer that is none of a collection's.
    Garbage { url: String, what: String },
    /// Another store than the one that is looked for.
    Stranger { url: String, found: String },
    /// Another protocol.
    Protocol { url: String, found: u32 },
}

impl PeerError {
    fn unreachable(url: &str, error: reqwest::Error) -> Self {
        // It would show the cursor, which is another one each time.
        Self::Unreachable { url: url.to_owned(), cause: chain(&error.without_url()) }
    }

    fn silent(url: &str, patience: Duration) -> Self {
        Self::Silent { url: url.to_owned(), seconds: patience.as_secs() }
    }

    fn garbage(url: &str, error: &dyn Error) -> Self {
        Self::Garbage { url: url.to_owned(), what: chain(error) }
    }

    /// Whether it may pass without anybody doing anything.
    pub(crate) fn heals(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Status { .. }
            | Self::Garbage { .. }
            | Self::Stranger { .. } => true,
            Self::NoToken | Self::Unknown { .. } | Self::Refused { .. } | Self::Protocol { .. } => {
                false
            }
        }
    }
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken => f.write_str(
                "MOVE_TOKEN is not set; start the program with the one of the other side",
            ),
            Self::Unreachable { url, cause } => {
                write!(f, "{url} cannot be reached ({cause}); start it, or check the address")
            }
            Self::Silent { url, seconds } => write!(
                f,
                "{url} takes connections and does not answer within {seconds} s; check it and the \
                 network in between"
            ),
            Self::Unknown { url } => write!(
                f,
                "{url}/-/ answers 404: its MOVE_TOKEN is not the one of this program, or there is no \
                 such collection at this address"
            ),
            Self::Refused { url, detail } => write!(f, "{url} refuses: {detail}"),
            Self::Status { url, status } => {
                write!(f, "{url} answers {status}; its log says why")
            }
            Self::Garbage { url, what } => write!(
                f,
                "{url} answers what no collection of a board does ({what}); check the address"
            ),
            Self::Stranger { url, found } => write!(
                f,
                "{url} is another store ({found}) than the one that this side knew there; start that one, \
                 or `banyan cancel` and `banyan follow` this one"
            ),
            Self::Protocol { url, found } => write!(
                f,
                "{url} speaks protocol {found} of moves and this program speaks {PROTOCOL}; run the \
                 same version on both sides"
            ),
        }
    }
}

impl Error for PeerError {}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread;
    use std::time::Instant;

    use super::{Peers, SILENCE};
    use runtime::Clients;
    use runtime::Token;

    /// More than what a connection takes that is not read.
    const BYTES: usize = 24 * 1024 * 1024;

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
            let sent = Instant::now();
            stream.write_all(b" ").unwrap();
            sent
        });
        let token: Token = "a-token-for-this-test".parse().unwrap();
        let peers = Peers::new(&token, Arc::new(Clients::new().unwrap()));
        let (at, body) = peers.get(&url, "changes", SILENCE).await.unwrap();
        assert_eq!(body.len(), BYTES);
        assert!(at < sent.join().unwrap());
    }
}
