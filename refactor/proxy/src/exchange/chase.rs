//! Finds the service that answers a request if the first one that was asked does not.
//!
//! - **Misdirected**: a service that is not the primary answers 421 and has stored nothing. The request goes to the
//!   candidate that the answer names. If the answer names none (during a handover), or two candidates name each
//!   other, the proxy waits a little and asks again.
//! - **Too old**: a client that writes, and then reads from a follower that lags, would not find its own write. The
//!   proxy discards such an answer and asks another candidate.
//! - **Perhaps too old**: after a restart the proxy does not know the clients that wrote before. For as long as it
//!   would have remembered them, it also discards each answer of a follower, and asks the primary.
//! - **Of an epoch that is over**: after a forced promotion the old primary may run again and still believe that it
//!   is the primary. A write that it accepts is lost, so the answer is 502; a read goes to another candidate. A write
//!   that is sent before an ordinary switch and answered after it is not lost: the new primary has it.
//! - **Not here yet**: a follower that does not have the record answers 404 and names the primary. The proxy asks the
//!   primary too.
//!
//! Only time bounds these, so no request goes round for ever. The proxy sends a request again only if it cannot have
//! been executed. It never sends a request again after the connection broke.

use std::borrow::Cow;
use std::sync::Arc;

use http1::{FieldKind, RequestHead};
use public_urls::Downstream;
use replication::Position;
use routes::RequestPath;

use super::candidates::Candidates;
use super::destination::RouteSide;
use super::ended::Ended;
use super::freshness::{Freshness, read_position};
use super::identity;
use super::problems::no_primary;
use super::search::{Search, Sought};
use crate::client_exchange::ClientExchange;
use crate::kept::Kept;
use crate::limits::{KEPT_BYTES, KEPT_REQUEST_BYTES};
use crate::metrics::Chases;
use crate::ownership::{self, Epoch};
use crate::site::Site;
use crate::split::is_read;
use crate::target::RouteTarget;

/// The state of the search for the primary of one request: `begin` makes it, `judge` says what follows an answer,
/// and `learn` ends it.
pub(super) struct Chase<'a> {
    pub(super) site: &'a Site,
    pub(super) downstream: &'a Downstream<'a>,
    pub(super) head: &'a RequestHead<'a>,
    pub(super) path: &'a RequestPath<'a>,
    pub(super) candidates: Candidates,
    /// The other side of a route that divides its requests.
    pub(super) other: Option<RouteSide>,
    /// The canary's own service, if this read goes there first, until its outcome is known.
    pub(super) canary: Option<Arc<RouteTarget>>,
    /// Whether the other side is asked because the canary gave no answer.
    pub(super) fell_back: bool,
    /// The version of the table in which the other candidates were looked for, once they were.
    pub(super) looked: Option<u64>,
    /// Whether the candidate that is asked is only believed to be the primary, since it was so before.
    pub(super) hinted: bool,
    /// The last one that was named as primary.
    pub(super) named: Option<usize>,
    pub(super) freshness: Freshness,
    /// The epoch of the collection, if known, from before the current candidate was asked.
    pub(super) epoch: Option<Epoch>,
    /// Of a write that could not be sent to another service, so that a change of primary waits for it.
    pub(super) _upload: Option<Arc<()>>,
    pub(super) search: Option<Search<'a>>,
}

/// The candidate to ask next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextCandidate {
    /// This candidate, at once.
    Now(usize),
    /// This candidate, after a wait.
    Later(usize),
}

impl<'a> Chase<'a> {
    /// The candidate that is being asked.
    pub(super) fn side(&self) -> &RouteSide {
        self.candidates.get(self.candidates.at())
    }

    /// The position that the current candidate must have reached. If several programs share one database, a program
    /// may learn its position only by asking the database.
    pub(super) fn position(&self) -> Option<Position> {
        let epoch = self.epoch.filter(|_| is_read(&self.head.method) && self.said().is_none());
        let begin = epoch.map(|epoch| Position { epoch: epoch.first(), at: 0 });
        self.freshness.position().or(begin)
    }

    /// How far a service must have come, as the client says.
    pub(super) fn said(&self) -> Option<Position> {
        self.head.first(FieldKind::Position).and_then(read_position)
    }

