//! The document of an error (RFC 9457).

use actix_web::http::StatusCode;
use serde::Serialize;

/// The media type of the document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The document of an error. Its `type` is `about:blank`: the status says it all (RFC 9457, 4.2.1).
#[derive(Debug, Serialize)]
pub struct ProblemDocument<'a, Fault: Serialize = ()> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl<'a, Fault: Serialize> ProblemDocument<'a, Fault> {
    /// The document for this status: what went wrong, and everything that is wrong with the request.
    pub fn new(status: u16, detail: &'a str, errors: &'a [Fault]) -> Self {
        let known = StatusCode::from_u16(status).ok();
        let title = known.and_then(|status| status.canonical_reason()).unwrap_or("Error");
        Self { r#type: "about:blank", title, status, detail, code: None, errors }
    }

    /// The same, with what went wrong as a name that programs know.
    pub fn with_code(self, code: Option<&'static str>) -> Self {
        Self { code, ..self }
    }
}
