//! One client: it writes and reads, one request at a time, and remembers what it was answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{self, HeaderName};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout_at};

use super::content::{Collection, Content};
use super::differences::place as named;
use super::http::{Answer, Board, IDEMPOTENCY_KEY, Lost, Position};
use super::ledger::{Ledger, Member, State};
use super::mix::{Action, Match, Mix};
use super::references::References;
use super::tally::Tally;
use super::work::Work;

/// After a request failed, so that a board that is down is not asked thousands of times a second.
const REST: Duration = Duration::from_millis(20);
/// The state of no member.
const OTHER_STATE: &str = "\"0-full\"";

pub(crate) struct Client {
    board: Arc<Board>,
    work: Arc<Work>,
    references: References,
    mix: Mix,
    /// Between two writes.
    pace: Option<Interval>,
    reads_after_writes: bool,
    record: Record,
}

/// What a client leaves.
pub(crate) struct Record {
    pub(crate) agent: String,
    pub(crate) ledger: Ledger,
    pub(crate) tally: Tally,
    /// How far each collection's store was after the last write.
    pub(crate) positions: BTreeMap<Collection, Position>,
}

/// What became of a request.
enum Outcome {
    /// It was answered with the status that it must have.
    Expected(Answer),
    /// Another status, and nothing was done.
    Refused(StatusCode),
    /// It was never sent.
    Unsent,
    /// It may have been done.
    Unsure,
}

impl Client {
    pub(crate) fn new(
        board: Arc<Board>,
        work: Arc<Work>,
        references: References,
        mix: Mix,
        ledger: Ledger,
    ) -> Self {
        let agent = format!("banyan-load/{}", ledger.client());
        let (tally, positions) = (Tally::default(), BTreeMap::new());
        let record = Record { agent, ledger, tally, positions };
        Self { board, work, references, mix, pace: None, reads_after_writes: false, record }
    }

    /// Reads each member at once after it was written.
    pub(crate) fn that_reads_after_writes(mut self, reads: bool) -> Self {
        self.reads_after_writes = reads;
        self
    }

    /// Sends its share of so many writes a second.
    pub(crate) fn at_a_rate(mut self, rate: Option<u32>, clients: u32) -> Self {
        self.pace = rate.map(|rate| {
            let between = Duration::from_secs(1) / rate;
            let first = self.work.start + between * self.record.ledger.client();
            let mut pace = interval_at(first, between * clients);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pace
        });
        self
    }

    /// Works until there is nothing left to do.
    pub(crate) async fn run(mut self) -> Record {
        while self.may_write().await {
            let action = self.mix.write(&self.record.ledger);
            self.act(action).await;
            if let Some(action) = self.mix.read(&self.record.ledger) {
                self.act(action).await;
            }
        }
        self.record
    }

    async fn may_write(&mut self) -> bool {
        if let Some(pace) = &mut self.pace {
            // Where the end comes first, there is no more work either.
            let _ = timeout_at(self.work.end, pace.tick()).await;
        }
        self.work.take()
    }

    async fn act(&mut self, action: Action) {
        match action {
            Action::Make(collection) => self.make(collection, false).await,
            Action::MakeTwice(collection) => self.make(collection, true).await,
            Action::Patch(place, precondition) => {
                self.change(Method::PATCH, place, precondition).await;
            }
            Action::Put(place, precondition) => {
                self.change(Method::PUT, place, precondition).await;
            }
            Action::Delete(place, precondition) => self.delete(place, precondition).await,
            Action::Read(place) => self.read(place).await,
            Action::List(collection) => self.list(collection).await,
        }
    }

