//! What a client is told whose request is not read.

use http::StatusCode;

/// Why a request is refused: the status of the answer, and a sentence that says what is wrong with the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRequest {
    /// The status (RFC 9110, 15.5 and 15.6).
    pub status: StatusCode,
    /// What is wrong.
    pub detail: String,
}

impl RefusedRequest {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }
}
