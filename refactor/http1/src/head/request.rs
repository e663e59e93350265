//! The head of a request.

use std::mem::MaybeUninit;

use http::{Method, StatusCode};
use runtime::is_authority;

use super::{FieldKind, HeaderField, classify, connection_has, decimal, list};
use crate::framing::Framing;
use crate::limits::{FIELDS, TARGET_BYTES};
use crate::refusal::RefusedRequest;

const NO_AUTHORITY: &str =
    "the authority of the target must be a host with an optional port, without user information";

/// The version of HTTP that a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2, whose own framing was taken off.
    Http2,
}

/// The head of a request that only one reading is possible of.
#[derive(Clone, Debug)]
pub struct RequestHead<'a> {
    /// The method, as it was sent.
    pub method: Method,
    /// In origin form, as it was sent.
    pub target: &'a str,
    /// The version that the client speaks.
    pub version: Version,
    /// The host that the client asked for, perhaps with a port.
    pub host: &'a str,
    /// All fields, in order.
    pub fields: Vec<HeaderField<'a>>,
    /// How the body follows.
    pub body: Framing,
    /// Whether the client wants the connection to stay.
    pub keep_alive: bool,
    /// The protocols that the client would like to go on with (RFC 9110, 7.8), if a service may choose one. Any request
    /// may be answered as if it had not asked. Nothing if one of them is TLS or another version of HTTP: what
    /// followed would be requests that no rule of this proxy sees. Nothing if there is a body, which would come first.
    pub upgrade: Option<&'a [u8]>,
    /// Whether the client waits for `100 Continue` before it sends the body, if there is one.
    pub expects_continue: bool,
}

impl<'a> RequestHead<'a> {
    /// Reads the head of an HTTP/1 request, whose lines are known to end in CR LF.
    ///
    /// # Errors
    /// 400, 414, 417, 431, 501 or 505; the connection cannot go on, since where the request ends is not known.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RefusedRequest> {
        let mut headers = [const { MaybeUninit::uninit() }; FIELDS];
        let mut request = httparse::Request::new(&mut []);
        let parsed = request.parse_with_uninit_headers(bytes, &mut headers);
        let (Some(method), Some(target), Some(version)) = (match parsed.map_err(unreadable)? {
            httparse::Status::Complete(_) => (request.method, request.path, request.version),
            httparse::Status::Partial => (None, None, None),
        }) else {
            return Err(RefusedRequest::bad_request("the head of the request ends too soon"));
        };
        let version = if version == 1 { Version::Http11 } else { Version::Http10 };
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_invalid| RefusedRequest::bad_request("the method is not a token"))?;
        let fields = request.headers.iter().map(|header| (header.name, header.value));
        Self::new(method, target, version, classify(fields))
    }

    fn new(
        method: Method,
        target: &'a str,
        version: Version,
        fields: Vec<HeaderField<'a>>,
    ) -> Result<Self, RefusedRequest> {
        let mut only = Only::default();
        for field in &fields {
            only.note(field)?;
        }
        let (authority, target) = origin_form(&method, target)?;
        if only.host.is_none() && version == Version::Http11 {
            return Err(RefusedRequest::bad_request("the request has no Host"));
        }
        // An empty one stands for a target without a host (RFC 9112, 3.2).
        let host = std::str::from_utf8(only.host.unwrap_or_default()).ok();
        let host = host.filter(|host| host.is_empty() || is_authority(host));
        let host = host.ok_or_else(|| {
            RefusedRequest::bad_request("the Host is no host with an optional port")
        })?;
        let host = match authority {
            Some(authority) if !is_authority(authority) => {
                return Err(RefusedRequest::bad_request(NO_AUTHORITY));
            }
            authority => authority.unwrap_or(host),
        };
        let body = match (only.length, only.coding) {
            (Some(_), Some(_)) => {
                let detail = "the request has both Content-Length and Transfer-Encoding";
                return Err(RefusedRequest::bad_request(detail));
            }
            (None, Some(_)) if version == Version::Http10 => {
                return Err(RefusedRequest::bad_request("HTTP/1.0 has no Transfer-Encoding"));
            }
            (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") => Framing::CHUNKED,
            (None, Some(_)) => {
                let detail = "the only Transfer-Encoding that is understood is chunked";
                return Err(RefusedRequest::new(StatusCode::NOT_IMPLEMENTED, detail));
            }
            (Some(length), None) => Framing::Length(decimal(length).ok_or_else(|| {
                RefusedRequest::bad_request("the Content-Length is not a number")
            })?),
            (None, None) => Framing::NONE,
        };
        if only.expect.is_some_and(|expect| !expect.eq_ignore_ascii_case(b"100-continue")) {
            let detail = "the only expectation that can be met is 100-continue";
            return Err(RefusedRequest::new(StatusCode::EXPECTATION_FAILED, detail));
        }
        let upgrade = only.upgrade.filter(|protocols| {
            version == Version::Http11
                && body.is_over()
                && connection_has(&fields, b"upgrade")
                && list(protocols).all(is_carried)
                && list(protocols).next().is_some()
        });
        Ok(Self {
            upgrade,
            keep_alive: version == Version::Http11 && !connection_has(&fields, b"close"),
            expects_continue: only.expect.is_some()
                && match version {
                    // It has no interim answers (RFC 9110, 10.1.1).
                    Version::Http10 => false,
                    Version::Http11 => !body.is_over(),
                    // Only its frames say whether a body follows.
                    Version::Http2 => true,
                },
            method,
            target,
            version,
            host,
            fields,
            body,
        })
    }

    /// The head of an HTTP/2 request, whose framing the protocol itself keeps.
    ///
    /// # Errors
    /// 400, 414 or 431 for a target, host, length or number of fields that no HTTP/1.1 request could have.
    pub fn from_http2(parts: &'a http::request::Parts) -> Result<Self, RefusedRequest> {
        // A cookie may come in any number of parts, which are one field (RFC 9113, 8.2.3).
        let cookies = parts.headers.get_all(http::header::COOKIE).iter().count();
        if parts.headers.len() - cookies.saturating_sub(1) > FIELDS {
            return Err(too_many_fields());
        }
        let fields = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut head = Self::new(parts.method.clone(), target, Version::Http2, classify(fields))?;
        if let Some(authority) = parts.uri.authority() {
            let host = head.first(FieldKind::Host).map(|_| head.host);
            head.host = authority.as_str();
            if !is_authority(head.host) {
                return Err(RefusedRequest::bad_request(NO_AUTHORITY));
            }
            if host.is_some_and(|host| !host.eq_ignore_ascii_case(head.host)) {
                return Err(RefusedRequest::bad_request(
                    "the Host is not the :authority (RFC 9113, 8.3.1)",
                ));
            }
        }
        Ok(head)
    }

    /// Stands for a head that could not be read.
    pub fn unread() -> Self {
        Self {
            method: Method::GET,
            target: "",
            version: Version::Http11,
            host: "",
            fields: Vec::new(),
            body: Framing::NONE,
            keep_alive: false,
            upgrade: None,
            expects_continue: false,
        }
    }

    /// The values of all fields of a kind.
    pub fn all(&self, kind: FieldKind) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |field| field.kind == kind).map(|field| field.value)
    }

    /// The value of the first field of a kind.
    pub fn first(&self, kind: FieldKind) -> Option<&'a [u8]> {
        self.fields.iter().find(|field| field.kind == kind).map(|field| field.value)
    }
}

