//! Carrying out what an operator asks, once it is known to be an operator's: here, or in the process that leads.

use cloudformation::Caller;
use runtime::chain;
use serde_json::json;

use super::answer::ControlAnswer;
use super::pass_on::PassOn;
use super::protocol::{JSON, Protocol};
use super::shares_noted::noted;
use super::signature::Received;
use super::{commands, overview, query, rest};
use crate::lead::{Lead, Leading};

/// The path of the canaries that rise by themselves.
const CANARIES: &str = "/-/canaries";

/// What carries requests out.
pub(crate) struct Inside {
    /// What changes the state, while this process does.
    pub(crate) leading: Leading,
    /// What asks the process that leads, if there may be others.
    pub(crate) passes_on: Option<PassOn>,
}

impl Inside {
    /// Answers one request of an operator, who has the keys with that id. Blocks: for the disk, for health checks, for stacks, for
    /// another process.
    pub(super) fn answer(
        &self,
        protocol: Protocol,
        caller: Caller,
        key_id: &str,
        received: &Received,
    ) -> ControlAnswer {
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
        let answer = self.carry_out(&lead, protocol, caller, key_id, received);
        // What this answer says must hold in every live process.
        match lead.journal.everywhere() {
            Ok(without) => {
                let without = (!without.is_empty()).then(|| without.join(", ").into());
                ControlAnswer { without, ..answer }
            }
            Err(error) => {
                log::error!("{} {}: {}", received.method, received.path, chain(&error));
                let message = "the control database was lost meanwhile: it is not known whether this was done; look, \
                               and try again";
                protocol.error(502, "BadGateway", message)
            }
        }
    }

    fn carry_out(
        &self,
        lead: &Lead,
        protocol: Protocol,
        caller: Caller,
        key_id: &str,
        received: &Received,
    ) -> ControlAnswer {
        if protocol == Protocol::Query {
            query::answer(&lead.stacks, &caller, &received.body)
        } else if received.path.starts_with("/-/") && !received.query.is_empty() {
            rest::no_query(received)
        } else if received.method == "GET" && received.path == CANARIES {
            ControlAnswer::new(200, JSON, json!({ "canaries": lead.spaces.canaries() }).to_string())
        } else if let Some(answer) = commands::answer(&lead.moves, received, key_id) {
            answer
        } else if let Some(answer) = overview::answer(lead, received) {
            answer
        } else {
            noted((&lead.spaces, &lead.moves), received, key_id, || {
                rest::answer(&lead.spaces, &caller, received)
            })
        }
    }
}
