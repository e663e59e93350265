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
use std::net::IpAddr;
use std::sync::Arc;

use http::StatusCode;
use tokio::time::Instant;

use super::Ended;
use super::candidates::Candidates;
use super::destination::{Destination, Side};
use super::search::Search;
use crate::client::Client;
use crate::head::{Answer, Field, FieldKind, Head};
use crate::limits::CHASE_RETRY_SECONDS;
use crate::metrics::Chases;
use crate::ownership::{self, Epoch, Kept, Position, Write};
use crate::path::Path;
use crate::problem::Problem;
use crate::site::Site;
use crate::split::is_read;
use crate::upstream::Failure;

/// The status of an answer that says that another service is the primary (RFC 9110, 15.5.20).
const MISDIRECTED: u16 = 421;
/// From here on a status says that nothing was done, or is an error all the same (RFC 9110, 15.5 and 15.6).
const BAD_REQUEST: u16 = 400;
/// The status of an answer that may only mean that this follower lags, if it names the primary.
const NOT_FOUND: u16 = 404;

/// The state of the search for the primary of one request.
pub(super) struct Chase<'a> {
    site: &'a Site,
    head: &'a Head<'a>,
    path: &'a Path<'a>,
    candidates: Candidates,
    /// The other side of a route that divides its requests.
    other: Option<Side>,
    /// The version of the table in which the other candidates were looked for, once they were.
    looked: Option<u64>,
    /// Which candidate is asked.
    at: usize,
    /// Whether that one is only believed to be the primary, since it was so before.
    hinted: bool,
    /// The last one that was named as primary.
    named: Option<usize>,
    /// The candidates that were asked since the last wait, one bit each.
    asked: u32,
    /// How far a service must have come.
    needed: Option<Needed>,
    /// Whether the client may have written through an earlier run of the proxy.
    forgotten: bool,
    /// Whether any service said how far it has come.
    told: bool,
    /// The epoch of the collection, if known, from before the current candidate was asked.
    epoch: Option<Epoch>,
    /// Of a write that could not be sent to another service, so that a change of primary waits for it.
    _upload: Option<Arc<()>>,
    search: Option<Search<'a>>,
}

/// How far a service must have come to answer a read.
struct Needed {
    position: Position,
    /// The write that says so; none if the client says so itself.
    write: Option<(ownership::Client, Write)>,
}

/// The candidate to ask next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This candidate, at once.
    Now(usize),
    /// This candidate, after a wait.
    Later(usize),
}

impl<'a> Chase<'a> {
    pub(super) fn begin(
        site: &'a Site,
        peer: IpAddr,
        head: &'a Head<'a>,
        path: &'a Path<'a>,
        destination: Destination,
        now: Instant,
    ) -> Self {
        let mut chase = Self {
            site,
            head,
            path,
            candidates: Candidates::of(destination.side),
            other: destination.other.map(|other| other.side),
            looked: None,
            at: 0,
            hinted: false,
            named: None,
            asked: 0,
            needed: None,
            forgotten: false,
            told: false,
            epoch: None,
            _upload: None,
            search: None,
        };
        chase.epoch = chase.present();
        if is_read(&head.method) {
            chase.look_back(peer, now);
        } else {
            let version = chase.look();
            let hint = chase.segment().and_then(|segment| {
                let primaries = &chase.candidates.get(0).target.primaries;
                let primary = primaries.get(&segment, version, now)?;
                chase.candidates.index_of(&primary)
            });
            chase.hinted = hint.is_some();
            chase.at = hint.unwrap_or_default();
        }
        chase
    }

    /// The candidate that is being asked.
    pub(super) fn side(&self) -> &Side {
        self.candidates.get(self.at)
    }

    /// The position that the current candidate must have reached. If several programs share one database, a program
    /// may learn its position only by asking the database.
    pub(super) fn position(&self) -> Option<Position> {
        let needed = self.needed.as_ref().map(|needed| needed.position);
        let epoch = self.epoch.filter(|_| is_read(&self.head.method) && self.said().is_none());
        needed.or_else(|| epoch.map(|epoch| Position::begin(epoch.first())))
    }

    /// How far a service must have come, as the client says.
    fn said(&self) -> Option<Position> {
        self.head.first(FieldKind::Position).and_then(Position::parse)
    }

    /// The epoch of the collection now, if known.
    fn present(&self) -> Option<Epoch> {
        let epochs = &self.site.epochs;
        if epochs.is_empty() { None } else { epochs.get(&self.segment()?) }
    }