/// The fields that may be there once.
#[derive(Default)]
struct Only<'a> {
    host: Option<&'a [u8]>,
    length: Option<&'a [u8]>,
    coding: Option<&'a [u8]>,
    expect: Option<&'a [u8]>,
    upgrade: Option<&'a [u8]>,
}

impl<'a> Only<'a> {
    fn note(&mut self, field: &HeaderField<'a>) -> Result<(), RefusedRequest> {
        let place = match field.kind {
            FieldKind::Host => &mut self.host,
            FieldKind::ContentLength => &mut self.length,
            FieldKind::TransferEncoding => &mut self.coding,
            FieldKind::Expect => &mut self.expect,
            FieldKind::Upgrade => &mut self.upgrade,
            _ => return Ok(()),
        };
        match place.replace(field.value) {
            None => Ok(()),
            Some(_) if field.kind == FieldKind::Upgrade => {
                self.upgrade = None;
                Ok(())
            }
            Some(_) => {
                Err(RefusedRequest::bad_request(format!("the request repeats {}", field.name)))
            }
        }
    }
}

/// Whether a protocol may be gone on with.
fn is_carried(protocol: &[u8]) -> bool {
    let name = protocol.split(|byte| *byte == b'/').next().unwrap_or_default();
    ![&b"h2c"[..], b"h2", b"http", b"tls"].iter().any(|http| name.eq_ignore_ascii_case(http))
}

/// The authority of a target in absolute form, and its origin form (RFC 9112, 3.2).
fn origin_form<'a>(
    method: &Method,
    target: &'a str,
) -> Result<(Option<&'a str>, &'a str), RefusedRequest> {
    if target.len() > TARGET_BYTES {
        return Err(RefusedRequest::new(
            StatusCode::URI_TOO_LONG,
            format!("the target is longer than {TARGET_BYTES} bytes, which no setting changes"),
        ));
    }
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(RefusedRequest::bad_request(
            "the target holds bytes that must be percent-encoded",
        ));
    }
    if target.starts_with('/') || *method == Method::CONNECT {
        return Ok((None, target));
    }
    let scheme = |target: &'a str| {
        let (scheme, rest) = target.split_once("://")?;
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some(rest)
    };
    let Some(rest) = scheme(target) else {
        return Err(RefusedRequest::bad_request("the target is neither a path nor a URL"));
    };
    match rest.find(['/', '?']) {
        None => Ok((Some(rest), "/")),
        Some(end) => match rest.split_at(end) {
            (authority, path) if path.starts_with('/') => Ok((Some(authority), path)),
            _ => Err(RefusedRequest::bad_request("the target has a query without a path")),
        },
    }
}

fn too_many_fields() -> RefusedRequest {
    let detail = format!("the request has more than {FIELDS} fields, which no setting changes");
    RefusedRequest::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, detail)
}

fn unreadable(error: httparse::Error) -> RefusedRequest {
    match error {
        httparse::Error::TooManyHeaders => too_many_fields(),
        httparse::Error::Version => RefusedRequest::new(
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "the request is not of HTTP/1.0, HTTP/1.1 or HTTP/2",
        ),
        error => {
            RefusedRequest::bad_request(format!("the head of the request cannot be read: {error}"))
        }
    }
}

#[cfg(test)]
mod tests;
