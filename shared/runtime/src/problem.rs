//! The document of an error (RFC 9457).

use std::borrow::Cow;

use actix_web::http::StatusCode;
use serde::Serialize;

/// The media type of the document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The document of an error. Its `type` is `about:blank`: the status says it all (RFC 9457, 4.2.1).
#[derive(Debug, Serialize)]
pub struct ProblemDocument<'a, RequestFault: Serialize = ()> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "<[RequestFault]>::is_empty")]
    errors: &'a [RequestFault],
}

impl<'a, RequestFault: Serialize> ProblemDocument<'a, RequestFault> {
    /// The document for this status: what went wrong, and everything that is wrong with the request.
    pub fn new(status: u16, detail: &'a str, errors: &'a [RequestFault]) -> Self {
        let known = StatusCode::from_u16(status).ok();
        let title = known.and_then(|status| status.canonical_reason()).unwrap_or("Error");
        Self { r#type: "about:blank", title, status, detail, code: None, errors }
    }

    /// The same, with what went wrong as a name that programs know.
    pub fn with_code(self, code: Option<&'static str>) -> Self {
        Self { code, ..self }
    }
}

/// One thing that is wrong with a request, and where: an entry of the document's `errors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestFault {
    #[serde(flatten)]
    place: FaultLocation,
    detail: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum FaultLocation {
    /// A JSON Pointer into the body, as a URI fragment (RFC 6901, 6).
    Pointer(String),
    /// The name of a parameter in the path or the query.
    Parameter(String),
    /// The name of a header.
    Header(&'static str),
}

impl RequestFault {
    /// In the body, at this JSON Pointer.
    pub fn pointer(pointer: String, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: FaultLocation::Pointer(pointer), detail: detail.into() }
    }

    /// In the path or the query.
    pub fn parameter(name: &str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: FaultLocation::Parameter(name.to_owned()), detail: detail.into() }
    }

    /// In a header.
    pub fn header(name: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: FaultLocation::Header(name), detail: detail.into() }
    }
}
