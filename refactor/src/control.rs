//! The control port: checks the signature of each request and hands it to what it speaks to, the REST
//! operations of Refactor Spaces, or the Query API (CloudFormation, and the one call of STS). What the
//! original has not stands under `/-/`, signed as the REST operations are.

pub(crate) mod advice;
mod answer;
mod commands;
pub(crate) mod credentials;
mod foreign;
mod hosts;
mod json;
mod limits;
mod listen;
mod moves_seen;
mod operations;
mod pass_on;
mod protocol;
mod query;
mod readiness;
mod rest;
mod shadows;
mod signature;

pub(crate) use limits::UNSIGNED_BYTES;
pub(crate) use listen::{serve, serve_metrics};
pub(crate) use moves_seen::MovesSeen;
pub(crate) use pass_on::PassOn;
pub(crate) use readiness::Readiness;

use std::sync::Arc;
use std::time::SystemTime;

use answer::Answer;
use cloudformation::Caller;
use credentials::Keys;
use protocol::{JSON, Protocol};
use proxy::{DataPlane, PublicHosts};
use runtime::{Crowd, chain};
use serde_json::json;
use signature::{Received, Refused};

use crate::lead::{Lead, Leading};

/// The path of the canaries that rise by themselves.
const CANARIES: &str = "/-/canaries";

/// What answers the control port.
pub(crate) struct Control {
    /// What changes the state, while this process does.
    pub(crate) leading: Leading,
    /// What asks the process that leads, if there may be others.
    pub(crate) passes_on: Option<PassOn>,
    pub(crate) credentials: Keys,
    /// The names that are answered.
    pub(crate) public_hosts: PublicHosts,
    /// What `/readyz` says.
    pub(crate) readiness: Arc<Readiness>,
    /// What `/metrics` tells of moves.
    pub(crate) moves_seen: MovesSeen,
    /// What counts the traffic, and compares mirrored reads.
    pub(crate) plane: DataPlane,
    /// Room for the bodies of requests that are not known to be an operator's, in bytes.
    pub(crate) unsigned: Arc<Crowd>,
}

impl Control {
    /// Answers one request; `taken` is called once it is known to be an operator's. Blocks: for the disk, for health
    /// checks, for stacks, for another process.
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
        taken();
        // Each process has its own, and gives them whether it leads or not.
        if let Some(answer) = shadows::answer(&self.plane, received) {
            return answer;
        }
        let lead = match (self.leading.begin(), &self.passes_on) {
            (None, Some(other)) => match other.answer(protocol, received) {
                Some(answer) => return answer,
                None => self.leading.begin(),
            },
            (lead, _) => lead,
        };
        let Some(lead) = lead else {
            let message = "another process is taking over this control plane; nothing was done, ask again in a second";
            return protocol.error(503, "ServiceUnavailable", message);
        };
        let answer = carry_out(&lead, protocol, Caller { region: signed.region }, received);
        // What this answer says must hold in every live process.
        match lead.journal.everywhere() {
            Ok(without) => {
                let without = (!without.is_empty()).then(|| without.join(", ").into());
                Answer { without, ..answer }
            }
            Err(error) => {
                log::error!("{} {}: {}", received.method, received.path, chain(&error));
                let message = "the control database was lost meanwhile: it is not known whether this was done; look, \
                               and try again";
                protocol.error(502, "BadGateway", message)
            }
        }
    }
}

/// 403, and a line in the log.
fn refuse(received: &Received, protocol: Protocol, refused: &Refused) -> Answer {
    log::warn!("{} {}: {}", received.method, received.path, refused.message());
    protocol.refuse(refused)
}

fn carry_out(lead: &Lead, protocol: Protocol, caller: Caller, received: &Received) -> Answer {
    if protocol == Protocol::Query {
        query::answer(&lead.stacks, &caller, &received.body)
    } else if received.path.starts_with("/-/") && !received.query.is_empty() {
        rest::no_query(received)
    } else if received.method == "GET" && received.path == CANARIES {
        Answer::new(200, JSON, json!({ "canaries": lead.spaces.canaries() }).to_string())
    } else if let Some(answer) = commands::answer(&lead.moves, received) {
        answer
    } else {
        rest::answer(&lead.spaces, &caller, received)
    }
}
