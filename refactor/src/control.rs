//! The control port: checks the signature of each request and hands it to what it speaks to, the REST
//! operations of Refactor Spaces, or the Query API (CloudFormation, and the one call of STS). What the
//! original has not stands under `/-/`, signed as the REST operations are.

mod answer;
mod commands;
mod console_links;
mod console_source;
mod foreign;
mod hosts;
mod inside;
mod json;
mod limits;
mod listen;
mod moves_seen;
mod operations;
mod overview;
mod pass_on;
mod protocol;
mod query;
mod readiness;
mod rest;
mod shadows;
mod shares_noted;
mod signature;

pub(crate) use console_source::ConsoleSource;
pub(crate) use inside::Inside;
pub(crate) use limits::UNSIGNED_BYTES;
pub(crate) use listen::{serve, serve_metrics};
pub(crate) use moves_seen::MovesSeen;
pub(crate) use pass_on::PassOn;
pub(crate) use readiness::Readiness;

use std::sync::Arc;
use std::time::SystemTime;

use crate::keyring::Keyring;
use actix_web::web::Data;
use answer::ControlAnswer;
use cloudformation::Caller;
use console::Console;
use protocol::Protocol;
use proxy::{DataPlane, PublicHosts};
use runtime::Crowd;
use signature::{Received, SignatureError};

/// What answers the control port.
pub(crate) struct Control {
    /// What carries requests out.
    pub(crate) inside: Arc<Inside>,
    pub(crate) credentials: Keyring,
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
    /// The pages, and the links that sign in to them.
    pub(crate) console: Data<Console>,
}

impl Control {
    /// Answers one request; `taken` is called once it is known to be an operator's. Blocks: for the disk, for health
    /// checks, for stacks, for another process.
    fn answer(&self, received: &Received, taken: impl FnOnce()) -> ControlAnswer {
        if let Some(answer) = foreign::answer(received) {
            return answer;
        }
        let protocol = Protocol::of(received, foreign::service(received));
        let refuse = |refused: &SignatureError| refuse(received, protocol, refused);
        let signed = match signature::verify(received, &self.credentials, SystemTime::now()) {
            Ok(signed) => signed,
            Err(refused) => return refuse(&refused),
        };
        let expected = match protocol {
            Protocol::Query => query::service(&received.body),
            _ => "refactor-spaces",
        };
        if signed.service != expected {
            return refuse(&SignatureError::scope(&signed.service, expected));
        }
        taken();
        // Each process has its own, and gives them whether it leads or not.
        if let Some(answer) = shadows::answer(&self.plane, received)
            .or_else(|| console_links::answer(&self.console, received))
        {
            return answer;
        }
        self.inside.answer(protocol, Caller { region: signed.region }, &signed.key_id, received)
    }
}

/// 403, and a line in the log.
fn refuse(received: &Received, protocol: Protocol, refused: &SignatureError) -> ControlAnswer {
    log::warn!("{} {}: {}", received.method, received.path, refused.message());
    protocol.refuse(refused)
}
