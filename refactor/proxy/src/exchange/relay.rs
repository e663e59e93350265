//! Hands an answer on while it arrives.
//!
//! A slow client does not hold a service: up to [`AHEAD_BYTES`] are read before the client has taken what came before, and
//! the connection goes back to its pool as soon as the answer is over. There is room for [`ALL_AHEAD_BYTES`] of this; without
//! room nothing more is read from the service until the client has taken all that came.
//!
//! [`ALL_AHEAD_BYTES`]: crate::limits::ALL_AHEAD_BYTES

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::{io, mem};

use http1::{FieldKind, Framing, HeaderField, ResponseHead};

use super::ended::Ended;
use super::record::RequestRecord;
use super::stall::Stall;
use super::upload::Upload;
use crate::client_exchange::{BodyLength, ClientExchange};
use crate::kept::{Budget, Kept};
use crate::limits::AHEAD_BYTES;
use crate::site::Site;
use crate::target::RouteTarget;
use crate::upstream::Connection;

/// What the head of an answer, and what frames its parts, may need beside its content, in bytes.
const FRAME_BYTES: usize = 1024;

/// An answer on its way to the client.
pub(super) struct Relay<'a> {
    worker: usize,
    route: &'a RouteTarget,
    answer: &'a ResponseHead<'a>,
    /// None once the service is done with.
    connection: Option<Connection>,
    /// What is left of the request; it goes on its way meanwhile.
    upload: Upload<'a>,
    /// Whether the rest of the request is not sent any more: a part was left out, or the service takes none.
    upload_failed: bool,
    body: Framing,
    /// The bytes that came since the client had taken all.
    ahead: usize,
    budget: &'a Budget,
    /// The room for those of a client that is slow.
    room: Option<Kept<'a>>,
    /// Whether the answer is a stream of events.
    events: bool,
    /// Since when the client is behind while the service is held for it.
    stalled: Option<Stall>,
}

impl<'a> Relay<'a> {
    pub(super) fn new(
        site: &'a Site,
        worker: usize,
        route: &'a RouteTarget,
        answer: &'a ResponseHead<'a>,
        connection: Connection,
        upload: Upload<'a>,
    ) -> Self {
        let (connection, body, budget) = (Some(connection), answer.body, &site.shared.ahead);
        let (ahead, room, stalled, events) = (0, None, None, is_event_stream(answer));
        Self {
            worker,
            route,
            answer,
            connection,
            upload,
            upload_failed: false,
            body,
            ahead,
            budget,
            room,
            events,
            stalled,
        }
    }

    /// Sends the whole answer to the client, and gives its connection back.
    pub(super) async fn run<C: ClientExchange>(
        mut self,
        client: &mut C,
        record: &mut RequestRecord<'_>,
    ) -> Result<(), Ended> {
        begin(client, self.answer, record);
        loop {
            let arrived = self.take(client, record);
            if arrived.is_err() || self.body.is_over() {
                if arrived.is_ok() {
                    client.end();
                }
                let flushed = poll_fn(|context| self.poll_last(context, client)).await;
                flushed.map_err(|_gone| Ended::Gone)?;
                arrived?;
                self.let_go();
                return Ok(());
            }
            let mut waits = false;
            let read = poll_fn(|context| self.poll_more(context, client, &mut waits)).await;
            match (read.map_err(|_gone| Ended::Gone)?, self.body) {
                (Ok(0), Framing::UntilClose) => self.body = Framing::NONE,
                (Ok(0), _) => return Err(cut(self.route, "the connection ended")),
                (Ok(_), _) => {}
                (Err(error), _) => return Err(cut(self.route, &error.to_string())),
            }
        }
    }

