//! Listening on the control port.

use std::future::ready;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Bytes, Data, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use runtime::{guard, readable, scraped};
use tokio::time::{Instant, timeout};

use super::answer::{Answer, request_id};
use super::protocol::Protocol;
use super::signature::Received;
use super::{Control, foreign, limits, rest};

/// Serves the control port until the server is told to stop. Requests under way have `drain` to finish then. `metrics` is
/// the address to which they are moved, if they are.
///
/// # Errors
/// If the port cannot be listened on.
pub(crate) fn serve(
    control: Data<Control>,
    listener: TcpListener,
    metrics: Option<SocketAddr>,
    drain: Duration,
) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(control.clone())
            .wrap(from_fn(guard))
            .service(readable("/healthz", || async { HttpResponse::Ok().body("alive") }))
            .service(readable("/readyz", readiness))
            .configure(|config| {
                config.service(match metrics {
                    Some(address) => readable("/metrics", move || ready(moved(address))),
                    None => readable("/metrics", self::metrics),
                });
            })
            // The operations are found on the path as it was sent; actix-web would decode it first.
            .default_service(web::to(take))
    });
    let server = server
        .workers(limits::WORKERS)
        .worker_max_blocking_threads(limits::BLOCKING_THREADS)
        .max_connections(limits::CONNECTIONS)
        .client_request_timeout(limits::HEAD_TIME)
        .keep_alive(limits::IDLE_TIME)
        .shutdown_timeout(drain.as_secs())
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// Serves the metrics on a port of their own, where nothing else is.
///
/// # Errors
/// If the port cannot be listened on.
pub(crate) fn serve_metrics(
    control: Data<Control>,
    listener: TcpListener,
    drain: Duration,
) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(control.clone())
            .wrap(from_fn(guard))
            .service(readable("/metrics", metrics))
            .default_service(web::to(|| ready(nothing_but_metrics())))
    });
    let server = server
        .workers(1)
        .max_connections(limits::SCRAPES)
        .client_request_timeout(limits::HEAD_TIME)
        .keep_alive(limits::IDLE_TIME)
        .shutdown_timeout(drain.as_secs())
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

fn nothing_but_metrics() -> HttpResponse {
    HttpResponse::NotFound().body("only /metrics is here")
}

/// `GET /metrics` where they are not.
fn moved(to: SocketAddr) -> HttpResponse {
    HttpResponse::NotFound().body(format!("the metrics are on http://{to}/metrics"))
}

/// `GET /readyz`: what has to be there from the start is there, and the program was not told to stop.
async fn readiness(control: Data<Control>) -> HttpResponse {
    match control.readiness.missing() {
        None => HttpResponse::Ok().body("ready"),
        Some(reason) => HttpResponse::ServiceUnavailable().body(reason),
    }
}

/// `GET /metrics`: the traffic of all applications and the moves.
async fn metrics(request: HttpRequest, control: Data<Control>) -> HttpResponse {
    // The process that took over tells of the moves.
    let moves = match control.gate.is_closed() {
        true => String::new(),
        false => control.moves_seen.text(&control.moves).await,
    };
    match control.plane.metrics() {
        Ok(traffic) => scraped(&request, traffic + &moves + "# EOF\n"),
        Err(error) => {
            log::error!("the metrics cannot be written: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// Every request: reads it whole, answers it on a thread that may block, and notes it in the log.
async fn take(request: HttpRequest, body: Payload, control: Data<Control>) -> HttpResponse {
    let start = Instant::now();
    let id = request_id();
    let answer = match receive(&request, body).await {
        Ok((received, protocol)) => {
            let answered = web::block(move || control.answer(&received)).await;
            answered.unwrap_or_else(|error| {
                log::error!("the control port: {}", runtime::chain(&error));
                let message = "the request could not be carried out; the log says why";
                protocol.error(500, "InternalServerException", message)
            })
        }
        Err(answer) => answer,
    };
    log::info!(
        target: runtime::REQUEST,
        method = request.method().as_str(), path = request.uri().path(), status = answer.status,
        ms = runtime::ms_since(start), bytes = answer.body.len(), id = id.as_str();
        "answered"
    );
    answer.into_response(&id)
}

async fn receive(request: &HttpRequest, body: Payload) -> Result<(Received, Protocol), Answer> {
    let mut received = head(request)?;
    let protocol = Protocol::of(&received, foreign::service(&received));
    // What another service would have taken is not read to its end.
    let refused = |status, code, message: &str| {
        foreign::answer(&received).unwrap_or_else(|| protocol.error(status, code, message))
    };
    let body = timeout(limits::BODY_TIME, body.to_bytes_limited(limits::BODY_BYTES)).await;
    let body: Bytes = match body {
        Ok(Ok(Ok(body))) => body,
        Ok(Ok(Err(error))) => {
            let message = format!("the body cannot be read: {error}");
            return Err(refused(400, "ValidationException", &message));
        }
        Ok(Err(_)) => {
            let message = format!("the body is larger than {} bytes", limits::BODY_BYTES);
            return Err(refused(413, "RequestEntityTooLargeException", &message));
        }
        Err(_) => {
            let message = format!("the body did not come within {} s", limits::BODY_TIME.as_secs());
            return Err(refused(408, "RequestTimeoutException", &message));
        }
    };
    received.body = body.to_vec();
    Ok((received, protocol))
}

/// A request without its body.
fn head(request: &HttpRequest) -> Result<Received, Answer> {
    let mut headers = Vec::new();
    for (name, value) in request.headers() {
        let value = value.to_str().map_err(|error| {
            let message = format!("the header {name} holds what is not ASCII: {error}");
            rest::plain(400, "ValidationException", &message)
        })?;
        headers.push((name.as_str().to_owned(), value.to_owned()));
    }
    Ok(Received {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers,
        body: Vec::new(),
    })
}