    /// Room to keep the body, if the request may be sent more than once.
    pub(super) fn kept(&self) -> Option<Kept<'a>> {
        let again = self.candidates.count() > 1 && !self.head.body.is_over();
        again.then(|| self.site.shared.ownership.kept.open())
    }

    /// The candidate to ask next, if this answer must not reach the client.
    ///
    /// # Errors
    /// 502 if a store that is no longer the primary took a write, which may be lost.
    pub(super) fn judge(&mut self, answer: &Answer<'_>) -> Result<Option<Next>, Ended> {
        if answer.status != MISDIRECTED && self.is_over(answer) {
            return self.past_epoch(answer).map(Some);
        }
        Ok(self.next(answer))
    }

    /// Whether the answer's epoch is over: for a read by now, for a write before it was sent. A write that was under
    /// way during a switch is safe, unless the promotion was forced. A write that was refused cannot be lost.
    fn is_over(&self, answer: &Answer<'_>) -> bool {
        let Some(now) = self.present() else { return false };
        let first = match is_read(&self.head.method) {
            true => now.first(),
            false if answer.status >= BAD_REQUEST => return false,
            false => now.lost_below.max(self.epoch.map_or(0, Epoch::first)),
        };
        let said = answer.first(FieldKind::Position).and_then(Position::parse);
        said.is_some_and(|said| said.epoch() < first)
    }

    /// The candidate to ask next after an answer from an epoch that is over. The connection of that answer is closed.
    fn past_epoch(&mut self, answer: &Answer<'_>) -> Result<Next, Ended> {
        self.look();
        self.unhint();
        let target = &self.candidates.get(self.at).target;
        let (route, service) = (&target.route.id, &target.route.service);
        if is_read(&self.head.method) {
            self.chases().read_again.inc();
            self.named =
                answer.first(FieldKind::Primary).and_then(|primary| self.candidates.named(primary));
            let next =
                self.named.filter(|primary| self.is_new(*primary)).or_else(|| self.another());
            return Ok(next.map_or(Next::Later(self.first_again()), Next::Now));
        }
        let detail = format!(
            "route {route}: the service {service} answered this, and is no longer the primary: the epoch in which it \
             answered is over. If it stored anything, that is lost; look what is there, and send the request again"
        );
        log::warn!("{detail}");
        Err(Ended::Problem(Problem::new(StatusCode::BAD_GATEWAY, detail)))
    }

    fn next(&mut self, answer: &Answer<'_>) -> Option<Next> {
        if answer.status == MISDIRECTED {
            self.chases().misdirected.inc();
            self.look();
            self.unhint();
            let named =
                answer.first(FieldKind::Primary).and_then(|primary| self.candidates.named(primary));
            self.named = named.or(self.named);
            return Some(match named {
                Some(primary) if self.is_new(primary) => Next::Now(primary),
                Some(primary) => Next::Later(primary),
                // A follower that lags too much, and whose primary is not a candidate.
                None if is_read(&self.head.method) => {
                    self.another().map_or(Next::Later(self.first_again()), Next::Now)
                }
                None => Next::Later(self.at),
            });
        }
        if answer.status == NOT_FOUND
            && is_read(&self.head.method)
            && let Some(primary) = answer.first(FieldKind::Primary)
        {
            self.look();
            self.named = self.candidates.named(primary);
            if let Some(primary) = self.named.filter(|primary| self.is_new(*primary)) {
                self.chases().read_again.inc();
                return Some(Next::Now(primary));
            }
        }
        if self.forgotten
            && let Some(primary) = answer.first(FieldKind::Primary)
        {
            return self.past_copy(primary);
        }
        let needed = self.needed.as_ref()?;
        let position = answer.first(FieldKind::Position).and_then(Position::parse);
        self.told |= position.is_some();
        if position.is_some_and(|position| position >= needed.position) {
            return None;
        }
        if self.is_late() && self.is_only_said() && answer.first(FieldKind::Primary).is_none() {
            // The primary has no more than this: the client means another collection, or what it wrote was lost.
            return None;
        }
        let another = self.another();
        if another.is_none() && !self.told {
            // No service here reports positions, so no answer can be too old.
            return None;
        }
        self.chases().read_again.inc();
        Some(another.map_or(Next::Later(self.first_again()), Next::Now))
    }

    /// The candidate to ask next if a follower names its primary and must not answer. A follower may answer if its
    /// primary is not a candidate, because no better service is known.
    fn past_copy(&mut self, primary: &[u8]) -> Option<Next> {
        self.look();
        let primary = self.candidates.named(primary).filter(|primary| *primary != self.at)?;
        self.named = Some(primary);
        self.chases().read_again.inc();
        Some(if self.is_new(primary) { Next::Now(primary) } else { Next::Later(primary) })
    }

    /// The candidate to ask next if a service received nothing of the request and was not the only candidate.
    pub(super) fn without(&mut self, failure: &Failure) -> Option<Next> {
        // Also if the service may have received the request: the next request must not fail in the same way.
        let hinted = self.unhint();
        let (Failure::Down(_) | Failure::Unreachable(_) | Failure::Unconnected) = failure else {
            return None;
        };
        if hinted {
            return Some(Next::Now(0));
        }
        self.search.as_ref()?;
        if self.needed.is_some() {
            return Some(self.another().map_or(Next::Later(self.first_again()), Next::Now));
        }
        let next = self.named.filter(|named| *named != self.at);
        Some(Next::Later(next.unwrap_or((self.at + 1) % self.candidates.count())))
    }

    /// Goes on to the next candidate, at once or after a wait.
    ///
    /// # Errors
    /// 503 if it took too long already, or too many requests wait; or if the client left meanwhile.
    pub(super) async fn go_on<C: Client>(
        &mut self,
        client: &mut C,
        next: Next,
    ) -> Result<(), Ended> {
        self.asked |= bit(self.at);
        let mut search = self.search.take().unwrap_or_else(|| self.new_search());
        match next {
            Next::Now(next) => self.at = next,
            Next::Later(next) => {
                if !search.wait(client, self.chases()).await? {
                    return Err(self.give_up());
                }
                self.asked = 0;
                self.at = next;
            }
        }
        self.search = Some(search);
        self.epoch = self.present();
        Ok(())
    }

    fn new_search(&self) -> Search<'a> {
        let ownership = &self.site.shared.ownership;
        if self.is_only_said() {
            Search::of_said(ownership)
        } else if is_read(&self.head.method) {
            Search::of_read(ownership)
        } else {
            Search::of_write(ownership)
        }
    }

    /// Whether only the client says how far a service must have come.
    fn is_only_said(&self) -> bool {
        self.needed.as_ref().is_some_and(|needed| needed.write.is_none())
    }

    /// Whether the time for the search is up.
    fn is_late(&self) -> bool {
        self.search.as_ref().is_some_and(Search::is_late)
    }

    /// The client's answer if the search ends without one. Nothing was stored.
    pub(super) fn give_up(&self) -> Ended {
        self.chases().gave_up.inc();
        let route = &self.candidates.get(0).target.route.id;
        let what = match &self.needed {
            Some(_) => "no service has come as far yet as what was written before; ask again",
            None if self.forgotten => {
                "its primary does not answer, and its copies may not have what was written last; ask again"
            }
            None if is_read(&self.head.method) => {
                "no service is the primary of this just now; ask again"
            }
            None => "no service is the primary of this just now; nothing was stored, send it again",
        };
        log::warn!("route {route}: {what}");
        let detail = format!("route {route}: {what}");
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        problem.retry_after = Some(CHASE_RETRY_SECONDS);
        Ended::Problem(problem)
    }

    /// Ends the search with the client's answer, and notes what it tells for the next requests.
    pub(super) fn end(&mut self, peer: IpAddr, answer: &Answer<'_>) {
        let searched = self.search.take().is_some();
        let position = answer.first(FieldKind::Position).and_then(Position::parse);
        let writes = &self.site.shared.ownership.writes;
        if is_read(&self.head.method) {
            if let Some(Needed { write: Some((client, write)), .. }) = &self.needed
                && let Some(position) = position
                && write.copies.len() == 2
                && !write.was_taken_by(self.candidates.upstream(self.at))
            {
                writes.forget(*client, position);
            }
            return;
        }
        let Some(segment) = self.segment() else { return };
        if searched
            && self.at != 0
            && let Some(version) = self.looked
        {
            let primary = &self.candidates.get(self.at).target;
            let primaries = &self.candidates.get(0).target.primaries;
            primaries.note(&segment, primary, version, Instant::now());
        }
        if !may_have_stored(answer.status) {
            return;
        }
        if let Some(position) = position {
            if self.candidates.count() == 1 {
                writes.let_go();
                return;
            }
            let others = (0..self.candidates.count()).filter(|index| *index != self.at);
            let copies = std::iter::once(self.at).chain(others);
            let copies = copies.map(|index| Arc::downgrade(self.candidates.upstream(index)));
            writes.note(self.client(peer, &segment), position, copies.collect());
        }
    }

    /// Notes how far a service must have come for this read, if that matters, and whether that may be more than is known.
    fn look_back(&mut self, peer: IpAddr, now: Instant) {
        let site = self.site;
        let writes = &site.shared.ownership.writes;
        let said = self.said();
        let client = writes.are_any(now).then(|| Some(self.client(peer, &self.segment()?)));
        let (write, is_known) = client.flatten().map_or((None, false), |client| {
            let upstream = self.candidates.upstream(0);
            let (write, is_known) = writes.get(client, |write| write.concerns(upstream));
            (write.map(|write| (client, write)), is_known)
        });
        self.forgotten = said.is_none() && !is_known && writes.may_be_forgotten(now);
        let needed = match (said, write) {
            (None, None) => return,
            (Some(said), Some((_, write))) if said > write.position => {
                Needed { position: said, write: None }
            }
            (_, Some((client, write))) => {
                Needed { position: write.position, write: Some((client, write)) }
            }
            (Some(said), None) => Needed { position: said, write: None },
        };
        self.look();
        self.needed = (self.candidates.count() > 1).then_some(needed);
    }

    /// A candidate for a read that was not asked since the last wait.
    fn another(&self) -> Option<usize> {
        let mut others = (0..self.candidates.count()).filter(|index| self.is_new(*index));
        match self.needed.as_ref().and_then(|needed| needed.write.as_ref()) {
            Some((_, write)) => {
                others.find(|index| write.concerns(self.candidates.upstream(*index)))
            }
            None => others.next(),
        }
    }

    /// The candidate that a read asks first after a wait: the one that took the write.
    fn first_again(&self) -> usize {
        let write = self.needed.as_ref().and_then(|needed| needed.write.as_ref());
        let taker = write.and_then(|(_, write)| {
            let taken = |index: &usize| write.was_taken_by(self.candidates.upstream(*index));
            (0..self.candidates.count()).find(taken)
        });
        taker.unwrap_or_default()
    }

    /// Whether a candidate was not asked since the last wait.
    fn is_new(&self, index: usize) -> bool {
        (self.asked | bit(self.at)) & bit(index) == 0
    }

    /// Looks for all candidates, once. Gives the version of the table that has them.
    fn look(&mut self) -> u64 {
        if let Some(version) = self.looked {
            return version;
        }
        let table = self.site.table.load();
        self.candidates.look(&table, &self.head.method, self.path, self.other.as_ref());
        let is_alone = self.candidates.count() == 1 && !is_read(&self.head.method);
        self._upload = is_alone.then(|| Arc::clone(&table.uploads));
        *self.looked.insert(table.version)
    }

    /// Forgets the hint that was followed, if one was.
    fn unhint(&mut self) -> bool {
        let hinted = std::mem::take(&mut self.hinted);
        if hinted && let Some(segment) = self.segment() {
            self.candidates.get(0).target.primaries.forget(&segment);
        }
        hinted
    }

    fn chases(&self) -> &'a Chases {
        &self.site.shared.metrics.chases
    }

    /// The first segment of the path: what is owned as one.
    fn segment(&self) -> Option<Cow<'a, str>> {
        self.path.segments().split().map(|(segment, _)| segment)
    }

    /// The client, as far as the request identifies it: by its address and user agent, and by each credential that it
    /// shows.
    fn client(&self, peer: IpAddr, segment: &str) -> ownership::Client {
        let address = match peer.to_canonical() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
            IpAddr::V6(ip) => ip.octets(),
        };
        let port = self.site.port.to_be_bytes();
        let fields = &self.head.fields;
        let named = |name: &'static str| {
            let named = move |field: &&Field<'a>| field.name.eq_ignore_ascii_case(name);
            // The empty part keeps the values of one name from those of the next.
            fields.iter().filter(named).map(|field| field.value).chain([&b""[..]])
        };
        let writes = &self.site.shared.ownership.writes;
        let about = [&port[..], segment.as_bytes()];
        let place = ["user-agent", "x-forwarded-for"].into_iter().flat_map(named);
        let place = writes.key(about.into_iter().chain([&address[..]]).chain(place));
        let shown = |name: &'static str| {
            let is_shown = fields.iter().any(|field| field.name.eq_ignore_ascii_case(name));
            let parts = || about.into_iter().chain([name.as_bytes()]).chain(named(name));
            is_shown.then(|| writes.key(parts()))
        };
        [Some(place), shown("authorization"), shown("cookie")]
    }
}

/// Whether something may have been stored if a write gets this status. A 409 or a 412 is about what is there: the client
/// reads that next.
fn may_have_stored(status: u16) -> bool {
    !matches!(status, 400..=499) || matches!(status, 409 | 412)
}

fn bit(index: usize) -> u32 {
    1 << index.min(31)
}
