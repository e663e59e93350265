//! Refuses requests for names that the control port does not have: pages of other sites (DNS rebinding).

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use proxy::PublicHosts;
use runtime::{PROBLEM_JSON, ProblemDocument};

use super::Control;

/// Answers 403 to a request whose host is not answered here.
///
/// # Errors
/// Those of the handler.
pub(super) async fn known(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if is_known(&request) {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let status = StatusCode::FORBIDDEN;
    let document = ProblemDocument::<()>::new(status.as_u16(), PublicHosts::REFUSAL, &[]);
    Ok(request.into_response(HttpResponse::build(status).content_type(PROBLEM_JSON).json(document)))
}

fn is_known(request: &ServiceRequest) -> bool {
    let Some(control) = request.app_data::<Data<Control>>() else { return false };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let listener = request.app_config().local_addr().ip();
    // Elsewhere its clients have names for it that are none of the applications'.
    let local = listener.to_canonical().is_loopback();
    let mut asked = host.into_iter().chain(authority);
    !local || asked.all(|host| control.public_hosts.answer(host, listener))
}
