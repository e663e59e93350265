//! A request's place in a distributed trace.

use http1::{FieldKind, RequestHead, write_field};
use runtime::hex;

/// Writes the client's `traceparent` if it is valid, else that of a new trace (W3C Trace Context, 3.2).
pub(crate) fn write_traceparent(out: &mut Vec<u8>, head: &RequestHead<'_>) {
    let given =
        head.first(FieldKind::TraceParent).and_then(|value| std::str::from_utf8(value).ok());
    match given.filter(|value| is_traceparent(value)) {
        Some(value) => write_field(out, "traceparent", value.as_bytes()),
        None => {
            out.extend_from_slice(b"traceparent: 00-");
            out.extend_from_slice(&hex::<32>(fastrand::u128(1..)));
            out.push(b'-');
            out.extend_from_slice(&hex::<16>(fastrand::u64(1..).into()));
            out.extend_from_slice(b"-00\r\n");
        }
    }
}

fn is_traceparent(value: &str) -> bool {
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let not_zero = |part: &str| part.bytes().any(|byte| byte != b'0');
    let mut parts = value.split('-');
    let (Some(version), Some(trace), Some(parent), Some(flags)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && hex(trace, 32)
        && not_zero(trace)
        && hex(parent, 16)
        && not_zero(parent)
        && hex(flags, 2)
}

#[cfg(test)]
mod tests {
    use super::{RequestHead, is_traceparent, write_traceparent};

    fn head(fields: &str) -> RequestHead<'static> {
        let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n").leak();
        RequestHead::parse(head.as_bytes()).unwrap()
    }

    fn traceparent(fields: &str) -> String {
        let mut out = Vec::new();
        write_traceparent(&mut out, &head(fields));
        let line = String::from_utf8(out).unwrap();
        line.strip_prefix("traceparent: ").unwrap().strip_suffix("\r\n").unwrap().to_owned()
    }

    #[test]
    fn a_trace_is_carried_on_or_begun() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(traceparent(&format!("traceparent: {given}\r\n")), given);
        for wrong in [
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "x",
        ] {
            let begun = traceparent(&format!("traceparent: {wrong}\r\n"));
            assert!(begun != wrong && is_traceparent(&begun), "{wrong}");
        }
    }
}
