//! What the console asks the control plane, as if a client had sent it.

use std::sync::Arc;

use cloudformation::Caller;
use console::{Ask, ControlPlane, Refused};
use proxy::{DataPlane, RouteTraffic, ShadowReport};
use serde_json::Value;

use super::inside::Inside;
use super::protocol::Protocol;
use super::signature::Received;
use crate::client::sign;
use crate::credentials::Keys;

/// The host of what the console asks. Every control port answers names below `localhost`.
const HOST: &str = "console.localhost";

/// The control plane of this process, as the console sees it.
pub(crate) struct ConsoleSource {
    /// What carries requests out.
    pub(crate) inside: Arc<Inside>,
    /// What signs a request that another process carries out.
    pub(crate) keys: Keys,
    /// What counts the traffic, and compares mirrored reads.
    pub(crate) plane: DataPlane,
}

impl ControlPlane for ConsoleSource {
    fn ask(&self, request: &Ask<'_>) -> Result<Value, Refused> {
        let body = if request.body.is_null() { String::new() } else { request.body.to_string() };
        let query = if request.query.is_empty() { "" } else { "?" };
        let url = format!("http://{HOST}{}{query}{}", request.path, request.query);
        let signed = sign(&self.keys, request.region, request.method, &url, &body);
        let mut headers = signed.map_err(|error| Refused {
            status: 400,
            message: format!("{} cannot be signed: {error}", request.path),
        })?;
        headers.push(("host".to_owned(), HOST.to_owned()));
        let received = Received {
            method: request.method.to_owned(),
            path: request.path.to_owned(),
            query: request.query.to_owned(),
            headers,
            body: body.into_bytes(),
        };
        let caller = Caller { region: request.region.to_owned() };
        let answer =
            self.inside.answer(Protocol::RestJson, caller, &self.keys.access_key_id, &received);
        let read: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == 200 {
            return Ok(read);
        }
        let message = read["Message"].as_str().unwrap_or("the control plane gave no reason");
        Err(Refused { status: answer.status, message: message.to_owned() })
    }

    fn traffic(&self) -> Vec<RouteTraffic> {
        self.plane.traffic()
    }

    fn shadows(&self) -> Vec<ShadowReport> {
        self.plane.shadows()
    }

    fn shadow(&self, route: &str) -> Option<ShadowReport> {
        self.plane.shadow(route)
    }
}
