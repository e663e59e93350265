//! A connection that cannot be held for nothing.
//!
//! actix-web bounds the time for the first head on a connection and for the idle time between requests. It does not
//! bound the time that a client takes to read its answer, nor the time for a later head or for the rest of a body
//! that is not read. Here every connection has two limits that hold in any state.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Duration, Instant, Sleep, sleep};

use crate::guests::{Guest, GuestPlace};

/// How long a connection may be held.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Without a byte of an answer.
    pub quiet: Duration,
    /// While an answer waits for a client that takes it slowly.
    pub take: Duration,
}

/// A stream that fails with [`io::ErrorKind::TimedOut`] once nothing was written to it for
/// [`Limits::quiet`], or once what is to be written has waited [`Limits::take`] for the other side.
pub(crate) struct Bounded<S, O = ()> {
    stream: S,
    limits: Limits,
    /// Counts the connection until it is closed.
    _open: O,
    /// Its place, if there are so many only.
    guest: Option<GuestPlace>,
    /// When something was written to it last.
    written_at: Instant,
    /// Fires when the stream may have been quiet for too long. It is set again only then: to set it at each answer would
    /// cost more than the answer.
    quiet: Pin<Box<Sleep>>,
    /// Fires when the other side was too slow; there while something waits for it.
    slow: Option<Pin<Box<Sleep>>>,
}

impl<S, O> Bounded<S, O> {
    /// Bounds a stream. `open` is dropped with it.
    pub(crate) fn new(stream: S, limits: Limits, open: O) -> Self {
        let quiet = Box::pin(sleep(limits.quiet));
        let written_at = Instant::now();
        Self { stream, limits, _open: open, guest: None, written_at, quiet, slow: None }
    }

    /// The same, which also ends as soon as another connection takes its place.
    pub(crate) fn with_place(self, place: Option<GuestPlace>) -> Self {
        Self { guest: place, ..self }
    }

    /// The connection as its requests see it.
    pub(crate) fn guest(&self) -> Option<Arc<Guest>> {
        self.guest.as_ref().map(|place| Arc::clone(&place.guest))
    }

    /// Notes what became of a write; a pending one waits for the other side.
    fn written<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.written_at = Instant::now();
            return written;
        }
        let take = self.limits.take;
        let slow = self.slow.get_or_insert_with(|| Box::pin(sleep(take)));
        ready!(slow.as_mut().poll(context));
        Poll::Ready(Err(timed_out()))
    }
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the connection was held for nothing")
}

impl<S: AsyncRead + Unpin, O: Unpin> AsyncRead for Bounded<S, O> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(GuestPlace { guest, .. }) = &self.guest {
            if guest.poll_closed(context).is_ready() {
                return Poll::Ready(Err(timed_out()));
            }
            if guest.is_working() {
                return Pin::new(&mut self.stream).poll_read(context, buffer);
            }
        }
        while self.quiet.as_mut().poll(context).is_ready() {
            let end = self.written_at + self.limits.quiet;
            if end <= Instant::now() {
                return Poll::Ready(Err(timed_out()));
            }
            self.quiet.as_mut().reset(end);
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin, O: Unpin> AsyncWrite for Bounded<S, O> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // actix-http flushes once everything it has is written: the other side has caught up.
        self.slow = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::{Duration, advance, sleep};

    use super::{Bounded, Limits};

    const LIMITS: Limits =
        Limits { quiet: Duration::from_secs(107), take: Duration::from_secs(30) };

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_an_answer_ends_however_much_is_sent_on_it() {
        let (mut client, server) = duplex(64);
        let mut server = Bounded::new(server, LIMITS, ());
        let drip = tokio::spawn(async move {
            while client.write_all(b"G").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let mut read = 0;
        let error = loop {
            match server.read_u8().await {
                Ok(_) => read += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(read >= LIMITS.quiet.as_secs() - 1, "{read}");
        drop(server);
        drip.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_starts_the_time_anew() {
        let (client, server) = duplex(64);
        let mut server = Bounded::new(server, LIMITS, ());
        for _ in 0..5 {
            advance(LIMITS.quiet / 2).await;
            server.write_all(b"x").await.unwrap();
            server.flush().await.unwrap();
        }
        drop(client);
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_its_answer_drop_by_drop_is_let_go() {
        let (mut client, server) = duplex(64);
        let mut server = Bounded::new(server, LIMITS, ());
        let sip = tokio::spawn(async move {
            let start = tokio::time::Instant::now();
            while client.read_u8().await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
            start.elapsed()
        });
        let error = server.write_all(&[0; 10_000]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        drop(server);
        // What was on its way is read to its end: 64 bytes more.
        let taken = sip.await.unwrap();
        assert!(taken < LIMITS.take + Duration::from_secs(70), "{taken:?}");
    }
}
