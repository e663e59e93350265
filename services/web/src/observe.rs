//! What happens around every request: its line in the log, and the headers that each answer has.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::rt::time::Instant;
use actix_web::web::Data;
use actix_web::{Error, ResponseError};
use runtime::{Drain, REQUEST, ms_since, request_id};

use crate::failure::Failure;
use crate::origin::is_local_name;
use crate::site::Site;

/// What a browser may do for a page: load its one style sheet and its icon, and send its forms. It runs nothing.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The headers of every answer that does not say otherwise. Not `no-referrer`: with that, browsers send `Origin: null` with
/// the forms of a page's own site.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Refuses a host that is not this machine's if only this machine can ask. Writes the request's line in the log, and gives the
/// answer its headers.
pub(crate) async fn observe(
    site: Data<Site>,
    drain: Data<Drain>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let start = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let id = HeaderName::from_static("x-request-id");
    let given = request.headers().get(&id).map(HeaderValue::as_bytes);
    let given = HeaderValue::from_str(&request_id(given))?;
    let mut response = if site.local && !is_local_name(request.request()) {
        request.into_response(Failure::OtherHost.error_response())
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    headers.insert(id, given.clone());
    if drain.has_begun() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let bytes = match response.response().body().size() {
        BodySize::Sized(bytes) => bytes,
        BodySize::None | BodySize::Stream => 0,
    };
    log::info!(
        target: REQUEST,
        method = method.as_str(), path, status = response.status().as_u16(), ms = ms_since(start), bytes,
        id = given.to_str().unwrap_or_default();
        "answered"
    );
    Ok(response)
}
