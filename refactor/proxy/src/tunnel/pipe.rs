//! One direction of a tunnel.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http1::Buffer;
use tokio::io::{AsyncRead, AsyncWrite};

use super::frames::Frames;

/// What one side says to the other. It holds memory only while the other side does not take what is there, and reads no
/// more meanwhile.
#[derive(Debug)]
pub(super) struct Pipe {
    buffer: Buffer,
    /// Whether the side that speaks said that it says no more.
    ended: bool,
    /// Whether the other side was told so.
    shut: bool,
    /// How many bytes went through.
    pub(super) bytes: u64,
    /// For a WebSocket: the ends of the frames in what went through.
    pub(super) frames: Option<Frames>,
}

/// A side of the direction that broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BrokenSide {
    /// The one that speaks.
    From,
    /// The one that listens.
    To,
}

impl Pipe {
    /// `buffer`: what was read already.
    pub(super) fn new(buffer: Buffer, frames: Option<Frames>) -> Self {
        Self { buffer, ended: false, shut: false, bytes: 0, frames }
    }

    /// Whether the side that speaks said that it says no more.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Ready once everything went through, and the other side was told that no more comes.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<Result<(), BrokenSide>> {
        loop {
            if self.shut {
                return Poll::Ready(Ok(()));
            }
            while !self.buffer.is_empty() {
                let there = self.buffer.filled().len();
                ready!(self.poll_write(context, to, there)).map_err(|_error| BrokenSide::To)?;
            }
            ready!(Pin::new(&mut *to).poll_flush(context)).map_err(|_error| BrokenSide::To)?;
            if self.ended {
                ready!(self.poll_shut(context, to))?;
            } else {
                ready!(self.poll_fill(context, from))?;
            }
        }
    }

    /// Sends the rest of the frame that is on its way. Ready once no frame is, or no more comes.
    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<Result<(), BrokenSide>> {
        while self.frames.is_some_and(|frames| !frames.is_between()) && !self.shut {
            let there = self.buffer.filled();
            let rest = self.frames.map_or(0, |frames| frames.rest_of_frame(there));
            if rest > 0 {
                ready!(self.poll_write(context, to, rest)).map_err(|_error| BrokenSide::To)?;
            } else if self.ended {
                ready!(self.poll_shut(context, to))?;
            } else {
                ready!(self.poll_fill(context, from))?;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Drops what comes. Ready once no more does, and the other side was told so.
    pub(super) fn poll_drop(
        &mut self,
        context: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<Result<(), BrokenSide>> {
        while !self.ended {
            self.buffer.consume(usize::MAX);
            ready!(self.poll_fill(context, from))?;
        }
        if self.shut { Poll::Ready(Ok(())) } else { self.poll_shut(context, to) }
    }

    fn poll_fill(
        &mut self,
        context: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
    ) -> Poll<Result<(), BrokenSide>> {
        let read =
            ready!(self.buffer.poll_fill(context, from)).map_err(|_error| BrokenSide::From)?;
        self.ended = read == 0;
        Poll::Ready(Ok(()))
    }

    /// Sends some of the first `most` bytes.
    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        to: &mut (impl AsyncWrite + Unpin),
        most: usize,
    ) -> Poll<io::Result<()>> {
        let bytes = self.buffer.filled().get(..most).unwrap_or_default();
        let count = ready!(Pin::new(to).poll_write(context, bytes))?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        if let Some(frames) = &mut self.frames {
            frames.pass(bytes.get(..count).unwrap_or_default());
        }
        self.bytes += count as u64;
        self.buffer.consume(count);
        Poll::Ready(Ok(()))
    }

    fn poll_shut(
        &mut self,
        context: &mut Context<'_>,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<Result<(), BrokenSide>> {
        ready!(Pin::new(to).poll_shutdown(context)).map_err(|_error| BrokenSide::To)?;
        self.shut = true;
        Poll::Ready(Ok(()))
    }
}
