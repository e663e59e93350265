//! Listening on the control port.

use std::future::{pending, ready};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::{ConnectionType, Method, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, Payload};
use actix_web::{App, Error, HttpRequest, HttpResponse};
use runtime::{Drain, Guest, Guests, HttpServer, Place, guard, readable, scraped};
use spaces::CanaryView;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::answer::{ControlAnswer, request_id};
use super::protocol::Protocol;
use super::signature::{Claim, Received};
use super::{Control, foreign, hosts, limits, refuse, rest};

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
    let app = move || {
        App::new()
            .app_data(control.clone())
            .wrap(from_fn(hosts::known))
            .wrap(from_fn(keep_if_signed))
            .wrap(from_fn(guard))
            .service(readable("/healthz", || async { HttpResponse::Ok().body("alive") }))
            .service(readable("/readyz", readiness))
            .configure(|config| {
                config.service(match metrics {
                    Some(address) => readable("/metrics", move || ready(moved(address))),
                    None => readable("/metrics", self::metrics),
                });
            })
            .configure(|config| console::serve(config, control.console.clone()))
            .service(web::resource("/").guard(fn_guard(is_browser)).to(console::to_overview))
            // The operations are found on the path as it was sent; actix-web would decode it first.
            .default_service(web::to(take))
    };
    Ok(server(limits::CONNECTIONS, drain).listen(listener, app)?.run())
}

/// Whether a person is looking: what asks for HTML and is not signed.
fn is_browser(request: &GuardContext<'_>) -> bool {
    let head = request.head();
    let accepted = head.headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    matches!(head.method, Method::GET | Method::HEAD)
        && accepted.is_some_and(|accepted| accepted.contains("text/html"))
        && !head.headers.contains_key(header::AUTHORIZATION)
}

/// A server with so many connections at most, which stops when it is told to.
fn server(connections: usize, drain: Duration) -> HttpServer {
    let (_tells_nothing, stopping) = watch::channel(false);
    HttpServer::new(limits::WORKERS, limits::server(drain), Drain::new(stopping), pending())
        .blocking_threads(limits::BLOCKING_THREADS)
        .guests(Guests::new(connections))
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
    let app = move || {
        App::new()
            .app_data(control.clone())
            .wrap(from_fn(hosts::known))
            .wrap(from_fn(guard))
            .service(readable("/metrics", metrics))
            .default_service(web::to(|| ready(nothing_but_metrics())))
    };
    Ok(server(limits::SCRAPES, drain).listen(listener, app)?.run())
}

/// Closes each connection after its answer, unless an operator asked: the head of a next request could come as slowly as it
/// likes.
async fn keep_if_signed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let guest = guest(request.request());
    if let Some(guest) = &guest {
        guest.arrive();
    }
    let mut answer = next.call(request).await?.map_into_boxed_body();
    if !guest.is_some_and(|guest| guest.rest()) {
        answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(answer)
}

fn guest(request: &HttpRequest) -> Option<Arc<Guest>> {
    request.conn_data::<Arc<Guest>>().cloned()
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
    // The process that leads, or that took over, tells of the moves and canaries.
    let led = match control.inside.leading.get().filter(|_| control.inside.leading.is_open()) {
        Some(lead) => {
            let moves = control.moves_seen.text(&lead.moves).await;
            let canaries = web::block(move || canaries(&lead.spaces.canaries())).await;
            moves + &canaries.unwrap_or_default()
        }
        None => String::new(),
    };
    match control.plane.metrics() {
        Ok(traffic) => scraped(&request, traffic + &led + "# EOF\n"),
        Err(error) => {
            log::error!("the metrics cannot be written: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// The canaries that rise by themselves.
fn canaries(canaries: &[CanaryView]) -> String {
    let metric = |name: &str, help: &str, value: fn(&CanaryView) -> u8| {
        let line = |canary: &CanaryView| {
            let CanaryView { application, route, service, .. } = canary;
            let labels =
                format!("application=\"{application}\",route=\"{route}\",service=\"{service}\"");
            format!("banyan_canary_{name}{{{labels}}} {}\n", value(canary))
        };
        let lines: String = canaries.iter().map(line).collect();
        format!("# HELP banyan_canary_{name} {help}.\n# TYPE banyan_canary_{name} gauge\n{lines}")
    };
    metric("percent", "The share of a canary that rises by itself", |canary| canary.percent)
        + &metric("rolled_back", "Whether a canary has passed a limit", |canary| {
            canary.rolled_back.is_some().into()
        })
}

/// Every request: reads it whole, answers it on a thread that may block, and notes it in the log.
async fn take(request: HttpRequest, body: Payload, control: Data<Control>) -> HttpResponse {
    let start = Instant::now();
    let id = request_id();
    let answer = match receive(&request, body, &control).await {
        Ok((received, protocol, room)) => {
            let guest = guest(&request);
            let taken = move || {
                drop(room);
                guest.inspect(|guest| guest.work());
            };
            let answered = web::block(move || control.answer(&received, taken)).await;
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

/// A request with its body, for which there is room until its signature is checked. What can be refused without the body is.
async fn receive(
    request: &HttpRequest,
    body: Payload,
    control: &Control,
) -> Result<(Received, Protocol, Option<Place>), ControlAnswer> {
    let mut received = head(request)?;
    let protocol = Protocol::of(&received, foreign::service(&received));
    let is_foreign = foreign::is_foreign(&received);
    if !is_foreign {
        Claim::of(&received, &control.credentials, SystemTime::now())
            .map_err(|refused| refuse(&received, protocol, &refused))?;
    }
    // What another service would have taken is not read to its end.
    let refused = |status, code, message: &str| {
        foreign::answer(&received).unwrap_or_else(|| protocol.error(status, code, message))
    };
    let most = if is_foreign { limits::FOREIGN_BYTES } else { limits::BODY_BYTES };
    let too_large = || {
        let message = format!("the body is larger than {most} bytes");
        refused(413, "RequestEntityTooLargeException", &message)
    };
    let length = received.header("content-length").and_then(|length| length.parse().ok());
    let length =
        length.unwrap_or(if received.header("transfer-encoding").is_some() { most } else { 0 });
    if length > most {
        return Err(too_large());
    }
    let room = match request.peer_addr().filter(|_| length > 0) {
        None => None,
        Some(peer) => Some(control.unsigned.take(peer.ip(), length).ok_or_else(|| {
            let message = "too many bodies are on their way here; ask again";
            refused(503, "ServiceUnavailable", message)
        })?),
    };
    let body = match timeout(limits::BODY_TIME, body.to_bytes_limited(most)).await {
        Ok(Ok(Ok(body))) => body,
        Ok(Ok(Err(error))) => {
            let message = format!("the body cannot be read: {error}");
            return Err(refused(400, "ValidationException", &message));
        }
        Ok(Err(_)) => return Err(too_large()),
        Err(_) => {
            let message = format!("the body did not come within {} s", limits::BODY_TIME.as_secs());
            return Err(refused(408, "RequestTimeoutException", &message));
        }
    };
    received.body = body.into();
    Ok((received, protocol, room))
}

/// A request without its body.
fn head(request: &HttpRequest) -> Result<Received, ControlAnswer> {
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
