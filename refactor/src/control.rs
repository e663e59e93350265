//! The control port: checks the signature of each request and hands it to what it speaks to, the REST
//! operations of Refactor Spaces, or the Query API (CloudFormation, and the one call of STS). What the
//! original has not stands under `/-/`, signed as the REST operations are.

pub(crate) mod advice;
mod answer;
mod commands;
pub(crate) mod credentials;
mod foreign;
mod gate;
mod json;
mod limits;
mod listen;
mod moves_seen;
mod operations;
mod protocol;
mod query;
mod readiness;
mod rest;
mod signature;

pub(crate) use gate::Gate;
pub(crate) use limits::UNSIGNED_BYTES;
pub(crate) use listen::{serve, serve_metrics};
pub(crate) use moves_seen::MovesSeen;
pub(crate) use readiness::Readiness;

use std::sync::Arc;
use std::time::SystemTime;

use answer::Answer;
use cloudformation::{Api, Caller};
use credentials::Keys;
use moves::Moves;
use protocol::Protocol;
use proxy::DataPlane;
use runtime::Crowd;
use signature::{Received, Refused};
use spaces::Spaces;

/// The path of the last differences between the answers to mirrored reads, as JSON lines.
const DIFFERENCES: &str = "/-/shadow/differences";

const JSON_LINES: &str = "application/x-ndjson";

/// What answers the control port.
pub(crate) struct Control {
    pub(crate) spaces: Spaces,
    pub(crate) stacks: Arc<Api>,
    pub(crate) credentials: Keys,
    pub(crate) readiness: Arc<Readiness>,
    /// Closed while another process takes over.
    pub(crate) gate: Arc<Gate>,
    pub(crate) moves: Moves,
    /// What `/metrics` tells of them.
    pub(crate) moves_seen: MovesSeen,
    /// What counts the traffic, and compares mirrored reads.
    pub(crate) plane: DataPlane,
    /// Room for the bodies of requests that are not known to be an operator's, in bytes.
    pub(crate) unsigned: Arc<Crowd>,
}

impl Control {
    /// Answers one request; `taken` is called once it is known to be an operator's. Blocks: for the disk, for health
    /// checks, for stacks.
    fn answer(&self, received: &Received, taken: impl FnOnce()) -> Answer {
        if let Some(answer) = foreign::answer(received) {
            return answer;
        }
        let protocol = Protocol::of(received, foreign::service(received));
        let refuse = |refused: &Refused| refuse(received, protocol, refused);
        let signed = match signature::verify(received, &self.credentials, SystemTime::now()) {
            Ok(signed) => signed,
            Err(refused) => return refuse(&refused),
        };
        let expected = match protocol {
            Protocol::Query => query::service(&received.body),
            _ => "refactor-spaces",
        };
        if signed.service != expected {
            return refuse(&Refused::scope(&signed.service, expected));
        }
        let Some(_under_way) = self.gate.enter() else {
            let message =
                "another process is taking over this control plane; ask again in a second";
            return protocol.error(503, "ServiceUnavailable", message);
        };
        taken();
        let caller = Caller { region: signed.region };
        if protocol == Protocol::Query {
            query::answer(&self.stacks, &caller, &received.body)
        } else if received.path.starts_with("/-/") && !received.query.is_empty() {
            let message =
                format!("{} has no query parameters; leave out ?{}", received.path, received.query);
            protocol.error(400, "ValidationException", &message)
        } else if received.method == "GET" && received.path == DIFFERENCES {
            Answer::new(200, JSON_LINES, self.plane.differences())
        } else if let Some(answer) = commands::answer(&self.moves, received) {
            answer
        } else {
            rest::answer(&self.spaces, &caller, received)
        }
    }
}

/// 403, and a line in the log.
fn refuse(received: &Received, protocol: Protocol, refused: &Refused) -> Answer {
    log::warn!("{} {}: {}", received.method, received.path, refused.message());
    protocol.refuse(refused)
}
