//! A client that speaks HTTP/1.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::{io, mem};

use http::StatusCode;
use http1::{
    BodyPiece, Buffer, Ending, FieldKind, Framing, HeaderField, RequestHead, Scan, Status,
    TARGET_BYTES, Version, write_chunk, write_field, write_number,
};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::Stream;
use super::pace::BodyPace;
use crate::client_exchange::{BodyError, BodyLength, ClientExchange, Left};
use crate::deadline::Deadline;
use crate::limits::{
    EMPTY_LINES, HEAD_TIME, IDLE_TIME, KEPT_OUTPUT_BYTES, LAST_BYTES, LINGER_TIME, TAKE_TIME,
};
use crate::problem::Problem;
use crate::site::{DrainSignal, Phase, Site};

/// A connection of a client, and where it is in its current exchange.
pub(crate) struct Http1 {
    stream: Stream,
    peer: IpAddr,
    site: Arc<Site>,
    input: Buffer,
    output: Vec<u8>,
    sent: usize,
    /// For the next bytes of the client.
    reading: Deadline,
    /// For the client to take what is sent; set while it is behind.
    writing: Option<Deadline>,
    exchange: Exchange,
}

/// What is known of the current exchange.
struct Exchange {
    body: Framing,
    /// How many bytes of the body are taken at most, and how many may still come.
    limit: u64,
    room: u64,
    /// By when more of the body must be there.
    pace: BodyPace,
    /// Whether the client waits to be told to send the body.
    expects_continue: bool,
    version: Version,
    chunked_answer: bool,
    /// Whether only the end of the connection ends the answer.
    unending: bool,
    /// Whether the client must see that it is not whole, and would not.
    cut: bool,
    /// Whether another request may follow.
    persists: bool,
}

impl Exchange {
    fn of(head: &RequestHead<'_>) -> Self {
        Self {
            body: head.body,
            limit: 0,
            room: 0,
            pace: BodyPace::begin(),
            expects_continue: head.expects_continue,
            version: head.version,
            chunked_answer: false,
            unending: false,
            cut: false,
            persists: head.keep_alive,
        }
    }
}

/// What comes next on a connection.
pub(crate) enum NextInput {
    /// The bytes of a head.
    Head(Vec<u8>),
    /// The first bytes of HTTP/2.
    Http2,
    /// Nothing: the client left, was idle for too long, or the listener closes.
    End,
}

/// What a connection of HTTP/2 begins with (RFC 9113, 3.4), as far as it looks like a request.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

impl Http1 {
    pub(crate) fn new(stream: Stream, peer: IpAddr, site: Arc<Site>) -> Self {
        Self {
            stream,
            peer,
            site,
            input: Buffer::default(),
            output: Vec::new(),
            sent: 0,
            reading: Deadline::after(IDLE_TIME),
            writing: None,
            exchange: Exchange::of(&RequestHead::unread()),
        }
    }

