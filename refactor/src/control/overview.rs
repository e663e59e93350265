//! `/-/overview` and `/-/stacks`: all that people look at, at once.

use percent_encoding::percent_decode_str;
use runtime::chain;
use serde_json::{Value, json};

use super::answer::ControlAnswer;
use super::signature::Received;
use super::{commands, rest};
use crate::lead::Lead;

const OVERVIEW: &str = "/-/overview";
const STACKS: &str = "/-/stacks/";

/// `GET /-/overview`: every resource of every region, the moves, what was done, canaries and stacks. `GET /-/stacks/{arn}`: the
/// resources and events of a stack. `None` for another path.
pub(super) fn answer(lead: &Lead, received: &Received) -> Option<ControlAnswer> {
    let stack = received.path.strip_prefix(STACKS);
    if received.method != "GET" || !(received.path == OVERVIEW || stack.is_some()) {
        return None;
    }
    let Some(stack) = stack else { return Some(rest::done(&everything(lead))) };
    let id = percent_decode_str(stack).decode_utf8_lossy();
    Some(match lead.stacks.inside(&id) {
        Ok(Some(inside)) => rest::done(&json!(inside)),
        Ok(None) => {
            let message = format!("there is no stack with the ARN {id}");
            rest::plain(404, "ResourceNotFoundException", &message)
        }
        Err(error) => {
            log::error!("a stack cannot be read: {}", chain(&error));
            let message = "the stack cannot be read; the log says why";
            rest::plain(500, "InternalServerException", message)
        }
    })
}

/// What cannot be read is left out, and `problems` says so.
fn everything(lead: &Lead) -> Value {
    let mut problems = Vec::new();
    let moves = commands::documents(&lead.moves).unwrap_or_else(|refusal| {
        problems.push(format!("the moves are not known: {}", refusal.text()));
        Vec::new()
    });
    let history = lead.moves.history(super::commands::HISTORY).unwrap_or_else(|refusal| {
        problems.push(format!("what was done is not known: {}", refusal.text()));
        Vec::new()
    });
    let stacks = lead.stacks.overview().unwrap_or_else(|error| {
        log::error!("the stacks cannot be read: {}", chain(&error));
        problems.push("the stacks cannot be read; the log says why".to_owned());
        Vec::new()
    });
    let spaces = lead.spaces.everything();
    json!({
        "environments": spaces.environments,
        "applications": spaces.applications,
        "services": spaces.services,
        "routes": spaces.routes,
        "canaries": lead.spaces.canaries(),
        "moves": moves,
        "history": history,
        "stacks": stacks,
        "problems": problems,
    })
}
