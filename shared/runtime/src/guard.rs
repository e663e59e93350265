//! What stands before every handler, whatever it answers: a request that has one reading, and an answer that is
//! taken for what it is.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode, Uri, header};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage, HttpResponse};
use futures_util::{Stream, StreamExt, stream};

use crate::authority::is_authority;
use crate::problem::{PROBLEM_JSON, ProblemDocument};

/// Tells browsers to believe the type of an answer: the value of `X-Content-Type-Options`.
pub const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Refuses a host that is none with 400, answers as if an `Upgrade` were not there (RFC 9110, 7.8), explains a method
/// that a path does not take, and tells browsers to believe the type of an answer.
///
/// actix-http takes an upgrade for accepted: its connection cannot carry another request, so it is closed.
///
/// # Errors
/// Those of the handler.
pub async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let upgrades = request.headers().contains_key(header::UPGRADE) || request.head().upgrade();
    if upgrades {
        bound_body(&mut request);
    }
    let mut response = if names_a_host(request.headers(), request.uri()) {
        explain_405(next.call(request).await?.map_into_boxed_body())
    } else {
        let detail = "the host must be one, with an optional port and without user information";
        request.into_response(refusal(StatusCode::BAD_REQUEST, detail))
    };
    if upgrades {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    Ok(response)
}

/// Whether the host of a request can be one, or there is none.
pub fn names_a_host(headers: &HeaderMap, uri: &Uri) -> bool {
    let host = headers.get(header::HOST);
    // An empty one stands for a target without a host (RFC 9112, 3.2).
    let host = host.is_none_or(|host| host.is_empty() || host.to_str().is_ok_and(is_authority));
    host && uri.authority().is_none_or(|authority| is_authority(authority.as_str()))
}

/// Ends a body where its head says. With `Upgrade: websocket` actix-http would give out all that still comes on the
/// connection.
fn bound_body(request: &mut ServiceRequest) {
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        return;
    }
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.trim().parse().ok()).unwrap_or(0);
    let body = first(request.take_payload(), length);
    request.set_payload(Payload::Stream { payload: Box::pin(body) });
}

/// The first bytes of a stream, which must be there.
fn first(payload: Payload, length: usize) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    stream::try_unfold((payload, length), |(mut payload, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut part = payload.next().await.ok_or(PayloadError::Incomplete(None))??;
        part.truncate(left);
        let left = left - part.len();
        Ok(Some((part, (payload, left))))
    })
}

/// actix-web knows which methods a path takes but answers without a body.
fn explain_405(response: ServiceResponse) -> ServiceResponse {
    let explained = response.headers().contains_key(header::CONTENT_TYPE);
    if response.status() != StatusCode::METHOD_NOT_ALLOWED || explained {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let detail = "this path does not take this method; Allow lists those it takes";
    let mut explained = refusal(StatusCode::METHOD_NOT_ALLOWED, detail);
    if let Some(allow) = allow {
        explained.headers_mut().insert(header::ALLOW, allow);
    }
    response.into_response(explained)
}

fn refusal(status: StatusCode, detail: &str) -> HttpResponse {
    let document = ProblemDocument::<()>::new(status.as_u16(), detail, &[]);
    HttpResponse::build(status).content_type(PROBLEM_JSON).json(document)
}