    /// Waits for the head of the next request.
    ///
    /// # Errors
    /// 400, 408, 414 or 431; the connection cannot go on.
    pub(crate) async fn next(&mut self, drain: &mut DrainSignal<'_>) -> Result<NextInput, Problem> {
        let most = self.site.settings().request_header_bytes;
        let (mut scan, mut lines, mut begun) = (Scan::new(most), 0, false);
        self.reading.set(if self.input.is_empty() { IDLE_TIME } else { HEAD_TIME });
        loop {
            while self.input.filled().starts_with(b"\r\n") {
                // RFC 9112, 2.2: some clients end a body with a line too many.
                self.input.consume(2);
                lines += 1;
                if lines > EMPTY_LINES {
                    // If they come faster than they are read, no time ends the connection.
                    return Err(Problem::bad_request("too many empty lines before a request"));
                }
            }
            let arrived = self.input.filled();
            match arrived.first() {
                None => scan = Scan::new(most),
                Some(b'\r') if arrived.len() == 1 => {}
                Some(b'P') if arrived.starts_with(PREFACE) => return Ok(NextInput::Http2),
                Some(byte)
                    if !byte.is_ascii_alphanumeric() && !b"!#$%&'*+-.^_`|~".contains(byte) =>
                {
                    return Err(Problem::bad_request("this is not HTTP; is it TLS?"));
                }
                Some(_) => {
                    let found = scan.find_end(arrived).map_err(|ending| unended(ending, most));
                    if let Some(end) = found? {
                        let head = arrived.get(..end).unwrap_or_default().to_vec();
                        self.input.consume(end);
                        return Ok(NextInput::Head(head));
                    }
                }
            }
            // Most heads come whole, and need no time of their own.
            if mem::take(&mut begun) {
                self.reading.set(HEAD_TIME);
            }
            let idle = self.input.is_empty();
            self.input.make_room();
            let read = poll_fn(|context| {
                if let Poll::Ready(read) = self.input.poll_fill(context, &mut self.stream) {
                    return Poll::Ready(read);
                }
                if idle && drain.poll(context, Phase::Closing).is_ready() {
                    return Poll::Ready(Ok(0));
                }
                ready!(self.reading.poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            });
            match read.await {
                Ok(0) | Err(_) if idle => return Ok(NextInput::End),
                Ok(0) => return Ok(NextInput::End),
                // Lines too many begin no request.
                Ok(_) if idle && !is_blank(self.input.filled()) => begun = true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    let seconds = HEAD_TIME.as_secs();
                    let detail = format!("the head of the request took longer than {seconds} s");
                    return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, detail));
                }
                Err(_) => return Ok(NextInput::End),
            }
        }
    }

    /// Begins an exchange.
    pub(crate) fn start(&mut self, head: &RequestHead<'_>) {
        self.exchange = Exchange::of(head);
        // A client that began its body does not wait.
        self.exchange.expects_continue &= self.input.is_empty();
    }

    /// Whether another request may follow.
    pub(crate) fn persists(&self) -> bool {
        self.exchange.persists
    }

    /// Whether the client sent bytes of a body that were not read.
    fn owes(&self) -> bool {
        !self.exchange.body.is_over()
    }

    /// Closes the connection so that the client gets to see its last answer: what it still sends is
    /// read for a moment, else it would see a reset (RFC 9112, 9.6).
    ///
    /// An answer that broke off and whose end nothing else tells ends in a reset (RFC 9112, 8).
    pub(crate) async fn close(mut self) {
        let socket = match &self.stream {
            Stream::Left(socket) => socket,
            Stream::Right(stream) => stream.get_ref().0,
        };
        if self.exchange.cut && socket.set_zero_linger().is_ok() {
            return;
        }
        let mut left = LAST_BYTES;
        let lingered = async {
            poll_fn(|context| Pin::new(&mut self.stream).poll_shutdown(context)).await?;
            while left > 0 {
                self.input.consume(usize::MAX);
                match poll_fn(|context| self.input.poll_fill(context, &mut self.stream)).await? {
                    0 => break,
                    read => left = left.saturating_sub(read),
                }
            }
            io::Result::Ok(())
        };
        // Whether the client took it cannot be told, and nothing else is to be done.
        let _ = tokio::time::timeout(LINGER_TIME, lingered).await;
    }

    /// The socket, and what was read from it.
    pub(crate) fn into_parts(self) -> (Stream, Buffer) {
        (self.stream, self.input)
    }

    fn poll_more_body(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        let now = Instant::now();
        let read = self.input.poll_fill(context, &mut self.stream);
        if self.exchange.expects_continue && read.is_pending() {
            return Poll::Pending;
        }
        match read {
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(BodyError::Gone)),
            Poll::Ready(Ok(count)) => {
                self.exchange.expects_continue = false;
                self.exchange.pace.received(count, now);
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::OutOfMemory => {
                return Poll::Ready(Err(BodyError::Malformed("a line between chunks is too long")));
            }
            Poll::Ready(Err(_)) => return Poll::Ready(Err(BodyError::Gone)),
            Poll::Pending => {}
        }
        if let Some(pause) = self.exchange.pace.wait(now) {
            self.reading.set(pause);
        }
        ready!(self.reading.poll(context));
        Poll::Ready(Err(BodyError::TooSlow))
    }

    /// Ready once the socket has everything.
    fn poll_sent(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut stream = Pin::new(&mut self.stream);
        while let Some(rest @ [_, ..]) = self.output.get(self.sent..) {
            match ready!(stream.as_mut().poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.sent += count,
            }
        }
        stream.poll_flush(context)
    }
}

impl ClientExchange for Http1 {
    fn peer(&self) -> IpAddr {
        self.peer
    }

    fn limit_body(&mut self, bytes: u64) {
        (self.exchange.limit, self.exchange.room) = (bytes, bytes);
    }

    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<bool, BodyError>> {
        loop {
            let exchange = &mut self.exchange;
            if exchange.body.is_over() {
                return Poll::Ready(Ok(false));
            }
            let input = self.input.filled();
            let piece = exchange.body.next(input).map_err(|error| BodyError::Malformed(error.0))?;
            let end = piece.framing + piece.content;
            let room = exchange.room.checked_sub(piece.content as u64);
            if room.is_some() {
                out.extend_from_slice(input.get(piece.framing..end).unwrap_or_default());
            }
            // A body that is too large is skipped from here on.
            self.input.consume(end);
            exchange.room = room.ok_or(BodyError::TooLarge(exchange.limit))?;
            if piece.content > 0 {
                self.exchange.expects_continue = false;
                return Poll::Ready(Ok(!self.exchange.body.is_over()));
            }
            if piece == BodyPiece::default() {
                ready!(self.poll_more_body(context))?;
            }
        }
    }

