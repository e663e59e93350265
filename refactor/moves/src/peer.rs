//! Asking the programs that hold the copies. The functions block until there is an answer, or none in time.

use std::fmt;
use std::num::NonZero;
use std::time::Duration;

use http::Method;
use http::header::AUTHORIZATION;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Client;
use runtime::Token;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use replication::steps::{
    Cancel, FenceWrites, Follow, HandOver, NamedRows, Probe, Release, Retire, Step, Take,
};
use replication::{
    Digest, DigestQuery, Hashes, HashesQuery, Key, PROTOCOL, Peer as Name, Position, SideStatus,
    StandingQuery,
};

/// How long an answer may take that costs the program next to nothing.
const QUICK: Duration = Duration::from_secs(2);
/// How long a program may wait for what is to come before it says how things are.
const WAIT: Duration = Duration::from_millis(500);
/// How long an answer may take for which the program waits for another one, or reads many rows.
const SLOW: Duration = Duration::from_secs(15);
/// How long it may take to remove all rows.
const PURGE: Duration = Duration::from_secs(600);

/// Why a program did not do what it was asked for.
#[derive(Clone, Debug)]
pub(super) enum PeerError {
    /// No whole answer came: it may have done it, unless it never got the request.
    Silent { how: String, sent: bool },
    /// It has no such path, for us: another collection, no token, or another one.
    Unknown,
    /// It did not, and says why.
    Refused(String),
    /// An answer that is none: it may have done it.
    Failed(String),
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent { how, .. } => write!(f, "it is not reached ({how})"),
            Self::Unknown => f.write_str("it answers 404"),
            Self::Refused(why) => f.write_str(why),
            Self::Failed(how) => write!(f, "it does not answer as it should ({how})"),
        }
    }
}

impl PeerError {
    /// Whether it surely did not do what it was asked for.
    pub(super) fn is_sure(&self) -> bool {
        matches!(self, Self::Unknown | Self::Refused(_) | Self::Silent { sent: false, .. })
    }
}

/// What is needed to ask any program of the board.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    token: Token,
    http: Client,
    runtime: Handle,
}

impl Peers {
    /// # Errors
    /// If TLS cannot be set up.
    pub(super) fn new(token: Token, runtime: Handle) -> reqwest::Result<Self> {
        Ok(Self { token, http: runtime::http_client(true)?, runtime })
    }

    /// The program that holds a collection at this URL, such as `http://127.0.0.1:3001/api/users`.
    pub(super) fn at(&self, url: &str) -> Peer {
        Peer { peers: self.clone(), url: url.to_owned() }
    }

    /// What both say of themselves, asked at once.
    pub(super) fn both(&self, one: &Peer, other: &Peer) -> [Result<SideStatus, PeerError>; 2] {
        self.runtime.block_on(async {
            let (one, other) = tokio::join!(one.look(QUICK), other.look(QUICK));
            [one, other]
        })
    }

    /// The hashes of the first `limit` rows behind a key, of both at once.
    pub(super) fn digests(
        &self,
        one: &Peer,
        other: &Peer,
        after: Option<&Key>,
        limit: usize,
    ) -> [Result<Digest, PeerError>; 2] {
        let query = DigestQuery { after: after.cloned(), to: None, limit: Some(limit) };
        let path = path("digest", &query);
        self.runtime.block_on(async {
            let (one, other) = tokio::join!(
                one.read(Method::GET, &path, None),
                other.read(Method::GET, &path, None)
            );
            [one, other]
        })
    }
}

/// A program, as the holder of a copy.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    peers: Peers,
    pub(super) url: String,
}

impl Peer {
    /// What it says of itself.
    pub(super) fn ownership(&self) -> Result<SideStatus, PeerError> {
        self.peers.runtime.block_on(self.look(QUICK))
    }

    /// The same, as soon as it has everything up to a position, or after a while; there is not more time than that.
    pub(super) fn ownership_at(
        &self,
        position: Position,
        time: Duration,
    ) -> Result<SideStatus, PeerError> {
        let (time, wait) = (time.min(QUICK), (time / 2).min(WAIT).as_millis());
        let wait = u64::try_from(wait).unwrap_or_default();
        let path = path("ownership", &StandingQuery { covers: Some(position), wait });
        let asked = self.ask(Method::GET, &path, None, time);
        self.peers.runtime.block_on(asked).and_then(ownership)
    }

    pub(super) fn follow(
        &self,
        source: &str,
        most_rows: Option<NonZero<u32>>,
    ) -> Result<SideStatus, PeerError> {
        let source = source.to_owned();
        self.tell(&Follow { source, max_rows_per_second: most_rows }, SLOW)
    }

    pub(super) fn cancel(&self) -> Result<SideStatus, PeerError> {
        self.tell(&Cancel {}, PURGE)
    }

    pub(super) fn fence(
        &self,
        id: &str,
        epoch: u64,
        time: Duration,
    ) -> Result<SideStatus, PeerError> {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.tell(&FenceWrites { id: id.to_owned(), epoch, ms }, time)
    }

    pub(super) fn release(&self, id: &str) -> Result<SideStatus, PeerError> {
        self.tell(&Release { id: id.to_owned() }, QUICK)
    }

    pub(super) fn handover(
        &self,
        id: &str,
        epoch: u64,
        to: &Name,
    ) -> Result<SideStatus, PeerError> {
        self.tell(&HandOver { id: id.to_owned(), epoch, to: to.clone() }, QUICK)
    }

