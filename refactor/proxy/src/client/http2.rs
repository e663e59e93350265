//! Clients that speak HTTP/2 (RFC 9113): with TLS as ALPN agreed, without it with prior knowledge.

mod reply;

use std::future::poll_fn;
use std::io::{self, Cursor};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::server::Builder;
use h2::{Reason, RecvStream};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http1::{Buffer, FIELDS, Framing, HeaderField, RequestHead, Status};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, join, split};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use reply::Reply;

use super::Stream;
use super::pace::BodyPace;
use crate::client_exchange::{BodyError, BodyLength, ClientExchange, Left};
use crate::deadline::Deadline;
use crate::exchange::{exchange, refuse_unread};
use crate::limits::{
    BODY_PAUSE, HEAD_TIME, IDLE_TIME, LINGER_BYTES, LINGER_TIME, STREAMS, TAKE_TIME,
};
use crate::problem::Problem;
use crate::site::{DrainSignal, Phase, Site};

/// How many bytes of bodies a client may send before they are taken: of one, and of all together.
const WINDOW_BYTES: u32 = 64 * 1024;
const WINDOWS_BYTES: u32 = 1024 * 1024;
/// What a field counts beside its name and value, in bytes: in HTTP/1.1 `: ` and the end of the line, and in a list of
/// HTTP/2 (RFC 9113, 6.5.2).
const LINE_BYTES: usize = 4;
const LIST_BYTES: usize = 32;
/// How much more of the head of a request is read than it may have, with its target, in bytes.
const BEYOND_BYTES: usize = 32 * 1024;

/// Answers the requests of a connection, each in a task of its own.
pub(super) async fn serve(
    stream: Stream,
    read: Buffer,
    peer: SocketAddr,
    site: &Arc<Site>,
    worker: usize,
    drain: DrainSignal<'_>,
) {
    let begun = Cursor::new(read.filled().to_vec());
    drop(read);
    match stream {
        Stream::Left(socket) => {
            let (rest, out) = socket.into_split();
            answer_all(join(begun.chain(rest), out), peer, site, worker, drain).await;
        }
        Stream::Right(stream) => {
            let (rest, out) = split(stream);
            answer_all(join(begun.chain(rest), out), peer, site, worker, drain).await;
        }
    }
}

async fn answer_all(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    site: &Arc<Site>,
    worker: usize,
    mut drain: DrainSignal<'_>,
) {
    // What is larger than this gets a bare 431. This much more is read, so that the answer can say which limit was met.
    let most = site.settings().request_header_bytes + FIELDS * LIST_BYTES + BEYOND_BYTES;
    let handshake = Builder::new()
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(most).unwrap_or(u32::MAX))
        .initial_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOWS_BYTES)
        .handshake::<_, Bytes>(stream);
    let Ok(Ok(mut connection)) = tokio::time::timeout(HEAD_TIME, handshake).await else { return };
    let mut exchanges = JoinSet::new();
    let mut idle = Deadline::after(IDLE_TIME);
    let mut leaving = false;
    loop {
        let accepted = poll_fn(|context| {
            while let Poll::Ready(Some(_)) = exchanges.poll_join_next(context) {
                idle.set(IDLE_TIME);
            }
            if !leaving && drain.poll(context, Phase::Leaving).is_ready() {
                leaving = true;
                connection.graceful_shutdown();
            }
            // A client that does not hear GOAWAY would go on.
            let closing = leaving && drain.poll(context, Phase::Closing).is_ready();
            // HTTP/2 no longer counts a stream after its client reset it, but its exchange may still run. A client
            // that resets all its streams gets no more exchanges than one that waits for the answers.
            if closing || exchanges.len() >= STREAMS as usize {
                return connection.poll_closed(context).map(|_ended| None);
            }
            if let Poll::Ready(accepted) = connection.poll_accept(context) {
                return Poll::Ready(accepted);
            }
            if exchanges.is_empty() {
                ready!(idle.poll(context));
                return Poll::Ready(None);
            }
            Poll::Pending
        });
        // At the end the exchanges that are under way go with the connection.
        let Some(Ok((request, mut respond))) = accepted.await else { return };
        // The connection has a place, which its first stream uses.
        let place = site.admit(peer.ip());
        if place.is_none() && !exchanges.is_empty() {
            // It was not looked at, so the client may send it again (RFC 9113, 8.7).
            respond.send_reset(Reason::REFUSED_STREAM);
            continue;
        }
        let serving = Arc::clone(site);
        let reply = Reply::new(respond);
        let reset = reply.clone();
        exchanges.spawn(site.share(peer.ip(), worker, async move {
            let _place = place;
            // A reset ends the exchange, even if the service has already received part of the request.
            tokio::select! {
                () = one(request, reply, peer.ip(), serving, worker) => {}
                () = poll_fn(|context| reset.poll_reset(context)) => {}
            }
        }));
    }
}

async fn one(
    request: Request<RecvStream>,
    reply: Reply,
    peer: IpAddr,
    site: Arc<Site>,
    worker: usize,
) {
    let (parts, body) = request.into_parts();
    let most = site.settings().request_header_bytes;
    let ended = body.is_end_stream();
    let mut client = Http2 {
        peer,
        body,
        limit: 0,
        room: 0,
        reply,
        out: Vec::new(),
        ended: false,
        reading: Deadline::after(BODY_PAUSE),
        pace: BodyPace::begin(),
        writing: None,
        expects_continue: false,
    };
    match RequestHead::from_http2(&parts) {
        _ if fields_bytes(&parts) > most => {
            refuse_unread(&site, &mut client, &Problem::large_fields(most)).await;
        }
        Ok(mut head) => {
            if ended {
                head.body = Framing::NONE;
            } else if !matches!(head.body, Framing::Length(1..)) {
                head.body = Framing::CHUNKED;
            }
            client.expects_continue = head.expects_continue && !ended;
            exchange(&site, worker, &mut client, &head).await;
        }
        Err(refusal) => refuse_unread(&site, &mut client, &refusal.into()).await,
    }
    // Nothing waits for it, so it may take too long.
    let _ = timeout(LINGER_TIME, client.linger()).await;
}

