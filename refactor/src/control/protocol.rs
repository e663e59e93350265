//! The protocols in which AWS' services speak. A client can read an error only in the protocol of its request.

use quick_xml::escape::escape;
use serde_json::json;

use super::answer::{CBOR, ControlAnswer, RPC_V2_CBOR, request_id};
use super::signature::{Received, SignatureError};

const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const JSON: &str = "application/json";
pub(super) const XML: &str = "text/xml";

/// How a request is written, and so how the client reads an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Method and path name the operation, JSON: Refactor Spaces, Lambda and most newer services.
    RestJson,
    /// `X-Amz-Target` names the operation, JSON: DynamoDB, ECS, SSM.
    Json,
    /// The path names service and operation, CBOR: newer SDKs with CloudWatch.
    Cbor,
    /// A form comes in, XML goes out: CloudFormation, STS, IAM.
    Query,
    /// The same with errors of its own shape.
    Ec2,
    /// Method and path name the operation, XML: Route 53, CloudFront, the control of S3.
    RestXml,
    /// The same without a wrapper around an error.
    S3,
}

impl Protocol {
    /// The protocol of a request that is signed for `service`, or for none.
    pub(super) fn of(received: &Received, service: Option<&str>) -> Self {
        let header = |name: &str| received.header(name).unwrap_or_default();
        let media_type = header("content-type").split(';').next().unwrap_or_default().trim();
        let form = received.method == "POST" && received.path == "/";
        if header("smithy-protocol") == RPC_V2_CBOR {
            return Self::Cbor;
        }
        if received.header("x-amz-target").is_some() {
            return Self::Json;
        }
        match service {
            _ if form && media_type.eq_ignore_ascii_case(FORM) => match service {
                Some("ec2") => Self::Ec2,
                _ => Self::Query,
            },
            Some("route53" | "cloudfront") => Self::RestXml,
            Some("s3") if received.path.starts_with("/v20180820/") => Self::RestXml,
            Some("s3-outposts") if received.path.starts_with("/S3Outposts/") => Self::RestJson,
            Some("s3" | "s3express" | "s3-object-lambda" | "s3-outposts") => Self::S3,
            _ => Self::RestJson,
        }
    }

    /// An error that no operation gives.
    pub(super) fn error(self, status: u16, code: &'static str, message: &str) -> ControlAnswer {
        let id = request_id();
        let inner = format!("<Code>{code}</Code><Message>{}</Message>", escape(message));
        match self {
            Self::RestJson => {
                let body = json!({ "Message": message }).to_string();
                ControlAnswer {
                    error_type: Some(code.into()),
                    ..ControlAnswer::new(status, JSON, body)
                }
            }
            Self::Json => {
                let body = json!({ "__type": code, "message": message }).to_string();
                ControlAnswer::new(status, "application/x-amz-json-1.0", body)
            }
            Self::Cbor => {
                ControlAnswer::new(status, CBOR, cbor(&[("__type", code), ("message", message)]))
            }
            Self::Query | Self::RestXml => {
                let error = format!("<Error><Type>Sender</Type>{inner}</Error>");
                let id = format!("<RequestId>{id}</RequestId>");
                ControlAnswer::new(
                    status,
                    XML,
                    format!("<ErrorResponse>{error}{id}</ErrorResponse>"),
                )
            }
            Self::Ec2 => {
                let errors = format!("<Errors><Error>{inner}</Error></Errors>");
                let id = format!("<RequestID>{id}</RequestID>");
                ControlAnswer::new(status, XML, format!("<Response>{errors}{id}</Response>"))
            }
            Self::S3 => {
                let body = format!("<Error>{inner}<RequestId>{id}</RequestId></Error>");
                ControlAnswer::new(status, "application/xml", body)
            }
        }
    }

    /// 403 for a signature that is not taken.
    pub(super) fn refuse(self, refused: &SignatureError) -> ControlAnswer {
        let (query, other) = match refused {
            SignatureError::Missing => {
                ("MissingAuthenticationToken", "MissingAuthenticationTokenException")
            }
            SignatureError::Incomplete(_) => {
                ("IncompleteSignature", "IncompleteSignatureException")
            }
            SignatureError::UnknownKey(_) => {
                ("InvalidClientTokenId", "UnrecognizedClientException")
            }
            SignatureError::Mismatch(_) => ("SignatureDoesNotMatch", "InvalidSignatureException"),
        };
        let code = if self == Self::Query { query } else { other };
        self.error(403, code, &refused.message())
    }
}

/// A map of texts (RFC 8949, 3.1: major types 5 and 3, lengths in 16 bits).
fn cbor(members: &[(&str, &str)]) -> Vec<u8> {
    let count = u8::try_from(members.len()).unwrap_or(0x17).min(0x17);
    let mut bytes = vec![0xa0 | count];
    for text in members.iter().flat_map(|(name, value)| [name, value]) {
        let length = u16::try_from(text.len()).unwrap_or(0);
        bytes.push(0x79);
        bytes.extend(length.to_be_bytes());
        bytes.extend(text.as_bytes().iter().take(length.into()));
    }
    bytes
}
