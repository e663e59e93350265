//! The request as the service gets it.

use http1::{FieldKind, Framing, RequestHead, Version, write_field, write_joined, write_number};
use public_urls::Downstream;
use replication::Position;
use routes::RequestPath;

use super::destination::RouteSide;
use super::forwarded;
use super::record::RequestRecord;
use crate::site::Site;
use crate::trace::write_traceparent;

/// Marks a copy, so that services can leave it out of what they count.
pub(super) const SHADOW: &str = "x-banyan-shadow";
/// Room for what is added to a head, in bytes.
const ADDED: usize = 512;

/// The head of the request to a service: what goes end to end, and what a proxy says about the way
/// that it came; and how far the service must have come to answer, if that is known here.
pub(super) fn request(
    site: &Site,
    downstream: &Downstream<'_>,
    head: &RequestHead<'_>,
    side: &RouteSide,
    path: &RequestPath<'_>,
    needed: Option<Position>,
    record: &RequestRecord<'_>,
) -> Vec<u8> {
    let target = &side.target;
    let size: usize =
        head.fields.iter().map(|field| field.name.len() + field.value.len() + 4).sum();
    let mut out = Vec::with_capacity(head.target.len() + target.service.base.len() + size + ADDED);
    out.extend_from_slice(head.method.as_str().as_bytes());
    out.push(b' ');
    path.join(&target.service.base, target.query.as_deref(), side.matched, &mut out);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    write_field(&mut out, "host", target.host(&downstream.host).as_bytes());
    for field in &head.fields {
        let goes = match field.kind {
            FieldKind::EndToEnd | FieldKind::Date | FieldKind::Reference => true,
            FieldKind::Position => needed.is_none(),
            _ => false,
        };
        if goes {
            write_field(&mut out, field.name, field.value);
        }
    }
    if let Some(needed) = needed {
        write_field(&mut out, "banyan-position", needed.to_string().as_bytes());
    }
    write_joined(&mut out, "cookie", "; ", head.all(FieldKind::Cookie));
    forwarded::write(&mut out, head, downstream);
    write_field(&mut out, "x-request-id", record.id.as_bytes());
    write_traceparent(&mut out, head);
    out.extend_from_slice(b"via: ");
    for via in head.all(FieldKind::Via) {
        out.extend_from_slice(via);
        out.extend_from_slice(b", ");
    }
    out.extend_from_slice(match head.version {
        Version::Http10 => b"1.0 ",
        Version::Http11 => b"1.1 ",
        Version::Http2 => b"2 ",
    });
    out.extend_from_slice(site.shared.pseudonym.as_bytes());
    out.extend_from_slice(b"\r\n");
    if let Some(protocols) = head.upgrade {
        write_field(&mut out, "connection", b"upgrade");
        write_field(&mut out, "upgrade", protocols);
    }
    match head.body {
        Framing::Chunked(_) | Framing::UntilClose => {
            write_field(&mut out, "transfer-encoding", b"chunked");
        }
        Framing::Length(length) if length > 0 || head.first(FieldKind::ContentLength).is_some() => {
            out.extend_from_slice(b"content-length: ");
            write_number(&mut out, length);
            out.extend_from_slice(b"\r\n");
        }
        Framing::Length(_) => {}
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// Adds a field to a head that is written.
pub(super) fn add(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    // Before the empty line.
    out.truncate(out.len().saturating_sub(2));
    write_field(out, name, value);
    out.extend_from_slice(b"\r\n");
}

/// The head of a read's copy: that of the request, and the field that marks it.
pub(super) fn copy(
    site: &Site,
    downstream: &Downstream<'_>,
    head: &RequestHead<'_>,
    side: &RouteSide,
    path: &RequestPath<'_>,
    record: &RequestRecord<'_>,
) -> Vec<u8> {
    let mut out = request(site, downstream, head, side, path, None, record);
    add(&mut out, SHADOW, b"1");
    out
}
