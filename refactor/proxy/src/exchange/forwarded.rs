//! The fields that tell a service the address of the client, and how it asked.

use http1::{FieldKind, RequestHead, write_address, write_field, write_joined, write_number};
use public_urls::{Downstream, ForwardedFields};

/// Writes them. What a trusted proxy said is kept, and the address that it asked from is added; what another client
/// said is replaced. `Forwarded` is sent only to a service that would have got the client's.
pub(super) fn write(out: &mut Vec<u8>, head: &RequestHead<'_>, downstream: &Downstream<'_>) {
    out.extend_from_slice(b"x-forwarded-for: ");
    match downstream.said {
        ForwardedFields::Nothing => {}
        ForwardedFields::Extended => {
            for given in head.all(FieldKind::ForwardedFor) {
                out.extend_from_slice(given);
                out.extend_from_slice(b", ");
            }
        }
        ForwardedFields::Standard => {
            write_address(out, downstream.client);
            out.extend_from_slice(b", ");
        }
    }
    write_address(out, downstream.peer);
    out.extend_from_slice(b"\r\n");
    write_field(out, "x-forwarded-proto", if downstream.https { b"https" } else { b"http" });
    write_field(out, "x-forwarded-host", downstream.host.as_bytes());
    out.extend_from_slice(b"x-forwarded-port: ");
    write_number(out, u64::from(downstream.port));
    out.extend_from_slice(b"\r\n");
    if head.first(FieldKind::Forwarded).is_some() {
        let own = downstream.element();
        let believed = downstream.said == ForwardedFields::Standard;
        let given = head.all(FieldKind::Forwarded).filter(|_| believed);
        write_joined(out, "forwarded", ", ", given.chain([own.as_bytes()]));
    }
}
