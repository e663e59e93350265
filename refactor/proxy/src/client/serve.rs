//! One connection of a client, from its first byte to its end.

use std::net::SocketAddr;
use std::sync::Arc;

use http1::RequestHead;
use tokio::net::TcpStream;

use super::http1::{Http1, NextInput};
use super::{Stream, http2};
use crate::exchange::{exchange, refuse_unread};
use crate::site::{DrainSignal, Phase, Site};

/// Answers the requests of a connection, one after the other.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, site: Arc<Site>, worker: usize) {
    let mut drain = DrainSignal::new(&site, worker);
    let stream = match &site.settings().certificate {
        None => Stream::Left(stream),
        Some(certificate) => match certificate.handshake(stream).await {
            Some(stream) => Stream::Right(Box::new(stream)),
            None => return,
        },
    };
    let mut client = Http1::new(stream, peer.ip(), Arc::clone(&site));
    loop {
        let refused = match client.next(&mut drain).await {
            Ok(NextInput::End) => return,
            Ok(NextInput::Http2) => {
                let (stream, input) = client.into_parts();
                return http2::serve(stream, input, peer, &site, worker, drain).await;
            }
            Ok(NextInput::Head(bytes)) => match RequestHead::parse(&bytes) {
                Err(refusal) => refusal.into(),
                Ok(head) => {
                    client.start(&head, site.settings().upload_limit_bytes);
                    exchange(&site, worker, &mut client, &head).await;
                    // If its answer began early it does not say that it is the last, and all the same no other follows.
                    if client.persists() && !site.is(Phase::Closing) {
                        continue;
                    }
                    return client.close().await;
                }
            },
            Err(problem) => problem,
        };
        client.start(&RequestHead::unread(), 0);
        refuse_unread(&site, &mut client, &refused).await;
        return client.close().await;
    }
}

#[cfg(test)]
mod tests;
