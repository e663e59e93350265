//! What the control port answers.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};

pub(super) const CBOR: &str = "application/cbor";
/// The value of `smithy-protocol` in requests and answers in CBOR.
pub(super) const RPC_V2_CBOR: &str = "rpc-v2-cbor";

/// The header with the code of an error.
pub(super) const ERROR_TYPE: &str = "x-amzn-errortype";
/// The header that names the processes which do not have what is changed so far: until they do, they may use earlier
/// routes. Names stand with commas in between.
pub(super) const WITHOUT: &str = "banyan-without";

/// An answer in any protocol.
pub(super) struct ControlAnswer {
    pub(super) status: u16,
    pub(super) content_type: Cow<'static, str>,
    /// The code of an error, if the protocol has it in a header.
    pub(super) error_type: Option<Cow<'static, str>>,
    /// The method that a path takes, if another one came.
    pub(super) allow: Option<Cow<'static, str>>,
    /// The processes that do not have what was changed, by name, as [`WITHOUT`] has them.
    pub(super) without: Option<Box<str>>,
    pub(super) body: Vec<u8>,
}

impl ControlAnswer {
    pub(super) fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let (content_type, body) = (content_type.into(), body.into());
        Self { status, content_type, error_type: None, allow: None, without: None, body }
    }

    /// The same with the id that names the request, as the response that is sent.
    pub(super) fn into_response(self, request_id: &str) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, &*self.content_type));
        if self.content_type == CBOR {
            response.insert_header(("smithy-protocol", RPC_V2_CBOR));
        }
        response.insert_header(("x-amzn-requestid", request_id));
        if let Some(code) = self.error_type {
            response.insert_header((ERROR_TYPE, &*code));
        }
        if let Some(method) = self.allow {
            response.insert_header((header::ALLOW, &*method));
        }
        if let Some(names) = self.without {
            response.insert_header((WITHOUT, &*names));
        }
        response.body(self.body)
    }
}

/// A new id for a request, in the form of a UUID.
pub(super) fn request_id() -> String {
    let random = format!("{:032x}", fastrand::u128(..));
    let parts = [&random[..8], &random[8..12], &random[12..16], &random[16..20], &random[20..]];
    parts.join("-")
}
