//! What names a request: in its answer, in the log, and in the requests that are made for it.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, HeaderValue};

/// Names a request in answers and logs.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Places a request in a distributed trace (W3C Trace Context, 3.2).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Goes with `traceparent` (W3C Trace Context, 3.3).
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// What calls made for a request carry on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Trace {
    pub(crate) fn new(request: &ServiceRequest, id: HeaderValue) -> Self {
        let given = |name: HeaderName| Some((name.clone(), request.headers().get(name)?.clone()));
        let headers = std::iter::once((REQUEST_ID, id));
        Self { headers: headers.chain(given(TRACEPARENT)).chain(given(TRACESTATE)).collect() }
    }
}
