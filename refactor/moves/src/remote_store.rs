//! Asking the programs that hold the copies. The functions block until there is an answer, or none in time.

use std::fmt;
use std::num::NonZero;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use runtime::{Clients, PrivateAuthorities, Token};
use serde_json::Value;
use spaces::Spaces;
use tokio::runtime::Handle;

use replication::steps::{Cancel, FenceWrites, Follow, HandOver, Release, Retire, Step, Take};
use replication::{
    Digest, DigestQuery, ErrorCode, Hashes, HashesQuery, Key, Peer, PeerClient, PeerError,
    PeerFault, Position, QUICK, SLOW, SideStatus, StandingQuery,
};

/// How long a program may wait for what is to come before it says how things are.
const WAIT: Duration = Duration::from_millis(500);
/// How long it may take to remove all rows.
const PURGE: Duration = Duration::from_secs(600);

/// Why a program did not do what it was asked, in a sentence that does not name it.
#[derive(Clone, Debug)]
pub(super) struct NotDone(PeerError);

impl Deref for NotDone {
    type Target = PeerError;

    fn deref(&self) -> &PeerError {
        &self.0
    }
}

impl NotDone {
    /// Why the program refuses, if it says so in a way that this version knows.
    pub(super) fn code(&self) -> Option<ErrorCode> {
        match &self.fault {
            PeerFault::Refused { code, .. } | PeerFault::Failed { code, .. } => *code,
            _ => None,
        }
    }
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            // Other causes are the words of the system.
            PeerFault::Unreachable { sent: false, cause } if cause.contains("certificate") => {
                write!(f, "it is not reached (no connection: {cause})")
            }
            PeerFault::Unreachable { sent: false, .. } => {
                f.write_str("it is not reached (no connection)")
            }
            PeerFault::Unreachable { cause, .. } => write!(f, "it is not reached ({cause})"),
            PeerFault::Silent { within } => {
                write!(f, "it is not reached (no answer within {} ms)", within.as_millis())
            }
            PeerFault::Refused { detail, .. } => f.write_str(detail),
            fault @ PeerFault::OtherProtocol { .. } => {
                write!(f, "it {fault}: run the same version of both")
            }
            fault => write!(f, "it {fault}"),
        }
    }
}

/// The authorities that the services of all applications name.
struct ServiceAuthorities(Spaces);

impl PrivateAuthorities for ServiceAuthorities {
    fn of(&self, url: &str) -> Result<Option<Arc<[u8]>>, String> {
        self.0.authority_at(url)
    }
}

/// What is needed to ask any program of the board.
#[derive(Clone, Debug)]
pub(super) struct RemoteStores {
    client: PeerClient,
    runtime: Handle,
}

impl RemoteStores {
    /// # Errors
    /// If no client can be made.
    pub(super) fn new(token: Token, spaces: Spaces, runtime: Handle) -> reqwest::Result<Self> {
        let clients = Clients::trusting(ServiceAuthorities(spaces))?;
        Ok(Self { client: PeerClient::new(token, Arc::new(clients)), runtime })
    }

    /// The program that holds a collection at this URL, such as `http://127.0.0.1:3001/api/users`.
    pub(super) fn at(&self, url: &str) -> RemoteStore {
        RemoteStore { peers: self.clone(), url: url.to_owned() }
    }

    /// What both say of themselves, asked at once.
    pub(super) fn both(
        &self,
        one: &RemoteStore,
        other: &RemoteStore,
    ) -> [Result<SideStatus, NotDone>; 2] {
        self.ask(self.client.ownership(&one.url), self.client.ownership(&other.url))
    }

    /// The hashes of the first `limit` rows behind a key, of both at once.
    pub(super) fn digests(
        &self,
        one: &RemoteStore,
        other: &RemoteStore,
        after: Option<&Key>,
        limit: usize,
    ) -> [Result<Digest, NotDone>; 2] {
        let query = DigestQuery { after: after.cloned(), to: None, limit: Some(limit) };
        self.ask(self.client.digest(&one.url, &query), self.client.digest(&other.url, &query))
    }

    /// Waits for two answers at once.
    fn ask<T>(
        &self,
        one: impl Future<Output = Result<T, PeerError>>,
        other: impl Future<Output = Result<T, PeerError>>,
    ) -> [Result<T, NotDone>; 2] {
        let (one, other) = self.runtime.block_on(async { tokio::join!(one, other) });
        [one.map_err(NotDone), other.map_err(NotDone)]
    }
}