    /// Takes what has arrived to the client.
    fn take<C: ClientExchange>(
        &mut self,
        client: &mut C,
        record: &mut RequestRecord<'_>,
    ) -> Result<(), Ended> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let taken = connection.take(&mut self.body, |content| {
            client.push(content);
            if let Some(sample) = &mut record.sample {
                sample.push(content);
            }
            self.ahead += content.len();
            record.bytes += content.len() as u64;
        });
        taken.map_err(|malformed| cut(self.route, malformed.0))
    }

    /// Reads more from the service once the client has taken all, or earlier if there is room. The outer error is the
    /// client's, the inner one the service's. `waits` says whether the service's time runs.
    fn poll_more<C: ClientExchange>(
        &mut self,
        context: &mut Context<'_>,
        client: &mut C,
        waits: &mut bool,
    ) -> Poll<io::Result<io::Result<usize>>> {
        self.go_on(context, client);
        match client.poll_flush(context)? {
            Poll::Ready(()) => (self.ahead, self.room, self.stalled) = (0, None, None),
            Poll::Pending if self.may_read_ahead() => {}
            Poll::Pending => return self.poll_stalled(context).map(Err),
        }
        // A client that listens to events for hours says nothing meanwhile, and a service may be as silent: its end is
        // looked for. Of no other answer does the end of the client's side mean that the client left.
        if self.events && self.upload.is_sent() && client.poll_left(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let Some(connection) = &mut self.connection else { return Poll::Ready(Ok(Ok(0))) };
        if !mem::replace(waits, true) {
            let patience = &self.route.patience;
            connection.allow(if self.events { patience.event_idle } else { patience.idle });
        }
        connection.poll_fill(context).map(Ok)
    }

    fn may_read_ahead(&mut self) -> bool {
        if self.room.is_none() {
            let mut room = self.budget.open();
            self.room = room.take(2 * AHEAD_BYTES).then_some(room);
        }
        self.room.is_some() && self.ahead < AHEAD_BYTES
    }

    /// Ready once the client has taken all. The service does not wait for that if there is room for what is left.
    fn poll_last<C: ClientExchange>(
        &mut self,
        context: &mut Context<'_>,
        client: &mut C,
    ) -> Poll<io::Result<()>> {
        self.go_on(context, client);
        if let Poll::Ready(flushed) = client.poll_flush(context) {
            return Poll::Ready(flushed);
        }
        if self.connection.is_some() && self.upload.is_sent() {
            let mut room = self.budget.open();
            self.room = None;
            if room.take(self.ahead + FRAME_BYTES) {
                self.room = Some(room);
                self.let_go();
            }
        }
        match self.connection {
            Some(_) => self.poll_stalled(context).map(Err),
            None => Poll::Pending,
        }
    }

    /// Ready once the client is behind for so long that another request may have its place.
    fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let in_flight = &self.route.service.upstream.in_flight;
        let stalled = self.stalled.get_or_insert_with(Stall::begin);
        stalled.poll(context, || in_flight.is_wanted()).map(|()| io::ErrorKind::TimedOut.into())
    }

    /// Sends the rest of the request. If that fails, the answer is still worth reading, but nothing more is sent: what
    /// follows a part that was too large would make the body seem whole. The service sees that it is not when the
    /// connection is dropped.
    fn go_on<C: ClientExchange>(&mut self, context: &mut Context<'_>, client: &mut C) {
        if let Some(connection) = &mut self.connection
            && !self.upload.is_sent()
            && !self.upload_failed
        {
            let sent = self.upload.poll(context, client, connection);
            self.upload_failed = matches!(sent, Poll::Ready(Err(_)));
        }
    }

    /// Gives the connection back, if it can carry another request.
    fn let_go(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.answer.keep_alive && self.upload.is_sent() && connection.filled().is_empty() {
            connection.rest(self.answer.keep_alive_seconds);
            self.route.service.upstream.give_back(self.worker, connection);
        }
    }
}

/// Whether events follow each other without end in an answer's body (HTML, 9.2).
fn is_event_stream(answer: &ResponseHead<'_>) -> bool {
    let is_type = |field: &&HeaderField<'_>| field.name.eq_ignore_ascii_case("content-type");
    let value = answer.fields.iter().find(is_type).map_or(&b""[..], |field| field.value);
    let kind = value.split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}

/// Sends the head of the answer.
pub(super) fn begin<C: ClientExchange>(
    client: &mut C,
    answer: &ResponseHead<'_>,
    record: &RequestRecord<'_>,
) {
    let body = match answer.body {
        // A 204 has no length (RFC 9110, 8.6), a 205 none but 0 (15.3.6); that of a `HEAD` or a 304 is the one of
        // a `GET`.
        Framing::Length(0) if answer.status == 204 => BodyLength::None(None),
        Framing::Length(0) if answer.status == 205 => BodyLength::None(Some(0)),
        Framing::Length(0) => BodyLength::None(answer.length),
        Framing::Length(length) => BodyLength::Length(length),
        Framing::Chunked(_) | Framing::UntilClose => BodyLength::Unknown,
    };
    let mut fields = Vec::with_capacity(answer.fields.len() + 1);
    fields.extend(answer.fields.iter().filter(|field| field.kind != FieldKind::RequestId));
    let id = record.id.as_bytes();
    fields.push(HeaderField { kind: FieldKind::RequestId, name: "x-request-id", value: id });
    client.begin(answer.status, &fields, body);
}

/// The answer broke off: its head is sent, so only the end of the connection can tell the client.
fn cut(route: &RouteTarget, why: &str) -> Ended {
    let (id, service) = (&route.route.id, &route.route.service);
    log::warn!("route {id}, service {service}: an answer broke off, {why}");
    Ended::Gone
}