    async fn make(&mut self, collection: Collection, twice: bool) {
        let token = self.record.ledger.next_token();
        let References { user, thread } = self.referred();
        let content = Content { version: 1, user, thread };
        let (path, body) = (format!("/{}", collection.name()), collection.whole(token, content));
        let key = twice.then(|| token.to_string());
        let headers: Vec<_> = key.iter().map(|key| (IDEMPOTENCY_KEY, key.as_str())).collect();
        let post = async |client: &mut Self| {
            let created = StatusCode::CREATED;
            client.write(Method::POST, collection, &path, &headers, Some(&body), created).await
        };
        let first = match post(self).await {
            Outcome::Expected(answer) => answer,
            Outcome::Refused(_) | Outcome::Unsent => return,
            Outcome::Unsure => return self.record.ledger.maybe_made(collection, content),
        };
        let Some(id) = first.id() else {
            let what = format!("POST {path} {}", first.location);
            self.record.tally.failed("201 without the Location of a member", what);
            return self.record.ledger.maybe_made(collection, content);
        };
        let place = self.record.ledger.made(collection, id, first.etag.clone(), content);
        if twice && self.may_write().await {
            // Where this one fails, the first still says what is there.
            if let Outcome::Expected(second) = post(self).await
                && (second.id(), second.json()) != (Some(id), first.json())
            {
                let what = format!("was made again with its Idempotency-Key: {}", second.location);
                self.differs(place, what);
            }
        }
        self.look(place).await;
    }

    async fn change(&mut self, method: Method, place: usize, precondition: Match) {
        let member = self.record.ledger.member(place);
        let (collection, token) = (member.collection, member.token);
        let (Some(path), State::Present(content)) = (path(member), member.sure) else { return };
        let mut next = Content { version: content.version + 1, ..content };
        let etag = member.etag.clone();
        let body = if method == Method::PUT {
            References { user: next.user, thread: next.thread } = self.referred();
            collection.whole(token, next)
        } else {
            collection.patch(token, next)
        };
        let headers = precondition.headers(&etag);
        let expected = precondition.expected(StatusCode::OK);
        let sent = self.write(method, collection, &path, &headers, Some(&body), expected).await;
        match sent {
            Outcome::Refused(status) => self.refused(place, status),
            // It asks for a state that the member never had, so nothing was done.
            _ if precondition == Match::Other => {}
            Outcome::Expected(answer) => self.record.ledger.changed(place, answer.etag, next),
            Outcome::Unsent => return,
            Outcome::Unsure => return self.record.ledger.maybe(place, State::Present(next)),
        }
        self.look(place).await;
    }

    async fn delete(&mut self, place: usize, precondition: Match) {
        let member = self.record.ledger.member(place);
        let (collection, etag) = (member.collection, member.etag.clone());
        let Some(path) = path(member) else { return };
        let headers = precondition.headers(&etag);
        let expected = precondition.expected(StatusCode::NO_CONTENT);
        let sent = self.write(Method::DELETE, collection, &path, &headers, None, expected).await;
        match sent {
            Outcome::Refused(status) => self.refused(place, status),
            _ if precondition == Match::Other => {}
            Outcome::Expected(_) => self.record.ledger.deleted(place),
            Outcome::Unsent => return,
            Outcome::Unsure => return self.record.ledger.maybe(place, State::Absent),
        }
        self.look(place).await;
    }

    /// Reads a member that was just written, where that is wanted.
    async fn look(&mut self, place: usize) {
        if self.reads_after_writes {
            self.read(place).await;
        }
    }

    async fn read(&mut self, place: usize) {
        let member = self.record.ledger.member(place);
        let (Some(id), collection) = (member.id, member.collection) else { return };
        let began = Instant::now();
        let answer = self.board.read(collection, id, &self.record.agent, None).await;
        self.record.tally.read(began.elapsed());
        match answer {
            Ok(answer) if [StatusCode::OK, StatusCode::NOT_FOUND].contains(&answer.status) => {
                if let Some(what) = self.record.ledger.member(place).differs_from(&answer) {
                    self.differs(place, format!("read after its write, it {what}"));
                }
            }
            other => self.failed(&Method::GET, collection, &other).await,
        }
    }

