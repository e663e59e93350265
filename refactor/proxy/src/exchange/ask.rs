//! Sends a request to its service, once more if that is safe, and waits for the head of the answer.

use std::future::poll_fn;
use std::mem;
use std::net::IpAddr;
use std::task::Poll;

use http1::{Malformed, RequestHead, ResponseHead, interim};

use super::upload::{Upload, UploadError};
use crate::client_exchange::ClientExchange;
use crate::deadline::Deadline;
use crate::limits::{CONTINUE_TIME, HINT_BYTES, INTERIM_ANSWERS};
use crate::target::RouteTarget;
use crate::upstream::{Connection, UpstreamError, WantedConnection};

/// The status of an answer that asks for the body (RFC 9110, 15.2.1).
const CONTINUE: u16 = 100;

/// The connection that carries the answer, and the bytes of its head. `hint` gets interim answers.
///
/// # Errors
/// If the client does not send the body, or the service does not answer.
pub(super) async fn ask<C: ClientExchange>(
    client: &mut C,
    upload: &mut Upload<'_>,
    target: &RouteTarget,
    request: &RequestHead<'_>,
    address: IpAddr,
    worker: usize,
    hint: impl Fn(&mut C, ResponseHead<'_>),
) -> Result<(Connection, Vec<u8>), UploadError> {
    let upstream = &target.service.upstream;
    let place = upstream.in_flight.enter(address, target.limits.connections).await;
    let busy = || UploadError::Service(UpstreamError::Busy(target.limits.connections));
    let place = place.ok_or_else(busy)?;
    let method = &request.method;
    let mut wanted = match request.upgrade {
        // It is never sent twice, and the connection is never used again.
        Some(_) => WantedConnection::Fresh,
        None if method.is_safe() => WantedConnection::Any,
        None => WantedConnection::SurelyOpen,
    };
    loop {
        let leased = upstream
            .lease(worker, wanted, target.patience.connect, target.limits.connections)
            .await;
        let leased = leased.map_err(UploadError::Service)?;
        if !leased.reused {
            target.counts.connects.inc();
        }
        let mut connection = leased.connection;
        match head(client, upload, &mut connection, target, &hint).await {
            Ok(bytes) => {
                upstream.reached();
                connection.hold(place);
                return Ok((connection, bytes));
            }
            Err(UploadError::Service(failure))
                if leased.reused && upload.rewind(&failure, method) =>
            {
                // The connection had ended while it was idle.
                target.counts.retries.inc();
                wanted = WantedConnection::Fresh;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Sends the request and waits for the head of its answer. A 100 of the service, or a long silence, tells the client to send
/// its body; other interim answers go to `hint`.
async fn head<C: ClientExchange>(
    client: &mut C,
    upload: &mut Upload<'_>,
    connection: &mut Connection,
    target: &RouteTarget,
    hint: impl Fn(&mut C, ResponseHead<'_>),
) -> Result<Vec<u8>, UploadError> {
    let garbage = |what| UploadError::Service(UpstreamError::Garbage(what));
    connection.allow(target.patience.first_byte);
    let mut silence = client.waits_to_go_on().then(|| Deadline::after(CONTINUE_TIME));
    let (mut room, mut just_set) = (HINT_BYTES, true);
    for _ in 0..=INTERIM_ANSWERS {
        let bytes = poll_fn(|context| {
            if client.waits_to_go_on()
                && let Some(silence) = &mut silence
                && silence.poll(context).is_ready()
            {
                client.go_on(context);
            }
            match upload.poll(context, client, connection) {
                Poll::Ready(Err(UploadError::Client(error))) => {
                    return Poll::Ready(Err(UploadError::Client(error)));
                }
                // A service that stops reading may have answered before; that is seen below.
                Poll::Ready(Err(UploadError::Service(_)) | Ok(())) | Poll::Pending => {}
            }
            // What is sent at once has the time that was just set.
            let is_set = mem::take(&mut just_set);
            if upload.progressed() && !is_set {
                connection.allow(target.patience.first_byte);
            }
            connection
                .poll_head(context, target.limits.answer_header_bytes)
                .map_err(UploadError::Service)
        });
        let bytes = bytes.await?;
        let Some(interim) = interim(&bytes).map_err(garbage)? else { return Ok(bytes) };
        if interim.status == CONTINUE {
            poll_fn(|context| {
                client.go_on(context);
                Poll::Ready(())
            })
            .await;
        } else if let Some(left) = room.checked_sub(bytes.len()) {
            room = left;
            hint(client, interim);
        }
    }
    // One more each time would keep the client waiting without end.
    Err(garbage(Malformed("more than 16 interim answers came, which no setting changes")))
}
