//! Listening: the routes that every program has, the limits of its connections, its orderly end.

use std::error::Error;
use std::future::Future;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;

use actix_http::Response;
use actix_service::{Service, apply_fn_factory};
use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse};
use futures_util::future::{Either, TryFutureExt, ready};
use runtime::{BindError, Drain, HttpServer, ListenAddress, guard, readable};

use crate::collection::{self, FastPath};
use crate::config::Config;
use crate::metrics::{self, Metrics};
use crate::moving;
use crate::openapi;
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
    Ok(Ports { main: config.serving.listen.bind()?, metrics: metrics.transpose()? })
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
    let (store, moving) =
        (Data::new(Arc::clone(&context.store)), Data::new(Arc::clone(&context.moving)));
    let access = context.access.clone();
    let parts = program.parts.iter().map(|part| part.served(&context));
    let parts: Arc<[_]> = parts.collect();
    let app = move |pages| {
        let (parts, access) = (Arc::clone(&parts), access.clone());
        let reads: &[_] = if matches!(pages, Pages::Metrics) { &[] } else { &parts };
        let fast_path = Rc::new(FastPath::new(reads.iter().cloned(), &counted, &draining));
        let app = App::new()
            .app_data(counted.clone())
            .app_data(draining.clone())
            .app_data(store.clone())
            .app_data(moving.clone())
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
                    for served in parts.iter() {
                        moving::mount(config, served);
                        openapi::mount(config, &served.collection, &access);
                        collection::mount(config, served, access.tokens);
                    }
                }
            })
            .default_service(web::to(nothing_here));
        apply_fn_factory(app, move |request, app| match fast_path.answer(&request) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(
                app.call(request).map_ok(|answer| Response::from(answer).map_into_boxed_body()),
            ),
        })
    };

    let mut server = HttpServer::new(
        config.serving.workers,
        limits::server(config.serving.stop.drain),
        drain,
        stop,
    );
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
