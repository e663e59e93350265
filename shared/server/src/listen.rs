//! Listening: the routes that every program has, the limits of its connections, its orderly end.

use std::error::Error;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse};
use runtime::{BindError, Drain, HttpServer, ListenAddress, guard, readable};

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

    let counted = Data::new(Metrics::new(program.name.to_string(), &context.moving));
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

    let mut server = HttpServer::new(config.workers, limits::SERVER, drain, stop);
    for (listener, pages) in listeners {
        let app = app.clone();
        server = server.listen(listener, move || app(pages))?;
    }
    log::info!("listening on http://{address}");
    Ok(server.run())
}

async fn nothing_here() -> Result<HttpResponse, Problem> {
    let detail = "there is nothing under this path; the collections are under /api/";
    Err(Problem::new(StatusCode::NOT_FOUND, detail))
}
