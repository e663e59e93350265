//! A request with which the connection becomes another protocol's (RFC 9110, 7.8), such as a WebSocket.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;

use http::StatusCode;
use http1::{FieldKind, RequestHead, ResponseHead, Status};

use super::ended::Ended;
use super::record::RequestRecord;
use super::relay;
use crate::client_exchange::ClientExchange;
use crate::limits::BUSY_RETRY_SECONDS;
use crate::problem::Problem;
use crate::site::Site;
use crate::target::RouteTarget;
use crate::tunnel::Tunnel;
use crate::upstream::Connection;

/// The status of an answer after which the connection is another protocol's (RFC 9110, 15.2.2).
pub(super) const SWITCHING: Status = 101;

/// Looks whether there is a place for the tunnel that a request asks for, if it asks for one. It is taken only when the
/// service agrees: until then a request holds no more than any other.
///
/// # Errors
/// 503 if all places are taken, or the client has its share of them.
pub(super) fn look(site: &Site, head: &RequestHead<'_>, client: IpAddr) -> Result<(), Ended> {
    match head.upgrade.is_none() || site.shared.tunnels.has_room_for(client) {
        true => Ok(()),
        false => Err(full(site, "the request was not sent")),
    }
}

fn full(site: &Site, what: &str) -> Ended {
    let most = site.settings().tunnels;
    let detail = format!(
        "{most} WebSockets and other upgrades are open, as many as the proxy takes (WEBSOCKET_CONNECTIONS), or this client \
         has its share of them; {what}"
    );
    log::debug!("{detail}");
    let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
    problem.retry_after = Some(BUSY_RETRY_SECONDS);
    Ended::Problem(problem)
}

/// Tells the client that its service agreed.
///
/// # Errors
/// 503 if all places were taken meanwhile; the service is left.
pub(super) async fn open<C: ClientExchange>(
    client: &mut C,
    connection: Connection,
    target: &Arc<RouteTarget>,
    answer: &ResponseHead<'_>,
    record: &mut RequestRecord<'_>,
    address: IpAddr,
    site: &Site,
) -> Result<Tunnel, Ended> {
    let place = site.shared.tunnels.enter(address);
    let place =
        place.ok_or_else(|| full(site, "the service had agreed, and its connection was closed"))?;
    record.status = answer.status;
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
