//! Sends a request to its service, once more if that is safe, and waits for the head of the answer.

use std::future::poll_fn;
use std::net::IpAddr;
use std::task::Poll;

use http1::{Malformed, RequestHead, is_interim};

use super::upload::{Upload, UploadError};
use crate::client::Client;
use crate::limits::INTERIM_ANSWERS;
use crate::target::RouteTarget;
use crate::upstream::{Connection, UpstreamError, Wanted};

/// The connection that carries the answer, and the bytes of its head.
///
/// # Errors
/// If the client does not send the body, or the service does not answer.
pub(super) async fn ask<C: Client>(
    client: &mut C,
    upload: &mut Upload<'_>,
    target: &RouteTarget,
    request: &RequestHead<'_>,
    address: IpAddr,
    worker: usize,
) -> Result<(Connection, Vec<u8>), UploadError> {
    let upstream = &target.service.upstream;
    let place = upstream.in_flight.enter(address, target.limits.connections).await;
    let busy = || UploadError::Service(UpstreamError::Busy(target.limits.connections));
    let place = place.ok_or_else(busy)?;
    let method = &request.method;
    let mut wanted = match request.upgrade {
        // It is never sent twice, and the connection is never used again.
        Some(_) => Wanted::Fresh,
        None if method.is_safe() => Wanted::Any,
        None => Wanted::SurelyOpen,
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
        match head(client, upload, &mut connection, target).await {
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
                wanted = Wanted::Fresh;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Sends the request and waits for the head of its answer; interim ones are left out.
async fn head<C: Client>(
    client: &mut C,
    upload: &mut Upload<'_>,
    connection: &mut Connection,
    target: &RouteTarget,
) -> Result<Vec<u8>, UploadError> {
    let garbage = |what| UploadError::Service(UpstreamError::Garbage(what));
    connection.allow(target.patience.first_byte);
    for _ in 0..=INTERIM_ANSWERS {
        let bytes = poll_fn(|context| {
            match upload.poll(context, client, connection) {
                Poll::Ready(Err(UploadError::Client(error))) => {
                    return Poll::Ready(Err(UploadError::Client(error)));
                }
                // A service that stops reading may have answered before; that is seen below.
                Poll::Ready(Err(UploadError::Service(_)) | Ok(())) | Poll::Pending => {}
            }
            if upload.progressed() {
                connection.allow(target.patience.first_byte);
            }
            connection
                .poll_head(context, target.limits.answer_header_bytes)
                .map_err(UploadError::Service)
        });
        let bytes = bytes.await?;
        if !is_interim(&bytes).map_err(garbage)? {
            return Ok(bytes);
        }
    }
    // One more each time would keep the client waiting without end.
    Err(garbage(Malformed("interim answers come without end")))
}
