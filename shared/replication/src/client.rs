//! The client of the protocol.

mod ask;
mod peer_error;

use std::sync::Arc;
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use runtime::{Clients, Token, chain};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::task::spawn_blocking;

use self::ask::{CallTimes, PeerAnswer, Question};
pub use self::peer_error::{PeerError, PeerFault};
use crate::steps::{Forget, NamedRows, Probe, Probed, Step};
use crate::{
    AnswerHead, Changes, ChangesQuery, Digest, DigestQuery, Hashes, HashesQuery, Key, PROTOCOL,
    SideStatus, StandingQuery,
};

/// How long an answer may take that costs the program next to nothing.
pub const QUICK: Duration = Duration::from_secs(2);
/// How long an answer may take for which the program asks another one, or reads many rows.
pub const SLOW: Duration = Duration::from_secs(15);

/// How long a whole page of a feed may take.
const PAGE_TIME: Duration = Duration::from_secs(60);
/// The longest time between two parts of it.
const PAGE_PAUSE: Duration = Duration::from_secs(2);
/// From this size on a page is read on a thread of its own, in bytes.
const LARGE: usize = 64 * 1024;

/// Asks the programs that have copies of a collection, and shows them the token. The URL is the collection's, such as
/// `http://127.0.0.1:3001/api/users`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PeerClient {
    token: Token,
    clients: Arc<Clients>,
}

/// A page of a peer's feed.
#[derive(Debug)]
pub struct PeerPage<M> {
    /// The page.
    pub changes: Changes<M>,
    /// Whether the peer's clients wait longer than usual.
    pub busy: bool,
    /// When it began to arrive: the peer had read all of it by then.
    pub at: Instant,
}

impl PeerClient {
    /// A client that shows this token.
    pub fn new(token: Token, clients: Arc<Clients>) -> Self {
        Self { token, clients }
    }

    /// What a program says of itself.
    ///
    /// # Errors
    /// If it does not answer so.
    pub async fn ownership(&self, url: &str) -> Result<SideStatus, PeerError> {
        self.side(Question::get(url, "/-/ownership"), QUICK).await
    }

    /// The same within a time, once it has everything up to a position or the query's wait is over.
    ///
    /// # Errors
    /// If it does not answer so.
    pub async fn ownership_at(
        &self,
        url: &str,
        query: &StandingQuery,
        time: Duration,
    ) -> Result<SideStatus, PeerError> {
        self.side(Question::get(url, &path("ownership", query)), time).await
    }

    /// Has a step done within a time.
    ///
    /// # Errors
    /// If it does not say that it is done.
    pub async fn tell<S: Step>(
        &self,
        url: &str,
        step: &S,
        time: Duration,
    ) -> Result<SideStatus, PeerError> {
        self.side(Question::post(url, &format!("/-/{}", S::NAME), step), time).await
    }

    /// Tells a source that a follower has left.
    ///
    /// # Errors
    /// If it does not say that it knows.
    pub async fn forget(&self, url: &str, follower: &str) -> Result<(), PeerError> {
        self.tell(url, &Forget { follower: follower.to_owned() }, QUICK).await.map(drop)
    }

