//! One client: it writes and reads, one request at a time, and remembers what it was answered.

mod sent;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use replication::Position;
use reqwest::header;
use reqwest::{Method, StatusCode};
use tokio::time::{Interval, MissedTickBehavior, interval_at, timeout_at};

use crate::board::{Answer, IDEMPOTENCY_KEY};
use crate::content::{Collection, MemberContent};
use crate::ledger::Ledger;
use crate::mix::{ClientAction, Match, Mix};
use crate::references::References;
use crate::tally::Tally;
use crate::work::Workload;

/// The state of no member.
const OTHER_STATE: &str = "\"0-full\"";

pub(crate) struct Client {
    work: Arc<Workload>,
    mix: Mix,
    /// Between two writes.
    pace: Option<Interval>,
    record: ClientRecord,
}

/// What a client leaves.
pub(crate) struct ClientRecord {
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
    pub(crate) fn new(work: Arc<Workload>, mix: Mix, ledger: Ledger) -> Self {
        let pace = work.options.rate.map(|rate| {
            let between = Duration::from_secs(1) / rate;
            let first = work.start + between * ledger.client;
            let mut pace = interval_at(first, between * work.options.clients);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pace
        });
        let agent = format!("banyan-load/{}", ledger.client);
        let (tally, positions) = (Tally::default(), BTreeMap::new());
        Self { work, mix, pace, record: ClientRecord { agent, ledger, tally, positions } }
    }

    /// Works until there is nothing left to do.
    pub(crate) async fn run(mut self) -> ClientRecord {
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
            // If the end comes first, there is no more work either.
            let _ = timeout_at(self.work.end, pace.tick()).await;
        }
        self.work.take()
    }

    async fn act(&mut self, action: ClientAction) {
        match action {
            ClientAction::Make(collection) => self.make(collection, false).await,
            ClientAction::MakeTwice(collection) => self.make(collection, true).await,
            ClientAction::Patch(place, given) => self.change(Method::PATCH, place, given).await,
            ClientAction::Put(place, given) => self.change(Method::PUT, place, given).await,
            ClientAction::Delete(place, given) => self.change(Method::DELETE, place, given).await,
            ClientAction::Read(place) => self.read(place).await,
            ClientAction::List(collection) => {
                let path = format!("/{}?order=desc&limit=20", collection.name());
                self.get(collection, &path, &[StatusCode::OK]).await;
            }
        }
    }

    async fn make(&mut self, collection: Collection, twice: bool) {
        let token = self.record.ledger.next_token();
        let References { user, thread } = self.referred();
        let content = MemberContent { version: 1, user, thread };
        let (path, body) = (format!("/{}", collection.name()), collection.whole(token, content));
        let key = (twice || self.work.options.repeat).then(|| token.to_string());
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
            // If this one fails, the first still says what is there.
            if let Outcome::Expected(second) = post(self).await
                && (second.id(), second.json()) != (Some(id), first.json())
            {
                let what = format!("was made again with its Idempotency-Key: {}", second.location);
                self.differs(place, what);
            }
        }
        self.look(place).await;
    }

    /// Changes or deletes a member.
    async fn change(&mut self, method: Method, place: usize, precondition: Match) {
        let member = &self.record.ledger.members()[place];
        let (collection, token, etag) = (member.collection, member.token, member.etag.clone());
        let (Some(id), Some(content)) = (member.id, member.sure) else { return };
        let mut next = MemberContent { version: content.version + 1, ..content };
        let (next, body, done) = if method == Method::DELETE {
            (None, None, StatusCode::NO_CONTENT)
        } else if method == Method::PUT {
            References { user: next.user, thread: next.thread } = self.referred();
            (Some(next), Some(collection.whole(token, next)), StatusCode::OK)
        } else {
            (Some(next), Some(collection.texts(token, next.version)), StatusCode::OK)
        };
        let (headers, expected) = match precondition {
            Match::None => (vec![], done),
            Match::Present => (vec![(header::IF_MATCH, etag.as_str())], done),
            Match::Other => {
                (vec![(header::IF_MATCH, OTHER_STATE)], StatusCode::PRECONDITION_FAILED)
            }
        };
        let path = collection.place(id);
        match self.write(method, collection, &path, &headers, body.as_ref(), expected).await {
            // A write was refused, or done, that must not have been: what the member is now, only the board knows.
            Outcome::Refused(status)
                if status.is_success()
                    || status == StatusCode::NOT_FOUND
                    || status == StatusCode::PRECONDITION_FAILED =>
            {
                self.differs(place, format!("answered a write with {status}"));
                self.record.ledger.leave(place);
            }
            Outcome::Refused(_) => {}
            // It asks for a state that the member never had, so nothing was done.
            _ if precondition == Match::Other => {}
            Outcome::Expected(answer) => self.record.ledger.changed(place, answer.etag, next),
            Outcome::Unsent => return,
            Outcome::Unsure => return self.record.ledger.maybe(place, next),
        }
        self.look(place).await;
    }

    /// Reads a member that was just written, if that is wanted.
    async fn look(&mut self, place: usize) {
        if self.work.options.read_after_write {
            self.read(place).await;
        }
    }

    async fn read(&mut self, place: usize) {
        let member = &self.record.ledger.members()[place];
        let (Some(id), collection) = (member.id, member.collection) else { return };
        let path = format!("{}?view=full", collection.place(id));
        let answer = self.get(collection, &path, &[StatusCode::OK, StatusCode::NOT_FOUND]).await;
        let member = &self.record.ledger.members()[place];
        if let Some(what) = answer.and_then(|answer| member.differs_from(&answer)) {
            self.differs(place, format!("read after its write, it {what}"));
        }
    }

    fn differs(&mut self, place: usize, what: String) {
        let member = &self.record.ledger.members()[place];
        if let Some(id) = member.id {
            self.record.tally.differences.add(member.collection.place(id), what);
        }
    }

    /// What the next member refers to: one of the client's own users and threads, or one that is always there.
    fn referred(&mut self) -> References {
        let mut own = |collection, otherwise| {
            let (random, ledger) = (&mut self.mix.random, &self.record.ledger);
            let own = random.bool().then(|| ledger.living(collection, random)).flatten();
            own.and_then(|place| ledger.members()[place].id).unwrap_or(otherwise)
        };
        References {
            user: own(Collection::Users, self.work.references.user),
            thread: own(Collection::Threads, self.work.references.thread),
        }
    }
}
