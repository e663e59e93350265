//! `/-/console/links`: links that sign in to the console.

use console::{Console, LINK_SECONDS};
use runtime::chain;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::ControlAnswer;
use super::rest;
use super::signature::Received;

const PATH: &str = "/-/console/links";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Body {
    read_only: bool,
}

/// `POST /-/console/links`: makes a link, with `{"readOnly": true}` for a session that only sees. The answer has its
/// `Secret`, which stands behind `#` in the URL of the page at `Path`, and how long it can be used. Every process that shares the state
/// knows the link. `None` for another path.
pub(super) fn answer(console: &Console, received: &Received) -> Option<ControlAnswer> {
    if received.path != PATH || !received.query.is_empty() {
        return None;
    }
    if received.method != "POST" {
        return Some(rest::not_allowed(&received.method, "POST", "a link is made with POST"));
    }
    let read_only = match read(&received.body) {
        Ok(body) => body.read_only,
        Err(error) => {
            let message = format!("the body takes {{\"readOnly\": true}} or nothing: {error}");
            return Some(rest::plain(400, "ValidationException", &message));
        }
    };
    let now_ms = jiff::Timestamp::now().as_millisecond();
    Some(match console.sessions().link(read_only, now_ms) {
        Ok(secret) => rest::done(&json!({
            "Secret": secret,
            "Path": "/console/sign-in",
            "Seconds": LINK_SECONDS,
        })),
        Err(error) => {
            log::error!("a link to the console: {}", chain(&error));
            let message = "no link can be made now; the log says why";
            rest::plain(503, "ServiceUnavailable", message)
        }
    })
}

fn read(body: &[u8]) -> Result<Body, serde_json::Error> {
    if body.is_empty() {
        return Ok(Body::default());
    }
    // An array would be read as the members in their order.
    let body: Map<String, Value> = serde_json::from_slice(body)?;
    Body::deserialize(Value::Object(body))
}
