//! A request with which the connection becomes another protocol's (RFC 9110, 7.8), such as a WebSocket.

use std::future::poll_fn;
use std::sync::Arc;

use http::StatusCode;
use http1::{FieldKind, RequestHead, ResponseHead, Status};
use tokio::sync::OwnedSemaphorePermit;

use super::ended::Ended;
use super::record::RequestRecord;
use super::relay;
use crate::client::Client;
use crate::problem::Problem;
use crate::site::Site;
use crate::target::RouteTarget;
use crate::tunnel::Tunnel;
use crate::upstream::Connection;

/// The status of an answer after which the connection is another protocol's (RFC 9110, 15.2.2).
pub(super) const SWITCHING: Status = 101;

/// A place for the tunnel that a request asks for; none if it asks for none.
///
/// # Errors
/// 503 if all places are taken.
pub(super) fn place(
    site: &Site,
    head: &RequestHead<'_>,
) -> Result<Option<OwnedSemaphorePermit>, Ended> {
    if head.upgrade.is_none() {
        return Ok(None);
    }
    Arc::clone(&site.shared.tunnels).try_acquire_owned().map(Some).map_err(|_none| {
        let most = site.settings().tunnels;
        let detail = format!(
            "{most} WebSockets and other upgrades are open, as many as the proxy takes (WEBSOCKET_CONNECTIONS)"
        );
        log::warn!("{detail}");
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        problem.retry_after = Some(1);
        Ended::Problem(problem)
    })
}

/// Tells the client that its service agreed.
pub(super) async fn open<C: Client>(
    client: &mut C,
    connection: Connection,
    target: &Arc<RouteTarget>,
    answer: &ResponseHead<'_>,
    record: &RequestRecord<'_>,
    place: OwnedSemaphorePermit,
) -> Result<Tunnel, Ended> {
    relay::begin(client, answer, record);
    poll_fn(|context| client.poll_flush(context)).await.map_err(|_gone| Ended::Gone)?;
    let (service, said) = connection.into_parts();
    let protocol = answer.first(FieldKind::Upgrade).unwrap_or_default();
    Ok(Tunnel {
        service,
        said,
        websocket: protocol.eq_ignore_ascii_case(b"websocket"),
        target: Arc::clone(target),
        id: record.id.clone().into_owned(),
        place,
    })
}
