//! Listening: the routes that every program has, the limits of its connections, its orderly end.

use std::error::Error;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;

use actix_http::{HttpService, Protocol};
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::http::StatusCode;
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse};
use runtime::{BindError, Bounded, Drain, ListenAddress, guard, readable};
use tokio::net::TcpStream;

use crate::config::Config;
use crate::metrics::{self, Metrics};
use crate::problem::Problem;
use crate::program::{Context, Program};
use crate::{health, limits, observe};

/// What a program listens on.
#[derive(Debug)]
pub(crate) struct Ports {
    pub(crate) main: TcpListener,
    /// For metrics, if they have one of their own.
    metrics: Option<TcpListener>,
}

/// What is served on a port.
#[derive(Clone, Copy)]
enum Pages {
    All,
    AllButMetrics,
    Metrics,
}

/// Takes the program's ports. A client that connects waits until the program serves.
///
/// # Errors
/// If a port cannot be listened on.
pub(crate) fn bind(config: &Config) -> Result<Ports, BindError> {
    let metrics = config.metrics.as_ref().map(ListenAddress::bind);
    Ok(Ports { main: config.listen.bind()?, metrics: metrics.transpose()? })
}

/// Serves the program until the end of `stop`.
///
/// # Errors
/// If a port cannot be listened on.
pub(crate) fn listen(
    program: Program,
    config: &Config,
    ports: Ports,
    context: Context,
    (stop, drain): (impl Future<Output = ()> + Send + 'static, Drain),
) -> Result<Server, Box<dyn Error>> {
    let draining = Data::new(drain.clone());
    let address = ports.main.local_addr()?;
    let with_metrics = match &ports.metrics {
        Some(metrics) => {
            log::info!("metrics are on http://{}/metrics", metrics.local_addr()?);
            Pages::AllButMetrics
        }
        None => Pages::All,
    };
    let listeners = [(ports.main, with_metrics)].into_iter();
    let listeners = listeners.chain(ports.metrics.map(|metrics| (metrics, Pages::Metrics)));

    let counted = Data::new(Metrics::new(program.name, &context.moving));
    let parts = Arc::new(program.parts);
    let app = move |pages| {
        let (parts, context) = (Arc::clone(&parts), context.clone());
        App::new()
            .app_data(counted.clone())
            .app_data(draining.clone())
            .app_data(Data::new(Arc::clone(&context.store)))
            .app_data(Data::new(Arc::clone(&context.moving)))
            .wrap(NormalizePath::trim())
            .wrap(from_fn(guard))
            .wrap(from_fn(observe::observe))
            .configure(|config| {
                if !matches!(pages, Pages::AllButMetrics) {
                    config.service(readable("/metrics", metrics::show));
                }
                if !matches!(pages, Pages::Metrics) {
                    config
                        .service(readable("/", health::root))
                        .service(readable("/api", health::api))
                        .service(readable("/healthz", health::alive))
                        .service(readable("/readyz", health::ready));
                    parts.iter().for_each(|part| part.mount(config, &context));
                }
            })
            .default_service(web::to(nothing_here))
    };

    // What `HttpServer` does, with a stream of our own between socket and HTTP.
    let mut builder = Server::build()
        .workers(config.workers)
        .max_concurrent_connections(limits::CONNECTIONS_PER_WORKER)
        .shutdown_timeout(limits::STOP_TIME.as_secs())
        .shutdown_signal(stop);
    let stopping = builder.graceful_shutdown_signal();
    for (listener, pages) in listeners {
        let (address, app, stopping) = (listener.local_addr()?, app.clone(), stopping.clone());
        let drain = drain.clone();
        builder = builder.listen("http", listener, move || {
            let stopping = stopping.clone();
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .client_request_timeout(limits::HEAD_TIME)
                .client_disconnect_timeout(limits::LINGER_TIME)
                .keep_alive(limits::IDLE_TIME)
                .local_addr(address)
                .finish(map_config(app(pages).into_factory(), |()| AppConfig::default()));
            let drain = drain.clone();
            fn_service(move |stream: TcpStream| {
                let open = drain.open();
                async move {
                    let peer = stream.peer_addr().ok();
                    // An answer is written whole; waiting to fill a packet only delays its end.
                    stream.set_nodelay(true)?;
                    Ok((Bounded::new(stream, limits::CONNECTION, open), Protocol::Http1, peer))
                }
            })
            .and_then(http)
        })?;
    }
    log::info!("listening on http://{address}");
    Ok(builder.run())
}

async fn nothing_here() -> Result<HttpResponse, Problem> {
    let detail = "there is nothing under this path; the collections are under /api/";
    Err(Problem::new(StatusCode::NOT_FOUND, detail))
}
