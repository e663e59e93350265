//! The client's end of one stream, on which its answer goes.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::Response;

/// The answer's stream. The exchange shares it with the task that waits for the client to reset the stream.
#[derive(Clone)]
pub(super) struct Reply(Arc<Mutex<ReplyState>>);

enum ReplyState {
    /// No head was sent.
    Waiting(SendResponse<Bytes>),
    Begun(SendStream<Bytes>),
}

impl Reply {
    pub(super) fn new(respond: SendResponse<Bytes>) -> Self {
        Self(Arc::new(Mutex::new(ReplyState::Waiting(respond))))
    }

    fn state(&self) -> MutexGuard<'_, ReplyState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ready once the client reset the stream or the connection is lost (RFC 9113, 6.4).
    pub(super) fn poll_reset(&self, context: &mut Context<'_>) -> Poll<()> {
        let reset = match &mut *self.state() {
            ReplyState::Waiting(respond) => respond.poll_reset(context),
            ReplyState::Begun(answer) => answer.poll_reset(context),
        };
        reset.map(|_why| ())
    }

    /// Sends an interim answer, unless the stream is gone or the answer has begun.
    pub(super) fn interim(&self, response: Response<()>) {
        if let ReplyState::Waiting(respond) = &mut *self.state() {
            // A stream that is gone is found out by what is sent next.
            let _ = respond.send_informational(response);
        }
    }

    /// Sends the head. A stream that the client reset is found out by what is sent next.
    pub(super) fn begin(&self, response: Response<()>, ended: bool) {
        let mut state = self.state();
        if let ReplyState::Waiting(respond) = &mut *state
            && let Ok(answer) = respond.send_response(response, ended)
        {
            *state = ReplyState::Begun(answer);
        }
    }

    /// How many bytes of `wanted` the client has room for.
    pub(super) fn poll_room(
        &self,
        context: &mut Context<'_>,
        wanted: usize,
    ) -> Poll<io::Result<usize>> {
        let ReplyState::Begun(answer) = &mut *self.state() else { return Poll::Ready(Err(gone())) };
        answer.reserve_capacity(wanted);
        match ready!(answer.poll_capacity(context)) {
            Some(Ok(granted)) => Poll::Ready(Ok(granted.min(wanted))),
            _ => Poll::Ready(Err(gone())),
        }
    }

    /// Sends a part of the body for which there is room.
    ///
    /// # Errors
    /// If the stream is reset.
    pub(super) fn send(&self, part: Bytes, last: bool) -> io::Result<()> {
        match &mut *self.state() {
            ReplyState::Begun(answer) => answer.send_data(part, last).map_err(|_reset| gone()),
            ReplyState::Waiting(_) => Err(gone()),
        }
    }

    /// Whether the head was sent.
    pub(super) fn has_begun(&self) -> bool {
        matches!(*self.state(), ReplyState::Begun(_))
    }

    /// Resets the stream.
    pub(super) fn reset(&self, reason: Reason) {
        match &mut *self.state() {
            ReplyState::Waiting(respond) => respond.send_reset(reason),
            ReplyState::Begun(answer) => answer.send_reset(reason),
        }
    }
}

fn gone() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}
