//! Asking a collection over HTTP whether it has a member.

use std::sync::Arc;
use std::time::{Duration, Instant};

use models::Target;
use replication::headers;
use reqwest::Response;
use runtime::{BackOff, Clients};
use serde::Deserialize;
use store::Position;
use tokio::time::{sleep, timeout};

use super::newest::Newest;
use super::sought::Sought;
use crate::problem::Problem;
use crate::trace::Trace;

/// How long a write waits for a neighbour, further attempts and the way to the primary included.
const ANSWER_TIME: Duration = Duration::from_secs(1);
/// How long to wait between two rounds.
const BACK_OFF: BackOff = BackOff::new(Duration::from_millis(10), Duration::from_millis(160));
/// After so many rounds without an answer of the primary, what is remembered is good enough.
const ROUNDS: u32 = 2;

/// Asks for members of one collection, wherever that is.
pub(super) struct Asker {
    target: Target,
    clients: Arc<Clients>,
    newest: Newest,
}

/// What a copy of the collection says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NeighbourAnswer {
    /// It is the primary, and this is the id of the member, if it has it.
    Has(Option<u64>),
    /// It is not the primary; this one is, if any is just now.
    Ask(Option<String>),
    /// Nothing that can be used.
    Nothing,
}

/// What the primary said.
pub(super) struct Found {
    /// The id of the member, if there is one.
    pub(super) id: Option<u64>,
    /// Its URL, if it is not the one that was asked first.
    pub(super) at: Option<String>,
}

impl Asker {
    pub(super) fn new(target: Target, clients: Arc<Clients>) -> Self {
        Self { target, clients, newest: Newest::default() }
    }

    /// What the primary says of the member. Each round begins with `first`, and goes on to the primary that is
    /// named there. Rounds follow each other, through a change of primary too, until the time is up. If the answer
    /// is `remembered`, a primary that cannot be reached is not waited for.
    ///
    /// `None` if the primary cannot be reached.
    ///
    /// # Errors
    /// Those of `first`.
    pub(super) async fn ask(
        &self,
        first: impl AsyncFn() -> Result<NeighbourAnswer, Problem>,
        remembered: impl Fn() -> bool,
        sought: &Sought,
        trace: &Trace,
    ) -> Result<Option<Found>, Problem> {
        let rounds = async {
            let mut back_off = BACK_OFF;
            let mut silent = 0;
            loop {
                let (said, at) = self.round(first().await?, sought, trace).await;
                match said {
                    NeighbourAnswer::Has(id) => return Ok(Some(Found { id, at })),
                    NeighbourAnswer::Ask(_) => {}
                    NeighbourAnswer::Nothing => silent += 1,
                }
                if silent >= ROUNDS && remembered() {
                    return Ok(None);
                }
                sleep(back_off.wait()).await;
            }
        };
        timeout(ANSWER_TIME, rounds).await.unwrap_or_else(|_elapsed| {
            log::warn!("{}: no primary answers for {sought}", self.target.collection);
            Ok(None)
        })
    }

    /// Goes on from what was said first to the primary that is named there, and once more to the one that it names:
    /// two that name each other are asked again in the next round.
    async fn round(
        &self,
        first: NeighbourAnswer,
        sought: &Sought,
        trace: &Trace,
    ) -> (NeighbourAnswer, Option<String>) {
        let (mut said, mut at) = (first, None);
        for _ in 0..2 {
            let NeighbourAnswer::Ask(Some(named)) = said else { break };
            said = self.ask_once(&named, sought, trace).await;
            at = Some(named);
        }
        (said, at)
    }

    /// What the copy at `url` says.
    pub(super) async fn ask_once(
        &self,
        url: &str,
        sought: &Sought,
        trace: &Trace,
    ) -> NeighbourAnswer {
        self.send(url, sought, trace).await.unwrap_or_else(|why| {
            log::warn!("{}: {why}", self.target.collection);
            NeighbourAnswer::Nothing
        })
    }

    async fn send(
        &self,
        url: &str,
        sought: &Sought,
        trace: &Trace,
    ) -> Result<NeighbourAnswer, String> {
        let (client, address) = (self.clients.of(url)?, sought.url(url)?);
        let request = match sought {
            Sought::Id(_) => client.head(address),
            Sought::Named(_) => client.get(address),
        };
        let mut request = request.header(headers::READ, headers::READ_PRIMARY);
        for (name, value) in &trace.headers {
            // actix-web and reqwest name the same header by types of different crates.
            request = request.header(name.as_str(), value.as_bytes());
        }
        let answer = request.send().await.map_err(|error| runtime::chain(&error))?;
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let primary = header(headers::PRIMARY).map(str::to_owned);
        let epoch = header(headers::POSITION).and_then(|text| text.parse::<Position>().ok());
        let is_over = epoch.is_some_and(|at| self.newest.is_over(at.epoch, Instant::now()));
        let missing =
            header(headers::MISSING).is_some_and(|named| sought.is_missing(named, &self.target));
        match (answer.status().as_u16(), primary) {
            (200 | 404, None) if is_over => {
                Err(format!("{url} believes that it is primary, in an epoch that is over"))
            }
            (200, None) => Ok(NeighbourAnswer::Has(Some(id_of(sought, answer).await?))),
            // Any web server has a 404, this board's other services too; only the collection's own
            // says that the member does not exist.
            (404, None) if missing => Ok(NeighbourAnswer::Has(None)),
            // A program of an earlier version answers as a follower.
            (200, primary) => Ok(NeighbourAnswer::Ask(primary)),
            (404, primary) if missing => Ok(NeighbourAnswer::Ask(primary)),
            (421, primary) => Ok(NeighbourAnswer::Ask(primary)),
            (status, _) => Err(format!("{url} answered {status} for {sought}")),
        }
    }
}

/// The id of a member that a primary has.
async fn id_of(sought: &Sought, answer: Response) -> Result<u64, String> {
    #[derive(Deserialize)]
    struct Member {
        id: u64,
    }
    if let Sought::Id(id) = sought {
        return Ok(*id);
    }
    let body = answer.bytes().await.map_err(|error| runtime::chain(&error))?;
    let member: Result<Member, _> = serde_json::from_slice(&body);
    member
        .map(|member| member.id)
        .map_err(|error| format!("the answer for {sought} has no id: {error}"))
}
