//! Passing a request on to the process that leads.

use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::thread::sleep;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, Response};
use tokio::runtime::Handle;

use super::answer::{ControlAnswer, ERROR_TYPE, WITHOUT};
use super::protocol::Protocol;
use super::signature::Received;
use crate::processes::Processes;
use journal::ProcessAddress;
use runtime::chain;

/// Marks a request that was passed on once: no process passes it on again.
const PASSED_ON: &str = "banyan-passed-on";
/// A process that does not lead answers a request that was passed on with this: it did nothing.
const MISDIRECTED: u16 = 421;
/// How long to look for a process that leads.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);
/// How often to look whether it still leads while it does not answer.
const LOOK: Duration = Duration::from_secs(1);
/// How long an answer of it may take.
const ANSWER_TIME: Duration = Duration::from_secs(120);

/// What passes requests on.
pub(crate) struct PassOn {
    client: Client,
    runtime: Handle,
    processes: Arc<Processes>,
}

/// What became of a request that was passed on.
enum Sent {
    Answered(ControlAnswer),
    /// The other process does not lead, or is about to stop: it did nothing.
    Misdirected,
    /// It did not get the request.
    Unreachable,
}

impl PassOn {
    /// With connections that live in this runtime.
    ///
    /// # Errors
    /// If the client cannot be made.
    pub(crate) fn new(processes: Arc<Processes>, runtime: Handle) -> reqwest::Result<Self> {
        Ok(Self { client: runtime::http_client(false)?, runtime, processes })
    }

    /// Lets the process that leads answer a signed request; `None` if that is this one by now. It checks the signature
    /// too.
    pub(super) fn answer(&self, protocol: Protocol, received: &Received) -> Option<ControlAnswer> {
        if received.header(PASSED_ON).is_some() {
            let why = "this process does not lead";
            return Some(protocol.error(MISDIRECTED, "MisdirectedRequest", why));
        }
        let deadline = Instant::now() + PATIENCE;
        let mut why = String::new();
        let unavailable = |why: &str| Some(protocol.error(503, "ServiceUnavailable", why));
        while !self.processes.leading().is_open() {
            let leader = match self.processes.leader() {
                Ok(leader) => leader,
                Err(why) => return unavailable(&why),
            };
            match leader.as_ref().map(|leader| self.send(leader, received)) {
                Some(Ok(Sent::Answered(answer))) => return Some(answer),
                Some(Err(why)) => {
                    let message = format!(
                        "the process that leads did not answer: {why}; it is not known whether this was done: look, \
                         and try again"
                    );
                    return Some(protocol.error(502, "BadGateway", &message));
                }
                Some(Ok(Sent::Unreachable)) => {
                    if let Some(ProcessAddress { name, address }) = leader {
                        why = format!(
                            "{name}, which leads, cannot be reached at {address}: is CONTROL_ADDRESS right there?"
                        );
                    }
                }
                Some(Ok(Sent::Misdirected)) | None => why = "no process leads now".to_owned(),
            }
            if Instant::now() >= deadline {
                return unavailable(&format!("{why}; nothing was done, try again"));
            }
            sleep(PAUSE);
        }
        None
    }

    /// Sends a request to a process.
    ///
    /// # Errors
    /// Why it is not known what it did.
    fn send(&self, leader: &ProcessAddress, received: &Received) -> Result<Sent, String> {
        let query = if received.query.is_empty() { "" } else { "?" };
        let url = format!("http://{}{}{query}{}", leader.address, received.path, received.query);
        let method = Method::from_bytes(received.method.as_bytes()).unwrap_or_default();
        let mut request = self.client.request(method, url).timeout(ANSWER_TIME);
        for (name, value) in &received.headers {
            // The length is that of the body, and the connection is another one. The rest is signed.
            if !["connection", "content-length", "transfer-encoding"].contains(&name.as_str()) {
                request = request.header(name, value);
            }
        }
        let request = request.header(PASSED_ON, "1").body(received.body.clone());
        let (answered, waiting) = mpsc::channel();
        let asking = self.runtime.spawn(async move {
            // If the process leads no more, the caller no longer waits.
            let _ = answered.send(answer(request).await);
        });
        let answer = loop {
            match waiting.recv_timeout(LOOK) {
                Ok(answer) => break answer,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("{} was not asked to the end", leader.name));
                }
                Err(_) if self.processes.leader().ok().flatten().as_ref() == Some(leader) => {}
                Err(RecvTimeoutError::Timeout) => {
                    asking.abort();
                    return Err(format!("{} leads no more", leader.name));
                }
            }
        };
        match answer {
            Ok(answer) if answer.status == MISDIRECTED => Ok(Sent::Misdirected),
            Ok(answer) => Ok(Sent::Answered(answer)),
            Err(error) if error.is_connect() => Ok(Sent::Unreachable),
            Err(error) => Err(chain(&error)),
        }
    }
}

async fn answer(request: RequestBuilder) -> Result<ControlAnswer, reqwest::Error> {
    let answer = request.send().await?;
    let mut read = head(&answer);
    read.body = answer.bytes().await?.to_vec();
    Ok(read)
}

fn head(answer: &Response) -> ControlAnswer {
    let header = |name: &str| {
        let value = answer.headers().get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    ControlAnswer {
        content_type: header("content-type").unwrap_or_default().into(),
        error_type: header(ERROR_TYPE).map(Into::into),
        allow: header("allow").map(Into::into),
        without: header(WITHOUT).map(Into::into),
        ..ControlAnswer::new(answer.status().as_u16(), "", "")
    }
}
