//! Hands an answer on while it arrives: what the client has not taken is not read from the service.

use std::future::poll_fn;
use std::task::{Context, Poll};

use http1::{FieldKind, Framing, HeaderField, ResponseHead};

use super::ended::Ended;
use super::record::RequestRecord;
use super::upload::Upload;
use crate::client::{BodyLength, Client};
use crate::target::RouteTarget;
use crate::upstream::Connection;

/// Sends the whole answer to the client. What is left of the request goes on its way meanwhile.
pub(super) async fn relay<C: Client>(
    client: &mut C,
    connection: &mut Connection,
    upload: &mut Upload<'_>,
    answer: &ResponseHead<'_>,
    route: &RouteTarget,
    record: &mut RequestRecord<'_>,
) -> Result<(), Ended> {
    begin(client, answer, record);
    // A client that listens to events for hours says nothing meanwhile, and a service may be as silent: its end is
    // looked for. Of no other answer does the end of the client's side mean that the client left.
    let events = is_event_stream(answer);
    let idle = if events { route.patience.event_idle } else { route.patience.idle };
    let mut body = answer.body;
    loop {
        let arrived = connection.take(&mut body, |content| {
            client.push(content);
            if let Some(sample) = &mut record.sample {
                sample.push(content);
            }
            record.bytes += content.len() as u64;
        });
        let over = body.is_over();
        if over {
            client.end();
        }
        let flushed = poll_fn(|context| {
            go_on(upload, context, client, connection);
            client.poll_flush(context)
        });
        flushed.await.map_err(|_gone| Ended::Gone)?;
        arrived.map_err(|malformed| cut(route, malformed.0))?;
        if over {
            return Ok(());
        }
        connection.allow(idle);
        let read = poll_fn(|context| {
            go_on(upload, context, client, connection);
            if events && upload.is_sent() && client.poll_left(context).is_ready() {
                return Poll::Ready(None);
            }
            connection.poll_fill(context).map(Some)
        });
        let Some(read) = read.await else { return Err(Ended::Gone) };
        match (read, body) {
            (Ok(0), Framing::UntilClose) => body = Framing::NONE,
            (Ok(0), _) => return Err(cut(route, "the connection ended")),
            (Ok(_), _) => {}
            (Err(error), _) => return Err(cut(route, &error.to_string())),
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

fn begin<C: Client>(client: &mut C, answer: &ResponseHead<'_>, record: &RequestRecord<'_>) {
    let body = match answer.body {
        // A 204 has no length (RFC 9110, 8.6), a 205 none but 0 (15.3.6); that of a `HEAD` or a 304 is the one of
        // a `GET`.
        Framing::Length(0) if answer.status == 204 => BodyLength::None(None),
        Framing::Length(0) if answer.status == 205 => BodyLength::None(Some(0)),
        Framing::Length(0) => BodyLength::None(answer.length),
        Framing::Length(length) => BodyLength::Length(length),
        Framing::Chunked(_) | Framing::UntilClose => BodyLength::Unknown,
    };
    let mut fields = answer.fields.clone();
    fields.retain(|field| field.kind != FieldKind::RequestId);
    let id = record.id.as_bytes();
    fields.push(HeaderField { kind: FieldKind::RequestId, name: "x-request-id", value: id });
    client.begin(answer.status, &fields, body);
}

/// Sends the rest of the request. If that fails, the answer is still worth reading.
fn go_on<C: Client>(
    upload: &mut Upload<'_>,
    context: &mut Context<'_>,
    client: &mut C,
    connection: &mut Connection,
) {
    if !upload.is_sent() {
        let _: Poll<Result<(), _>> = upload.poll(context, client, connection);
    }
}

/// The answer broke off: its head is sent, so only the end of the connection can tell the client.
fn cut(route: &RouteTarget, why: &str) -> Ended {
    let (id, service) = (&route.route.id, &route.route.service);
    log::warn!("route {id}, service {service}: an answer broke off, {why}");
    Ended::Gone
}
