//! An application while it is open, and its end.

use std::net::TcpListener;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use crate::site::{Phase, Site};
use crate::workers::Accepting;

pub(crate) struct Application {
    pub(crate) site: Arc<Site>,
    /// Nothing once it ends. Until its end it gets new routes like any other.
    pub(crate) listening: Option<Listening>,
    /// Of the tables before: as long as an upload holds one, it is under way.
    pub(crate) earlier: Vec<Weak<()>>,
}

/// What takes the connections of an application.
pub(crate) struct Listening {
    /// The socket that it listens on, to be handed on.
    pub(crate) socket: TcpListener,
    pub(crate) accepting: Accepting,
}

impl Application {
    /// Takes no more connections, tells those that are there for as long as `announce`, and ends with the last one, or
    /// after `drain`. Drops `begins` when no request begins any more.
    pub(crate) fn end(
        &mut self,
        announce: Duration,
        drain: Duration,
        begins: mpsc::Sender<()>,
    ) -> impl Future<Output = ()> + use<> {
        let (site, listening) = (Arc::clone(&self.site), self.listening.take());
        let until = Instant::now() + drain;
        async move {
            // It ends already.
            let Some(Listening { socket, accepting }) = listening else { return };
            // With the last copy of the socket the connections go that wait in its queue.
            drop(socket);
            let mut ended = pin!(async {
                accepting.stop().await;
                site.emptied().await;
            });
            if !announce.is_zero() {
                site.enter(Phase::Leaving);
                if timeout(announce.min(drain), ended.as_mut()).await.is_ok() {
                    return;
                }
            }
            site.enter(Phase::Closing);
            drop(begins);
            if timeout_at(until, ended).await.is_err() {
                log::warn!("port {}: what was in flight after {drain:?} is broken off", site.port);
                site.abort();
            }
        }
    }
}
