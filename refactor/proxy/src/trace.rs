//! A request's place in a distributed trace.

use std::borrow::Cow;

use http1::{FieldKind, RequestHead};

/// The client's `traceparent` if it is valid, else that of a new trace (W3C Trace Context, 3.2).
pub(crate) fn traceparent<'a>(head: &RequestHead<'a>) -> Cow<'a, str> {
    let given =
        head.first(FieldKind::TraceParent).and_then(|value| std::str::from_utf8(value).ok());
    match given.filter(|value| is_traceparent(value)) {
        Some(value) => Cow::Borrowed(value),
        None => {
            let (trace, parent) = (fastrand::u128(1..), fastrand::u64(1..));
            Cow::Owned(format!("00-{trace:032x}-{parent:016x}-00"))
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
    use super::{RequestHead, traceparent};

    fn head(fields: &str) -> RequestHead<'static> {
        let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n").leak();
        RequestHead::parse(head.as_bytes()).unwrap()
    }

    #[test]
    fn a_trace_is_carried_on_or_begun() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(traceparent(&head(&format!("traceparent: {given}\r\n"))), given);
        for wrong in [
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "x",
        ] {
            let begun = traceparent(&head(&format!("traceparent: {wrong}\r\n")));
            assert!(begun != wrong && super::is_traceparent(&begun), "{wrong}");
        }
    }
}