    fn waits_to_go_on(&self) -> bool {
        self.exchange.expects_continue
    }

    fn go_on(&mut self, context: &mut Context<'_>) {
        if !mem::take(&mut self.exchange.expects_continue) {
            return;
        }
        // Nothing else is on its way to the client, so all of it fits into the socket. TLS keeps what the socket does not
        // take, and sends it with the answer. A client that is gone is found out when its body is read.
        let mut stream = Pin::new(&mut self.stream);
        let _ = stream.as_mut().poll_write(context, b"HTTP/1.1 100 Continue\r\n\r\n");
        let _ = stream.poll_flush(context);
    }

    /// Nothing: some clients of HTTP/1.1 would take it for the answer (RFC 8297, 3).
    fn hint(&mut self, _status: Status, _fields: &[HeaderField<'_>]) {}

    fn skip_body(&mut self) {
        while !self.exchange.body.is_over() {
            let piece = self.exchange.body.next(self.input.filled()).unwrap_or_default();
            if piece == BodyPiece::default() {
                break;
            }
            self.input.consume(piece.framing + piece.content);
        }
    }

    fn poll_left(&mut self, context: &mut Context<'_>) -> Poll<Left> {
        // It is not the client that is slow now.
        self.exchange.pace.rest(Instant::now());
        loop {
            match ready!(self.input.poll_fill(context, &mut self.stream)) {
                Ok(1..) => self.exchange.expects_continue = false,
                Err(error) if error.kind() == io::ErrorKind::OutOfMemory => return Poll::Pending,
                Ok(0) => return Poll::Ready(Left::Silent),
                Err(_) => return Poll::Ready(Left::Gone),
            }
        }
    }

    fn begin(&mut self, status: Status, fields: &[HeaderField<'_>], body: BodyLength) {
        let unending = body == BodyLength::Unknown && self.exchange.version == Version::Http10;
        if unending || self.owes() || self.site.is(Phase::Leaving) {
            self.exchange.persists = false;
        }
        self.exchange.unending = unending;
        // From here on it would stand within the answer.
        self.exchange.expects_continue = false;
        let out = &mut self.output;
        out.extend_from_slice(b"HTTP/1.1 ");
        write_number(out, u64::from(status));
        out.push(b' ');
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        out.extend_from_slice(reason.unwrap_or_default().as_bytes());
        out.extend_from_slice(b"\r\n");
        let switches = status == StatusCode::SWITCHING_PROTOCOLS;
        for field in fields {
            if field.kind.goes_to_clients() || switches && field.kind == FieldKind::Upgrade {
                write_field(out, field.name, field.value);
            }
        }
        match body {
            BodyLength::None(None) => {}
            BodyLength::None(Some(length)) | BodyLength::Length(length) => {
                out.extend_from_slice(b"content-length: ");
                write_number(out, length);
                out.extend_from_slice(b"\r\n");
            }
            BodyLength::Unknown if unending => {}
            BodyLength::Unknown => {
                self.exchange.chunked_answer = true;
                write_field(out, "transfer-encoding", b"chunked");
            }
        }
        if switches {
            write_field(out, "connection", b"upgrade");
        } else if !self.exchange.persists {
            write_field(out, "connection", b"close");
        }
        out.extend_from_slice(b"\r\n");
    }

    fn push(&mut self, part: &[u8]) {
        if !self.exchange.chunked_answer {
            self.output.extend_from_slice(part);
        } else if !part.is_empty() {
            write_chunk(&mut self.output, part);
        }
    }

    fn end(&mut self) {
        if self.exchange.chunked_answer {
            self.output.extend_from_slice(b"0\r\n\r\n");
        }
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Poll::Ready(sent) = self.poll_sent(context) else {
            let behind = self.writing.get_or_insert_with(|| Deadline::after(TAKE_TIME));
            ready!(behind.poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        };
        sent?;
        self.writing = None;
        self.sent = 0;
        self.output.clear();
        // A connection may be idle from now on, and should not keep what a slow client made of this.
        self.output.shrink_to(KEPT_OUTPUT_BYTES);
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.exchange.persists = false;
        self.exchange.cut = self.exchange.unending;
        self.output.clear();
        self.sent = 0;
    }
}

/// Why a head is not read to its end; its fields may have `most` bytes.
fn unended(ending: Ending, most: usize) -> Problem {
    match ending {
        Ending::BareLineFeed => {
            Problem::bad_request("a line of the head does not end in CR LF (RFC 9112, 2.2)")
        }
        Ending::LongLine => Problem::new(
            StatusCode::URI_TOO_LONG,
            format!("the target is longer than {TARGET_BYTES} bytes, which no setting changes"),
        ),
        Ending::LargeFields => Problem::large_fields(most),
    }
}

/// Whether these bytes are no more than lines too many before a request.
fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

#[cfg(test)]
mod tests;