/// A program, as the holder of a copy.
#[derive(Clone, Debug)]
pub(super) struct RemoteStore {
    peers: RemoteStores,
    pub(super) url: String,
}

impl RemoteStore {
    /// What it says of itself.
    pub(super) fn ownership(&self) -> Result<SideStatus, NotDone> {
        self.wait(self.client().ownership(&self.url))
    }

    /// The same, as soon as it has everything up to a position, or after a while; there is not more time than that.
    pub(super) fn ownership_at(
        &self,
        position: Position,
        time: Duration,
    ) -> Result<SideStatus, NotDone> {
        let (time, wait) = (time.min(QUICK), (time / 2).min(WAIT).as_millis());
        let wait = u64::try_from(wait).unwrap_or_default();
        let query = StandingQuery { covers: Some(position), wait };
        self.wait(self.client().ownership_at(&self.url, &query, time))
    }

    pub(super) fn follow(
        &self,
        source: &str,
        most_rows: Option<NonZero<u32>>,
    ) -> Result<SideStatus, NotDone> {
        let source = source.to_owned();
        self.tell(&Follow { source, max_rows_per_second: most_rows }, SLOW)
    }

    pub(super) fn cancel(&self) -> Result<SideStatus, NotDone> {
        self.tell(&Cancel {}, PURGE)
    }

    pub(super) fn fence(
        &self,
        id: &str,
        epoch: u64,
        time: Duration,
    ) -> Result<SideStatus, NotDone> {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.tell(&FenceWrites { id: id.to_owned(), epoch, ms }, time)
    }

    pub(super) fn release(&self, id: &str) -> Result<SideStatus, NotDone> {
        self.tell(&Release { id: id.to_owned() }, QUICK)
    }

    pub(super) fn handover(&self, id: &str, epoch: u64, to: &Peer) -> Result<SideStatus, NotDone> {
        self.tell(&HandOver { id: id.to_owned(), epoch, to: to.clone() }, QUICK)
    }

    pub(super) fn retire(&self, keep_data: bool) -> Result<SideStatus, NotDone> {
        self.tell(&Retire { keep_data }, PURGE)
    }

    pub(super) fn take(&self) -> Result<SideStatus, NotDone> {
        self.tell(&Take {}, SLOW)
    }

    /// Whether it can read the feed of another one.
    pub(super) fn probe(&self, peer: &str) -> Result<(), NotDone> {
        self.wait(self.client().probe(&self.url, peer)).map(drop)
    }

    /// The hashes of the rows behind a key, up to another one.
    pub(super) fn hashes(&self, after: Option<&Key>, to: &Key) -> Result<Hashes, NotDone> {
        let query = HashesQuery { after: after.cloned(), to: Some(to.clone()), recent: None };
        self.wait(self.client().hashes(&self.url, &query))
    }

    /// The hashes of the rows that were changed last.
    pub(super) fn recent(&self, count: usize) -> Result<Hashes, NotDone> {
        let query = HashesQuery { recent: Some(count), ..HashesQuery::default() };
        self.wait(self.client().hashes(&self.url, &query))
    }

    /// The hashes of these rows, as far as they exist.
    pub(super) fn rows(&self, keys: &[Key]) -> Result<Hashes, NotDone> {
        self.wait(self.client().rows(&self.url, keys))
    }

    /// A member as its readers see it, with all fields; `None` if there is none.
    pub(super) fn member(&self, key: &Key) -> Result<Option<Value>, NotDone> {
        self.wait(self.client().member(&self.url, key))
    }

    /// Whether it has such a collection at all; `None` if it does not say.
    pub(super) fn exists(&self) -> Option<bool> {
        self.peers.runtime.block_on(self.client().exists(&self.url))
    }

    fn tell<S: Step>(&self, step: &S, time: Duration) -> Result<SideStatus, NotDone> {
        self.wait(self.client().tell(&self.url, step, time))
    }

    fn client(&self) -> &PeerClient {
        &self.peers.client
    }

    fn wait<T>(&self, answer: impl Future<Output = Result<T, PeerError>>) -> Result<T, NotDone> {
        self.peers.runtime.block_on(answer).map_err(NotDone)
    }
}
