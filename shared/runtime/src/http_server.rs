//! Serving HTTP on connections that are bounded and announce their end.

use std::fmt::{self, Debug, Formatter};
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_web::Error;
use actix_web::dev::AppConfig;
use tokio::net::TcpStream;

use crate::drain::{Drain, Open};
use crate::guests::Guests;
use crate::transport::{Bounded, Limits};

/// What the clients of a server can make it spend.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// The most connections that one worker serves at once.
    pub connections_per_worker: usize,
    /// For how long a client may take to send the head of a request.
    pub head: Duration,
    /// For how long a connection may be idle between requests.
    pub idle: Duration,
    /// How long a connection may be held.
    pub connection: Limits,
    /// For how long a connection that is refused in the middle of a body is still read, so that its client gets to
    /// see the answer.
    pub linger: Duration,
    /// How long requests under way may take to finish once the server was told to stop.
    pub stop: Duration,
}

/// What actix-web's `HttpServer` does, with a `Bounded` stream between socket and HTTP.
pub struct HttpServer {
    builder: ServerBuilder,
    limits: ServerLimits,
    drain: Drain,
    guests: Option<Arc<Guests>>,
}

impl HttpServer {
    /// A server that runs until the end of `stop`, and counts its connections in `drain`.
    pub fn new(
        workers: usize,
        limits: ServerLimits,
        drain: Drain,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let builder = Server::build()
            .workers(workers)
            .max_concurrent_connections(limits.connections_per_worker)
            .shutdown_timeout(limits.stop.as_secs())
            .shutdown_signal(stop);
        Self { builder, limits, drain, guests: None }
    }

    /// The same server, whose ports that follow have so many connections at most. A request finds its own as
    /// `conn_data::<Arc<Guest>>()`.
    #[must_use]
    pub fn guests(self, guests: Guests) -> Self {
        Self { guests: Some(Arc::new(guests)), ..self }
    }

    /// The same server, with so many threads for what blocks.
    #[must_use]
    pub fn blocking_threads(self, most: usize) -> Self {
        Self { builder: self.builder.worker_max_blocking_threads(most), ..self }
    }

    /// The same server, which also serves `app` on this port. Each worker makes an app of its own.
    ///
    /// # Errors
    /// If the port cannot be listened on.
    pub fn listen<A, I, S, B>(self, listener: TcpListener, app: A) -> io::Result<Self>
    where
        A: Fn() -> I + Clone + Send + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig, Error = Error> + 'static,
        S::InitError: Debug,
        S::Response: Into<Response<B>>,
        S::Service: 'static,
        <S::Service as Service<Request>>::Future: 'static,
        B: MessageBody + 'static,
    {
        let Self { builder, limits, drain, guests } = self;
        let admitted = guests.clone();
        let stopping = builder.graceful_shutdown_signal();
        let (address, counted) = (listener.local_addr()?, drain.clone());
        let builder = builder.listen("http", listener, move || {
            let stopping = stopping.clone();
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .client_request_timeout(limits.head)
                .client_disconnect_timeout(limits.linger)
                .keep_alive(limits.idle)
                .local_addr(address)
                .on_connect_ext(|stream: &Bounded<TcpStream, Open>, data| {
                    if let Some(guest) = stream.guest() {
                        data.insert(guest);
                    }
                })
                .finish(map_config(app().into_factory(), |()| AppConfig::default()));
            let (counted, admitted) = (counted.clone(), admitted.clone());
            fn_service(move |stream: TcpStream| {
                let (open, admitted) = (counted.open(), admitted.clone());
                async move {
                    let peer = stream.peer_addr().ok();
                    // An answer is written whole; waiting to fill a packet only delays its end.
                    stream.set_nodelay(true)?;
                    let place = match (&admitted, peer) {
                        (Some(guests), Some(peer)) => {
                            let place = guests.enter(peer.ip());
                            Some(place.ok_or_else(|| io::Error::other("no place is free"))?)
                        }
                        _ => None,
                    };
                    let stream = Bounded::new(stream, limits.connection, open).with_place(place);
                    Ok((stream, Protocol::Http1, peer))
                }
            })
            .and_then(http)
        })?;
        Ok(Self { builder, limits, drain, guests })
    }

    /// Runs the server on each of its ports.
    pub fn run(self) -> Server {
        self.builder.run()
    }
}

impl Debug for HttpServer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpServer").field("limits", &self.limits).finish_non_exhaustive()
    }
}