    /// A page of a feed.
    ///
    /// # Errors
    /// If it does not answer so.
    pub async fn changes<M: DeserializeOwned + Send + 'static>(
        &self,
        url: &str,
        query: &ChangesQuery,
    ) -> Result<PeerPage<M>, PeerError> {
        let wait = Duration::from_millis(query.wait);
        let patience = CallTimes { begin: wait + QUICK, pause: PAGE_PAUSE, whole: PAGE_TIME };
        let PeerAnswer { at, body } =
            self.ask(Question::get(url, &path("changes", query)), patience).await?;
        let AnswerHead { busy, .. } = head(url, &body)?;
        let changes = if body.len() < LARGE {
            read(url, &body)?
        } else {
            let owned = url.to_owned();
            let parsed = spawn_blocking(move || read(&owned, &body)).await;
            parsed.map_err(|error| unreadable(url, chain(&error)))??
        };
        Ok(PeerPage { changes, busy, at })
    }

    /// Says so if another store than this one answers there. That one refuses whatever is asked of its feed, and
    /// gives another reason.
    pub async fn other_store(&self, url: &str, store: &str) -> Option<PeerError> {
        let found = self.ownership(url).await.ok()?.ownership.store;
        (found != store)
            .then(|| PeerError { url: url.to_owned(), fault: PeerFault::OtherStore { found } })
    }

    /// Whether a program can read the feed of another one, and what it found there.
    ///
    /// # Errors
    /// If it cannot.
    pub async fn probe(&self, url: &str, peer: &str) -> Result<Probed, PeerError> {
        let probe = Probe { peer: peer.to_owned() };
        self.json(Question::post(url, "/-/probe", &probe)).await
    }

    /// The hash of a range of rows.
    ///
    /// # Errors
    /// If it does not answer so.
    pub async fn digest(&self, url: &str, query: &DigestQuery) -> Result<Digest, PeerError> {
        self.json(Question::get(url, &path("digest", query))).await
    }

    /// The hash of each row of a range, or of those that were changed last.
    ///
    /// # Errors
    /// If it does not answer so.
    pub async fn hashes(&self, url: &str, query: &HashesQuery) -> Result<Hashes, PeerError> {
        self.json(Question::get(url, &path("hashes", query))).await
    }

    /// The hash of each of these rows, as far as they exist.
    ///
    /// # Errors
    /// If it does not answer so.
    pub async fn rows(&self, url: &str, keys: &[Key]) -> Result<Hashes, PeerError> {
        self.json(Question::post(url, "/-/hashes", &NamedRows { keys: keys.to_vec() })).await
    }

    /// A member as its readers see it, with all fields; `None` if it does not exist.
    ///
    /// # Errors
    /// If it does not answer so.
    pub async fn member(&self, url: &str, key: &Key) -> Result<Option<Value>, PeerError> {
        let segment = utf8_percent_encode(&key.shown(), NON_ALPHANUMERIC).to_string();
        match self.json(Question::get(url, &format!("/{segment}?view=full"))).await {
            Ok(member) => Ok(Some(member)),
            Err(PeerError { fault: PeerFault::Unknown, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a program has such a collection for its readers; `None` if it does not say.
    pub async fn exists(&self, url: &str) -> Option<bool> {
        match self.json::<Value>(Question::get(url, "?limit=1")).await.map_err(|error| error.fault)
        {
            // A retired store refuses and says where its rows are now.
            Ok(_) | Err(PeerFault::Refused { .. }) => Some(true),
            Err(PeerFault::Unknown) => Some(false),
            Err(_) => None,
        }
    }

    async fn side(&self, question: Question<'_>, time: Duration) -> Result<SideStatus, PeerError> {
        let url = question.url;
        let PeerAnswer { body, .. } = self.ask(question, CallTimes::of(time)).await?;
        head(url, &body)?;
        read(url, &body)
    }

    async fn json<T: DeserializeOwned>(&self, question: Question<'_>) -> Result<T, PeerError> {
        let url = question.url;
        let PeerAnswer { body, .. } = self.ask(question, CallTimes::of(SLOW)).await?;
        read(url, &body)
    }

    async fn ask(
        &self,
        question: Question<'_>,
        patience: CallTimes,
    ) -> Result<PeerAnswer, PeerError> {
        question.ask(&self.clients, &self.token, patience).await
    }
}

/// The path of a query.
fn path(name: &str, query: &impl Serialize) -> String {
    // Texts and numbers alone are in it, so it can be written.
    format!("/-/{name}?{}", serde_urlencoded::to_string(query).unwrap_or_default())
}

/// What every answer says first.
fn head(url: &str, body: &[u8]) -> Result<AnswerHead, PeerError> {
    let head: AnswerHead = read(url, body)?;
    if head.protocol == PROTOCOL {
        return Ok(head);
    }
    let fault = PeerFault::OtherProtocol { found: head.protocol };
    Err(PeerError { url: url.to_owned(), fault })
}

fn read<T: DeserializeOwned>(url: &str, body: &[u8]) -> Result<T, PeerError> {
    serde_json::from_slice(body).map_err(|error| unreadable(url, chain(&error)))
}

fn unreadable(url: &str, what: String) -> PeerError {
    PeerError { url: url.to_owned(), fault: PeerFault::Unreadable { what } }
}
