//! One connection of a client, from its first byte to its end.

use std::net::SocketAddr;
use std::sync::Arc;

use http1::{Buffer, RequestHead};
use tokio::net::TcpStream;

use super::http1::{Http1, NextInput};
use super::{Stream, http2};
use crate::exchange::{exchange, refuse_unread};
use crate::site::{DrainSignal, Phase, Site};
use crate::tunnel::Tunnel;

/// Serves a connection: requests, and perhaps a tunnel after them.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, site: Arc<Site>, worker: usize) {
    // What requests need is given back before a tunnel begins: many are open at once, and for long.
    let requests = Box::pin(answer(stream, peer, &site, worker));
    if let Some((stream, said, tunnel)) = requests.await {
        tunnel.run(stream, said, DrainSignal::new(&site, worker)).await;
    }
}

/// Answers the requests of a connection, one after the other; the last one may ask for a tunnel.
async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    site: &Arc<Site>,
    worker: usize,
) -> Option<(Stream, Buffer, Tunnel)> {
    let mut drain = DrainSignal::new(site, worker);
    let stream = match &site.settings().certificate {
        None => Stream::Left(stream),
        Some(certificate) => match certificate.handshake(stream).await {
            Some(stream) => Stream::Right(Box::new(stream)),
            None => return None,
        },
    };
    let mut client = Http1::new(stream, peer.ip(), Arc::clone(site));
    loop {
        let refused = match client.next(&mut drain).await {
            Ok(NextInput::End) => return None,
            Ok(NextInput::Http2) => {
                let (stream, input) = client.into_parts();
                http2::serve(stream, input, peer, site, worker, drain).await;
                return None;
            }
            Ok(NextInput::Head(bytes)) => match RequestHead::parse(&bytes) {
                Err(refusal) => refusal.into(),
                Ok(head) => {
                    client.start(&head);
                    let tunnel = exchange(site, worker, &mut client, &head).await;
                    if let Some(tunnel) = tunnel {
                        let (stream, said) = client.into_parts();
                        return Some((stream, said, tunnel));
                    }
                    // If its answer began early it does not say that it is the last, and all the same no other follows.
                    if client.persists() && !site.is(Phase::Closing) {
                        continue;
                    }
                    client.close().await;
                    return None;
                }
            },
            Err(problem) => problem,
        };
        client.start(&RequestHead::unread());
        refuse_unread(site, &mut client, &refused).await;
        client.close().await;
        return None;
    }
}

#[cfg(test)]
pub(super) mod tests;
