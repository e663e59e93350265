//! The proxy's own errors: `application/problem+json` (RFC 9457).

use http::StatusCode;
use serde::Serialize;

/// The media type of every error.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// One error document. Its `type` is `about:blank`: the status says it all (RFC 9457, 4.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    /// Seconds, said in `Retry-After`.
    pub(crate) retry_after: Option<u64>,
    /// The methods of a 405.
    pub(crate) allow: Option<&'static str>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after: None, allow: None }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn method_not_allowed(allow: &'static str, detail: &str) -> Self {
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, detail) }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The document, as JSON.
    pub(crate) fn document(&self) -> Vec<u8> {
        let document = Document {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        // Strings and a number can always be written.
        serde_json::to_vec(&document).unwrap_or_default()
    }
}
