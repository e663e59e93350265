//! What happens around every request: its id, its line in the log, its place in the metrics.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use actix_web::rt::time::Instant;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use log::Level;
use runtime::{Drain, REQUEST, ms_since, request_id};

use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::trace::{REQUEST_ID, Trace};

/// Takes the client's request id or makes one; afterwards logs and counts the request.
pub(crate) async fn observe(
    metrics: Data<Metrics>,
    drain: Data<Drain>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let start = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let given = request.headers().get(REQUEST_ID).map(HeaderValue::as_bytes);
    let id = HeaderValue::from_str(&request_id(given))?;
    request.extensions_mut().insert(Trace::new(&request, id.clone()));
    let in_flight = CountedInFlight::begin(&metrics);
    let mut response = next.call(request).await?.map_into_boxed_body();
    drop(in_flight);
    if let Some(problem) = response.response().error().and_then(Error::as_error::<Problem>) {
        problem.log_cause(id.to_str().unwrap_or_default());
    }
    response.headers_mut().insert(REQUEST_ID, id.clone());
    if drain.has_begun() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }

    let status = response.status().as_u16();
    let ms = ms_since(start);
    let bytes = match response.response().body().size() {
        actix_web::body::BodySize::Sized(bytes) if method != Method::HEAD => bytes,
        _ => 0,
    };
    let route = response.request().match_pattern();
    let id = id.to_str().unwrap_or_default();
    write_line(level(route.as_deref()), &method, &path, status, ms, bytes, id);
    metrics.count(&method, route, status, ms / 1_000.0);
    Ok(response)
}

/// Writes the line of a request in the log.
pub(crate) fn write_line(
    level: Level,
    method: &Method,
    path: &str,
    status: u16,
    ms: f64,
    bytes: u64,
    id: &str,
) {
    log::log!(
        target: REQUEST,
        level,
        method = method.as_str(), path, status, ms, bytes, id;
        "answered"
    );
}

/// A follower asks for changes many times a second, which is no news.
fn level(route: Option<&str>) -> Level {
    match route {
        Some(route) if route.ends_with("/-/changes") => Level::Debug,
        _ => Level::Info,
    }
}

/// Counts down even if the client goes away and the request is dropped half-way.
pub(crate) struct CountedInFlight<'a>(&'a Metrics);

impl<'a> CountedInFlight<'a> {
    pub(crate) fn begin(metrics: &'a Metrics) -> Self {
        metrics.in_flight.inc();
        Self(metrics)
    }
}

impl Drop for CountedInFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}