    /// The epoch of the collection now, if known.
    pub(super) fn present(&self) -> Option<Epoch> {
        let epochs = &self.site.epochs;
        if epochs.is_empty() { None } else { epochs.get(&self.collection()?) }
    }

    /// Room to keep the body, if the request may be sent more than once.
    pub(super) fn kept(&self) -> Option<Kept<'a>> {
        let again = self.candidates.count() > 1 && !self.head.body.is_over();
        again.then(|| self.site.shared.ownership.kept.open())
    }

    /// Goes on to the next candidate, at once or after a wait.
    ///
    /// # Errors
    /// 503 if it took too long already, or too many requests wait; or if the client left meanwhile.
    pub(super) async fn go_on<C: ClientExchange>(
        &mut self,
        client: &mut C,
        next: NextCandidate,
    ) -> Result<(), Ended> {
        let search = self.search.take();
        let new = || Search::begin(&self.site.shared.ownership, self.sought());
        let mut search = search.unwrap_or_else(new);
        match next {
            NextCandidate::Now(next) => self.candidates.go_to(next),
            NextCandidate::Later(next) => {
                if !search.wait(client, self.chases()).await? {
                    return Err(self.give_up());
                }
                self.candidates.begin_again(next);
            }
        }
        self.search = Some(search);
        self.epoch = self.present();
        Ok(())
    }

    fn sought(&self) -> Sought {
        if self.freshness.is_only_said() {
            Sought::Said
        } else if is_read(&self.head.method) {
            Sought::Read
        } else {
            Sought::Write
        }
    }

    /// Whether the time for the search is up.
    pub(super) fn is_late(&self) -> bool {
        self.search.as_ref().is_some_and(Search::is_late)
    }

    /// The client's answer if another service has to be asked, and the request is not here any more. Nothing was stored.
    pub(super) fn sent_once(&self) -> Ended {
        self.chases().gave_up.inc();
        let what = format!(
            "no service is the primary of this just now, and the proxy did not keep the request to send it again. It keeps \
             requests of up to {KEPT_REQUEST_BYTES} bytes, {KEPT_BYTES} bytes together; no setting changes these limits. \
             Nothing was stored, send it again"
        );
        no_primary(&self.candidates.get(0).target, &what)
    }

    /// The client's answer if the search ends without one. Nothing was stored.
    pub(super) fn give_up(&self) -> Ended {
        self.chases().gave_up.inc();
        let what = if self.freshness.position().is_some() {
            "no service has come as far yet as what was written before; ask again"
        } else if self.freshness.forgotten {
            "its primary does not answer, and its copies may not have what was written last; ask again"
        } else if is_read(&self.head.method) {
            "no service is the primary of this just now; ask again"
        } else {
            "no service is the primary of this just now; nothing was stored, send it again"
        };
        no_primary(&self.candidates.get(0).target, &format!("{what}. {}", self.sought().says()))
    }

    /// Looks for all candidates, once. Gives the version of the table that has them.
    pub(super) fn look(&mut self) -> u64 {
        if let Some(version) = self.looked {
            return version;
        }
        let table = self.site.table.load();
        let (method, other) = (&self.head.method, self.other.as_ref());
        self.candidates.look(&table, method, self.path, other, &self.site.epochs);
        let is_alone = self.candidates.count() == 1 && !is_read(&self.head.method);
        self._upload = is_alone.then(|| Arc::clone(&table.uploads));
        *self.looked.insert(table.version)
    }

    /// Forgets the hint that was followed, if one was.
    pub(super) fn unhint(&mut self) -> bool {
        let hinted = std::mem::take(&mut self.hinted);
        if hinted && let Some(collection) = self.collection() {
            self.candidates.get(0).target.primaries.forget(&collection);
        }
        hinted
    }

    pub(super) fn chases(&self) -> &'a Chases {
        &self.site.shared.metrics.chases
    }

    /// The collection that the path belongs to: what is owned as one.
    pub(super) fn collection(&self) -> Option<Cow<'a, str>> {
        self.site.epochs.collection(self.path)
    }

    pub(super) fn client(&self, segment: &str) -> ownership::ClientKeys {
        let writes = &self.site.shared.ownership.writes;
        identity::client(writes, self.downstream.client, self.site.port, segment, self.head)
    }
}