    async fn list(&mut self, collection: Collection) {
        let path = format!("/{}?order=desc&limit=20", collection.name());
        let began = Instant::now();
        let answer = self.board.get(&path, &self.record.agent, None).await;
        self.record.tally.read(began.elapsed());
        if !answer.as_ref().is_ok_and(|answer| answer.status == StatusCode::OK) {
            self.failed(&Method::GET, collection, &answer).await;
        }
    }

    async fn write(
        &mut self,
        method: Method,
        collection: Collection,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: Option<&Value>,
        expected: StatusCode,
    ) -> Outcome {
        let began = Instant::now();
        let mut all = vec![(header::USER_AGENT, self.record.agent.as_str())];
        all.extend_from_slice(headers);
        let answer = self.board.send(method.clone(), path, &all, body).await;
        self.record.tally.write(began - self.work.start, began.elapsed());
        match answer {
            Ok(answer) if answer.status == expected => {
                if let Some(position) = answer.position {
                    let known = self.record.positions.entry(collection).or_default();
                    *known = position.max(*known);
                }
                return Outcome::Expected(answer);
            }
            ref other => self.failed(&method, collection, other).await,
        }
        match answer {
            // Whoever answers so may not know whether it was done.
            Ok(answer) if answer.status.is_server_error() => self.unsure(),
            Ok(answer) => Outcome::Refused(answer.status),
            Err(lost) if lost.was_sent => self.unsure(),
            Err(_) => Outcome::Unsent,
        }
    }

    fn unsure(&mut self) -> Outcome {
        self.record.tally.unsure += 1;
        Outcome::Unsure
    }

    async fn failed(
        &mut self,
        method: &Method,
        collection: Collection,
        answer: &Result<Answer, Lost>,
    ) {
        let (kind, why) = match answer {
            Ok(answer) => (answer.kind(), answer.detail()),
            Err(lost) => (lost.cause.clone(), lost.cause.clone()),
        };
        self.record.tally.failed(&kind, format!("{method} {}: {why}", collection.name()));
        sleep(REST).await;
    }

    /// A write was refused, or done, that must not have been: what the member is now, only the board knows.
    fn refused(&mut self, place: usize, status: StatusCode) {
        let surprise = |status: StatusCode| {
            status.is_success()
                || [StatusCode::NOT_FOUND, StatusCode::PRECONDITION_FAILED].contains(&status)
        };
        if surprise(status) {
            self.differs(place, format!("answered a write with {status}"));
            self.record.ledger.leave(place);
        }
    }

    fn differs(&mut self, place: usize, what: String) {
        let member = self.record.ledger.member(place);
        if let Some(id) = member.id {
            self.record.tally.differences.add(named(member.collection, id), what);
        }
    }

    /// Whom the next member names: one of the client's own users and threads, or one that is always there.
    fn referred(&mut self) -> References {
        let mut own = |collection, otherwise| {
            let random = &mut self.mix.random;
            let own = random.bool().then(|| self.record.ledger.living(collection, random));
            own.flatten().and_then(|place| self.record.ledger.member(place).id).unwrap_or(otherwise)
        };
        References {
            user: own(Collection::Users, self.references.user),
            thread: own(Collection::Threads, self.references.thread),
        }
    }
}

impl Match {
    /// The header with which a member is changed that has this tag.
    fn headers(self, etag: &str) -> Vec<(HeaderName, &str)> {
        let etag = match self {
            Self::None => return Vec::new(),
            Self::Present => etag,
            Self::Other => OTHER_STATE,
        };
        vec![(header::IF_MATCH, etag)]
    }

    /// The status of an answer that would be this one without a precondition.
    fn expected(self, status: StatusCode) -> StatusCode {
        match self {
            Self::None | Self::Present => status,
            Self::Other => StatusCode::PRECONDITION_FAILED,
        }
    }
}

fn path(member: &Member) -> Option<String> {
    Some(named(member.collection, member.id?))
}
