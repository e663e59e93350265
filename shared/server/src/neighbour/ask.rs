//! Asking a collection over HTTP whether it has a member.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::clients::Clients;
use crate::observe::Trace;
use crate::problem;

/// How long a write waits for a neighbour, further attempts and the way to the owner included.
const ANSWER_TIME: Duration = Duration::from_secs(1);
/// How long to wait before the second attempt.
const SECOND_ATTEMPT: Duration = Duration::from_millis(25);

/// Asks for members of one collection, wherever that is.
pub(super) struct Asker {
    collection: &'static str,
    clients: Arc<Clients>,
}

/// What a copy of the collection says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Has,
    HasNot,
    /// It is not the one to say no; this one is.
    Ask(String),
}

impl Asker {
    pub(super) fn new(collection: &'static str, clients: Arc<Clients>) -> Self {
        Self { collection, clients }
    }

    /// Whether the collection at `url` has the member. Asks once more if there is time; `None` where no
    /// answer is to be had.
    pub(super) async fn ask(&self, url: &str, id: u64, trace: &Trace) -> Option<bool> {
        let end = Instant::now() + ANSWER_TIME;
        let first = timeout_at(end, self.ask_owner(url, id, trace)).await.ok()?;
        if first.is_some() {
            return first;
        }
        timeout_at(end, async {
            sleep(SECOND_ATTEMPT).await;
            self.ask_owner(url, id, trace).await
        })
        .await
        .ok()?
    }

    /// Asks there, and where that copy does not own the collection and does not have the member, asks the
    /// owner that it names. Only an owner is believed that there is no such member.
    async fn ask_owner(&self, url: &str, id: u64, trace: &Trace) -> Option<bool> {
        let said = match self.ask_once(url, id, trace).await? {
            Said::Ask(owner) => self.ask_once(&owner, id, trace).await?,
            said => said,
        };
        match said {
            Said::Has => Some(true),
            Said::HasNot => Some(false),
            Said::Ask(owner) => {
                log::warn!("{}: {url} and its owner name another owner, {owner}", self.collection);
                None
            }
        }
    }

    async fn ask_once(&self, url: &str, id: u64, trace: &Trace) -> Option<Said> {
        let client = self.clients.of(url).map_err(|error| {
            log::warn!("{}: {error}", self.collection);
        });
        let mut request = client.ok()?.head(format!("{url}/{id}"));
        for (name, value) in &trace.headers {
            // actix-web and reqwest name the same header by types of different crates.
            request = request.header(name.as_str(), value.as_bytes());
        }
        let answer = request.send().await.map_err(|error| {
            log::warn!("{}: {}", self.collection, problem::chain(&error));
        });
        let answer = answer.ok()?;
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let missing = header(problem::MISSING).is_some_and(|missing| self.is_missing(missing, id));
        match (answer.status().as_u16(), header(problem::OWNER)) {
            (200, _) => Some(Said::Has),
            // Any web server has a 404, this board's other services too; only the collection's own
            // says that the member does not exist.
            (404, None) if missing => Some(Said::HasNot),
            (404, Some(owner)) if missing => Some(Said::Ask(owner.to_owned())),
            (421, Some(owner)) => Some(Said::Ask(owner.to_owned())),
            (status, _) => {
                log::warn!("{}: answered {status} for {id}", self.collection);
                None
            }
        }
    }

    /// Whether a 404 names this very member: `user 7` of the users.
    fn is_missing(&self, named: &str, id: u64) -> bool {
        named.split_once(' ').is_some_and(|(member, number)| {
            self.collection.strip_suffix('s') == Some(member) && number.parse() == Ok(id)
        })
    }
}
