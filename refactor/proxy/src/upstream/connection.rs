//! One HTTP/1.1 connection to a service.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use http1::{BodyPiece, Buffer, Ending, Framing, Malformed, Scan};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::failure::UpstreamError;
use super::in_flight::{Open, RequestPlace};
use super::tls::Vouched;
use crate::deadline::Deadline;
use crate::limits::{DNS_TIME, POOL_TIME};

/// A connection; it carries one request after the other.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    input: Buffer,
    scan: Option<Scan>,
    deadline: Deadline,
    /// Once it has been idle for so long the service may close it.
    idle_until: Instant,
    /// After this the service's name is asked for again.
    use_until: Option<Instant>,
    /// The place of the request that it carries.
    place: Option<RequestPlace>,
    /// The private authority that vouches for the service.
    vouched: Option<Vouched>,
    _open: Open,
}

/// A socket: without TLS, or with it.
pub(crate) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

impl Connection {
    pub(super) fn new(
        stream: Stream,
        is_address: bool,
        vouched: Option<Vouched>,
        open: Open,
    ) -> Self {
        let now = Instant::now();
        Self {
            stream,
            input: Buffer::default(),
            scan: None,
            deadline: Deadline::after(POOL_TIME),
            idle_until: now + POOL_TIME,
            use_until: (!is_address).then(|| now + DNS_TIME),
            place: None,
            vouched,
            _open: open,
        }
    }

    /// Keeps a request's place until the connection is closed or idle.
    pub(crate) fn hold(&mut self, place: RequestPlace) {
        self.place = Some(place);
    }

    /// The socket, and what was read from it, if it is to carry another protocol.
    pub(crate) fn into_parts(self) -> (Stream, Buffer) {
        (self.stream, self.input)
    }

    /// Sets for how long the service may take for whatever is waited for next.
    pub(crate) fn allow(&mut self, time: Duration) {
        self.deadline.set(time);
    }

    /// Notes that the connection becomes idle: it has no place any more; and for how many seconds the service keeps it then.
    pub(crate) fn rest(&mut self, keep_alive_seconds: Option<u64>) {
        self.place = None;
        // A second less: what is sent when the time is up would be lost.
        let said = keep_alive_seconds.map(|time| Duration::from_secs(time.saturating_sub(1)));
        self.idle_until = Instant::now() + said.unwrap_or(POOL_TIME).min(POOL_TIME);
    }

    /// Whether an idle connection can carry a request: nothing has come, not even its end.
    pub(super) fn is_fresh(&mut self, now: Instant) -> bool {
        if now >= self.idle_until || self.use_until.is_some_and(|until| now >= until) {
            return false;
        }
        if self.vouched.as_ref().is_some_and(|vouched| !vouched.is_current()) {
            return false;
        }
        let mut context = Context::from_waker(Waker::noop());
        self.input.is_empty() && self.input.poll_fill(&mut context, &mut self.stream).is_pending()
    }

    /// The same, asked of the system and not of what this thread heard of it last: an end that has come by now is seen.
    pub(super) fn is_fresh_now(&mut self, now: Instant) -> bool {
        let socket = match &self.stream {
            Either::Left(stream) => stream,
            Either::Right(stream) => stream.get_ref().0,
        };
        let peeked = recv(socket, &mut [0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT);
        self.is_fresh(now) && matches!(peeked, Err(Errno::AGAIN | Errno::INTR))
    }

    pub(crate) fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match ready!(Pin::new(&mut self.stream).poll_write(context, bytes))? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            count => {
                // TLS keeps what the socket did not take; a pending flush is tried with the next poll.
                if let Either::Right(stream) = &mut self.stream {
                    let _ = Pin::new(stream).poll_flush(context)?;
                }
                Poll::Ready(Ok(count))
            }
        }
    }

    /// Writes out what TLS still keeps.
    pub(crate) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Either::Left(_) => Poll::Ready(Ok(())),
            Either::Right(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    /// The bytes of the next head, whose fields may have `most` bytes.
    pub(crate) fn poll_head(
        &mut self,
        context: &mut Context<'_>,
        most: usize,
    ) -> Poll<Result<Vec<u8>, UpstreamError>> {
        loop {
            let scan = self.scan.get_or_insert_with(|| Scan::new(most));
            let end = scan.find_end(self.input.filled()).map_err(|ending| match ending {
                Ending::BareLineFeed => {
                    UpstreamError::Garbage(Malformed("the answer has a bare LF in its head"))
                }
                Ending::LongLine => {
                    UpstreamError::Garbage(Malformed("the first line of the answer is too long"))
                }
                Ending::LargeFields => UpstreamError::LargeHead(most),
            });
            if let Some(end) = end? {
                let head = self.input.filled().get(..end).unwrap_or_default().to_vec();
                self.input.consume(end);
                self.scan = None;
                return Poll::Ready(Ok(head));
            }
            let begun = !self.input.is_empty();
            self.input.make_room();
            match self.poll_fill(context) {
                Poll::Ready(Ok(0)) if begun => {
                    let cut = Malformed("the connection ended within the head of the answer");
                    return Poll::Ready(Err(UpstreamError::Garbage(cut)));
                }
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Err(UpstreamError::Broken(
                        io::ErrorKind::UnexpectedEof.into(),
                    )));
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
                    return Poll::Ready(Err(UpstreamError::Late));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(UpstreamError::Broken(error))),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// What was read and not consumed.
    pub(crate) fn filled(&self) -> &[u8] {
        self.input.filled()
    }

    /// Hands over what has arrived of the content of a body.
    ///
    /// # Errors
    /// If the body is not as its framing says.
    pub(crate) fn take(
        &mut self,
        body: &mut Framing,
        mut push: impl FnMut(&[u8]),
    ) -> Result<(), Malformed> {
        while !body.is_over() {
            let arrived = self.input.filled();
            let piece = body.next(arrived)?;
            if piece == BodyPiece::default() {
                break;
            }
            let end = piece.framing + piece.content;
            push(arrived.get(piece.framing..end).unwrap_or_default());
            self.input.consume(end);
        }
        Ok(())
    }

    /// Reads more; 0 at the end, `TimedOut` once the time that was allowed is over.
    pub(crate) fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match self.input.poll_fill(context, &mut self.stream) {
            Poll::Ready(read) => Poll::Ready(read),
            Poll::Pending => {
                ready!(self.deadline.poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}