/// An answer with those of these fields that go to clients.
fn response(status: StatusCode, fields: &[HeaderField<'_>]) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status;
    for field in fields.iter().filter(|field| field.kind.goes_to_clients()) {
        let name = HeaderName::from_bytes(field.name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(field.value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// How many bytes the fields of a request would have in HTTP/1.1.
fn fields_bytes(parts: &http::request::Parts) -> usize {
    let size =
        |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + LINE_BYTES;
    parts.headers.iter().map(size).sum()
}

/// One exchange of a connection.
struct Http2 {
    peer: IpAddr,
    body: RecvStream,
    /// How many bytes of the body are taken at most, and how many may still come.
    limit: u64,
    room: u64,
    reply: Reply,
    out: Vec<u8>,
    ended: bool,
    reading: Deadline,
    /// By when more of the body must be there.
    pace: BodyPace,
    writing: Option<Deadline>,
    /// Whether the client waits to be told to send the body.
    expects_continue: bool,
}

impl Http2 {
    /// Takes in some of a body that is not wanted. The stream is reset if there is more, and some clients drop an
    /// answer that comes together with a reset.
    async fn linger(&mut self) {
        let mut left = LINGER_BYTES;
        while let Some(Ok(data)) = poll_fn(|context| self.body.poll_data(context)).await {
            let _ = self.body.flow_control().release_capacity(data.len());
            left = left.saturating_sub(data.len());
            if left == 0 {
                return;
            }
        }
    }
}

impl ClientExchange for Http2 {
    fn peer(&self) -> IpAddr {
        self.peer
    }

    fn limit_body(&mut self, bytes: u64) {
        (self.limit, self.room) = (bytes, bytes);
    }

    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<bool, BodyError>> {
        let data = match self.body.poll_data(context) {
            Poll::Ready(None) => return Poll::Ready(Ok(false)),
            Poll::Ready(Some(Err(_))) => return Poll::Ready(Err(BodyError::Gone)),
            Poll::Ready(Some(Ok(data))) => data,
            Poll::Pending if self.expects_continue => return Poll::Pending,
            Poll::Pending => {
                if let Some(pause) = self.pace.wait(Instant::now()) {
                    self.reading.set(pause);
                }
                ready!(self.reading.poll(context));
                return Poll::Ready(Err(BodyError::TooSlow));
            }
        };
        self.expects_continue = false;
        self.pace.received(data.len(), Instant::now());
        let room = self.room.checked_sub(data.len() as u64);
        self.room = room.ok_or(BodyError::TooLarge(self.limit))?;
        out.extend_from_slice(&data);
        // What was taken makes room for more; a stream that is gone needs none.
        let _ = self.body.flow_control().release_capacity(data.len());
        Poll::Ready(Ok(!self.body.is_end_stream()))
    }

    fn waits_to_go_on(&self) -> bool {
        self.expects_continue
    }

    fn go_on(&mut self, _context: &mut Context<'_>) {
        if std::mem::take(&mut self.expects_continue) {
            self.reply.interim(response(StatusCode::CONTINUE, &[]));
        }
    }

    fn hint(&mut self, status: Status, fields: &[HeaderField<'_>]) {
        if let Ok(status) = StatusCode::from_u16(status) {
            self.reply.interim(response(status, fields));
        }
    }

    fn skip_body(&mut self) {}

    fn poll_left(&mut self, _context: &mut Context<'_>) -> Poll<Left> {
        // The client is not the slow side now. If it resets the stream, the whole exchange ends.
        self.pace.rest(Instant::now());
        Poll::Pending
    }

    fn begin(&mut self, status: Status, fields: &[HeaderField<'_>], body: BodyLength) {
        self.expects_continue = false;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut response = response(status, fields);
        if let BodyLength::None(Some(length)) | BodyLength::Length(length) = body {
            response.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
        }
        self.ended = matches!(body, BodyLength::None(_) | BodyLength::Length(0));
        self.reply.begin(response, self.ended);
    }

    fn push(&mut self, part: &[u8]) {
        self.out.extend_from_slice(part);
    }

    fn end(&mut self) {
        if !self.ended && self.out.is_empty() {
            // A stream that is gone needs no end.
            let _ = self.reply.send(Bytes::new(), true);
        }
        self.ended = true;
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.reply.has_begun() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        while !self.out.is_empty() {
            let Poll::Ready(granted) = self.reply.poll_room(context, self.out.len()) else {
                let behind = self.writing.get_or_insert_with(|| Deadline::after(TAKE_TIME));
                ready!(behind.poll(context));
                self.reply.reset(Reason::CANCEL);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            };
            let part: Bytes = self.out.drain(..granted?).collect();
            self.reply.send(part, self.ended && self.out.is_empty())?;
        }
        self.writing = None;
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.out.clear();
        self.reply.reset(if self.reply.has_begun() {
            Reason::INTERNAL_ERROR
        } else {
            Reason::CANCEL
        });
    }
}