    pub(super) fn retire(&self, keep_data: bool) -> Result<SideStatus, PeerError> {
        self.tell(&Retire { keep_data }, PURGE)
    }

    pub(super) fn take(&self) -> Result<SideStatus, PeerError> {
        self.tell(&Take {}, SLOW)
    }

    /// Whether it can read the feed of another one.
    pub(super) fn probe(&self, peer: &str) -> Result<(), PeerError> {
        let body = json!(Probe { peer: peer.to_owned() });
        let asked = self.ask(Method::POST, "/-/probe", Some(&body), SLOW);
        self.peers.runtime.block_on(asked).map(drop)
    }

    /// The hashes of the rows behind a key, up to another one.
    pub(super) fn hashes(&self, after: Option<&Key>, to: &Key) -> Result<Hashes, PeerError> {
        let query = HashesQuery { after: after.cloned(), to: Some(to.clone()), recent: None };
        self.get(&path("hashes", &query))
    }

    /// The hashes of the rows that were changed last.
    pub(super) fn recent(&self, count: usize) -> Result<Hashes, PeerError> {
        self.get(&path("hashes", &HashesQuery { recent: Some(count), ..HashesQuery::default() }))
    }

    /// The hashes of these rows, as far as there are such.
    pub(super) fn rows(&self, keys: &[Key]) -> Result<Hashes, PeerError> {
        let body = json!(NamedRows { keys: keys.to_vec() });
        self.peers.runtime.block_on(self.read(Method::POST, "/-/hashes", Some(&body)))
    }

    /// A member as its readers see it, with all fields; `None` if there is none.
    pub(super) fn member(&self, key: &Key) -> Result<Option<Value>, PeerError> {
        let segment = utf8_percent_encode(&key.shown(), NON_ALPHANUMERIC).to_string();
        match self.get(&format!("/{segment}?view=full")) {
            Ok(member) => Ok(Some(member)),
            Err(PeerError::Unknown) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether it has such a collection at all; `None` if it does not say.
    pub(super) fn exists(&self) -> Option<bool> {
        match self.get::<Value>("?limit=1") {
            Ok(_) => Some(true),
            // A retired copy says where its rows are now.
            Err(PeerError::Refused(_)) => Some(true),
            Err(PeerError::Unknown) => Some(false),
            Err(PeerError::Silent { .. } | PeerError::Failed(_)) => None,
        }
    }

    async fn look(&self, time: Duration) -> Result<SideStatus, PeerError> {
        ownership(self.ask(Method::GET, "/-/ownership", None, time).await?)
    }

    fn tell<S: Step>(&self, step: &S, time: Duration) -> Result<SideStatus, PeerError> {
        let (path, body) = (format!("/-/{}", S::NAME), json!(step));
        let told = self.ask(Method::POST, &path, Some(&body), time);
        self.peers.runtime.block_on(told).and_then(ownership)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, PeerError> {
        self.peers.runtime.block_on(self.read(Method::GET, path, None))
    }

    async fn read<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, PeerError> {
        let answer = self.ask(method, path, body, SLOW).await?;
        serde_json::from_value(answer)
            .map_err(|error| PeerError::Failed(format!("{}{path}: {error}", self.url)))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        time: Duration,
    ) -> Result<Value, PeerError> {
        let url = format!("{}{path}", self.url);
        let silent = |error: reqwest::Error| {
            let sent = !error.is_connect();
            let how = if !sent {
                "no connection".to_owned()
            } else if error.is_timeout() {
                format!("no answer within {} ms", time.as_millis())
            } else {
                // Its own words hold the URL, with the query.
                runtime::chain(&error.without_url())
            };
            PeerError::Silent { how, sent }
        };
        let mut request = self.peers.http.request(method, &url).timeout(time);
        if path.starts_with("/-/") {
            // Only `/-/` needs the token: all other paths are public.
            request = request.header(AUTHORIZATION, self.peers.token.bearer());
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.map_err(silent)?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.map_err(silent)?;
        let failed = |how: &str| PeerError::Failed(format!("{url}: {how}"));
        let read = serde_json::from_slice::<Value>(&bytes);
        match (status, read) {
            (200, Ok(value)) => Ok(value),
            (404, _) => Err(PeerError::Unknown),
            (400..500, Ok(problem)) if problem["detail"].is_string() => {
                Err(PeerError::Refused(problem["detail"].as_str().unwrap_or_default().to_owned()))
            }
            // After 502 and 504 a step may have been done, and it may be repeated.
            (502..=504, Ok(problem)) if problem["detail"].is_string() => {
                Err(failed(problem["detail"].as_str().unwrap_or_default()))
            }
            (200, Err(error)) => Err(failed(&format!("no JSON: {error}"))),
            (status, _) => Err(failed(&format!("status {status}"))),
        }
    }
}

/// The path of a query.
fn path(name: &str, query: &impl Serialize) -> String {
    // Texts and numbers alone are in it, so it can be written.
    format!("/-/{name}?{}", serde_urlencoded::to_string(query).unwrap_or_default())
}

/// The document of a program that speaks our protocol.
fn ownership(document: Value) -> Result<SideStatus, PeerError> {
    if document["protocol"] != PROTOCOL {
        return Err(PeerError::Refused(format!(
            "it speaks protocol {} of moves, and this control plane {PROTOCOL}: run the same version of \
             both",
            document["protocol"]
        )));
    }
    serde_json::from_value(document).map_err(|error| PeerError::Failed(error.to_string()))
}
