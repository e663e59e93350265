//! The proxy's own errors: `application/problem+json` (RFC 9457).

use http::StatusCode;
use http1::RefusedRequest;
use runtime::ProblemDocument;

/// One error, as [`ProblemDocument`] shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    /// Seconds, said in `Retry-After`.
    pub(crate) retry_after: Option<u64>,
    /// The methods of a 405.
    pub(crate) allow: Option<&'static str>,
}

impl From<RefusedRequest> for Problem {
    fn from(refusal: RefusedRequest) -> Self {
        Self::new(refusal.status, refusal.detail)
    }
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after: None, allow: None }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 431 (RFC 6585, 5): a request may have `most` bytes of fields.
    pub(crate) fn large_fields(most: usize) -> Self {
        let detail = format!(
            "the header fields of the request are larger than {most} bytes (REQUEST_HEADER_BYTES)"
        );
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, detail)
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
        let document = ProblemDocument::<()>::new(self.status.as_u16(), &self.detail, &[]);
        // Strings and a number can always be written.
        serde_json::to_vec(&document).unwrap_or_default()
    }
}
