//! Sends a request to its service while its body still arrives.

use std::task::{Context, Poll};

use http::Method;
use http1::{Framing, write_chunk};

use crate::client_exchange::{BodyError, ClientExchange};
use crate::kept::Kept;
use crate::limits::KEPT_REQUEST_BYTES;
use crate::upstream::{Connection, UpstreamError};

/// How much may wait for the service, in bytes, before no more is taken from the client.
const AHEAD_BYTES: usize = 16 * 1024;
/// The most that frames a chunk, in bytes: its size in hexadecimal, and two ends of lines.
const CHUNK_BYTES: usize = 16 + 4;

/// A request on its way.
#[derive(Debug)]
pub(super) struct Upload<'a> {
    /// What is to be sent; from the request's first byte on while `whole`.
    out: Vec<u8>,
    /// How much of `out` is the head, while `whole`.
    head: usize,
    /// Takes room for what is not let go once it was sent; none if it need not be kept.
    kept: Option<Kept<'a>>,
    /// How much of `out` was sent.
    sent: usize,
    whole: bool,
    chunked: bool,
    /// Whether the end of the body is in `out`.
    complete: bool,
    /// Whether anything was sent since it was last asked for.
    progressed: bool,
    /// A buffer for the next part of the body.
    part: Vec<u8>,
}

/// Why a request is not sent on.
#[derive(Debug)]
pub(super) enum UploadError {
    /// The body does not come.
    Client(BodyError),
    /// The service does not take it, or does not answer.
    Service(UpstreamError),
}

impl<'a> Upload<'a> {
    /// A request whose head is written out.
    pub(super) fn new(head: Vec<u8>, body: Framing, kept: Option<Kept<'a>>) -> Self {
        Self {
            head: head.len(),
            kept,
            out: head,
            sent: 0,
            whole: true,
            chunked: !matches!(body, Framing::Length(_)),
            complete: body.is_over(),
            progressed: false,
            part: Vec::new(),
        }
    }

    /// Whether all of it was sent.
    pub(super) fn is_sent(&self) -> bool {
        self.complete && self.sent == self.out.len()
    }

    /// Whether the service can be blamed for nothing since this was last asked: something was sent, or
    /// the client is waited for.
    pub(super) fn progressed(&mut self) -> bool {
        let waits = !self.complete && self.sent == self.out.len();
        std::mem::take(&mut self.progressed) || waits
    }

    /// Goes back to the start if the request may be sent again: nothing of it can have been
    /// executed, or to execute it again changes nothing, and all of it is still here.
    pub(super) fn rewind(&mut self, failure: &UpstreamError, method: &Method) -> bool {
        let unsent = self.sent == 0;
        let again = matches!(failure, UpstreamError::Broken(_)) && (unsent || method.is_safe());
        if again && self.whole {
            self.sent = 0;
        }
        again && self.whole
    }

    /// Whether all the received bytes are still here, so that the request can be sent to another service.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Goes back to the start with another head. Call it only if the request is whole and no service executed it.
    pub(super) fn restart(&mut self, head: &[u8]) {
        self.out.splice(..self.head, head.iter().copied());
        self.head = head.len();
        self.sent = 0;
    }

    /// Ready once all of it was sent.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        client: &mut impl ClientExchange,
        connection: &mut Connection,
    ) -> Poll<Result<(), UploadError>> {
        loop {
            let waiting = if self.is_sent() {
                return connection.poll_flush(context).map_err(broken);
            } else {
                self.poll_body(context, client).map_err(UploadError::Client)?
            };
            let rest = self.out.get(self.sent..).unwrap_or_default();
            if rest.is_empty() {
                match waiting {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => continue,
                }
            }
            match connection.poll_write(context, rest) {
                Poll::Ready(Ok(count)) => {
                    self.sent += count;
                    self.progressed = true;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(broken(error))),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Takes more of the body if there is room; pending only if it waits for the client.
    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        client: &mut impl ClientExchange,
    ) -> Result<Poll<()>, BodyError> {
        if self.complete || self.out.len() - self.sent >= AHEAD_BYTES {
            return Ok(Poll::Ready(()));
        }
        self.part.clear();
        match client.poll_body(context, &mut self.part) {
            Poll::Pending => return Ok(Poll::Pending),
            Poll::Ready(more) => self.complete = !more?,
        }
        let framing = if self.chunked { CHUNK_BYTES } else { 0 };
        let size = self.part.len() + framing;
        let too_long = self.out.len() + size > KEPT_REQUEST_BYTES;
        if self.kept.as_mut().is_some_and(|kept| too_long || !kept.take(size)) {
            self.kept = None;
        }
        if self.kept.is_none() && self.sent > 0 && self.sent == self.out.len() {
            self.out.clear();
            self.sent = 0;
            self.whole = false;
        }
        match (self.chunked, self.part.is_empty()) {
            (false, _) => self.out.extend_from_slice(&self.part),
            (true, false) => write_chunk(&mut self.out, &self.part),
            (true, true) => {}
        }
        if self.chunked && self.complete {
            self.out.extend_from_slice(b"0\r\n\r\n");
        }
        Ok(Poll::Ready(()))
    }
}

fn broken(error: std::io::Error) -> UploadError {
    UploadError::Service(UpstreamError::Broken(error))
}
