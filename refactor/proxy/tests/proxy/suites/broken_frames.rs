//! Frames that break the protocol of HTTP/2 (RFC 9113, 4 to 6), and some that only look so.

use super::frames::Became::{self, Answered, Ended, Reset};
use super::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PRIORITY, PUSH_PROMISE,
    RST_STREAM, SETTINGS, WINDOW_UPDATE, block, frame, wrong,
};
use super::recorder::Recorder;

/// PROTOCOL_ERROR and FLOW_CONTROL_ERROR (RFC 9113, 7).
const MALFORMED: Became = Reset(1);
const FLOW: Became = Reset(3);
/// What a body that looks like the next request is.
const EVIL: &str = "0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n";
const LAST: u8 = END_HEADERS | END_STREAM;

/// A block of a request's fields, with a length or another field besides.
fn fields(method: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let all = [(":method", method), (":scheme", "http"), (":path", "/api/x"), (":authority", "x")];
    block(&[&all[..], more].concat())
}

/// The frame of a `GET` on stream 1.
fn get() -> Vec<u8> {
    frame(HEADERS, LAST, 1, &fields("GET", &[]))
}

/// A `POST` on stream 1 with this length, and its frames that follow.
fn post(length: &str, frames: &[&[u8]]) -> Vec<u8> {
    let more = [("content-length", length)];
    let more = if length.is_empty() { &[] } else { &more[..] };
    [frame(HEADERS, END_HEADERS, 1, &fields("POST", more)), frames.concat()].concat()
}

/// The end of a stream with these bytes.
fn last(bytes: &str) -> Vec<u8> {
    frame(DATA, END_STREAM, 1, bytes.as_bytes())
}

/// Bodies: their frames, what becomes of stream 1, and the body that reaches the service.
fn bodies() -> Vec<(&'static str, Vec<u8>, Became, Option<&'static str>)> {
    let abc = &frame(DATA, 0, 1, b"abc")[..];
    let trailers = |flags, name| frame(HEADERS, flags, 1, &block(&[(name, "y")]));
    let padded = |length: u8| frame(DATA, END_STREAM | 8, 1, &[length, b'a', b'b', b'c', 0, 0]);
    let ok = Answered(200);
    vec![
        ("a body", post("", &[&last("abc")]), ok, Some("abc")),
        ("an empty frame at the end", post("", &[abc, &last("")]), ok, Some("abc")),
        ("a body of its length", post("3", &[&last("abc")]), ok, Some("abc")),
        ("a body in parts", post("6", &[abc, &last("abc")]), ok, Some("abcabc")),
        ("more than its length", post("2", &[&last("abc")]), MALFORMED, None),
        ("more than its length, in parts", post("4", &[abc, &last("abc")]), MALFORMED, None),
        ("less than its length", post("4", &[&last("abc")]), MALFORMED, None),
        ("a body like a request", post("", &[&last(EVIL)]), ok, Some(EVIL)),
        ("trailers", post("", &[abc, &trailers(LAST, "x")]), ok, Some("abc")),
        (
            "a pseudo-header in trailers, which end here",
            post("", &[abc, &trailers(LAST, ":path")]),
            ok,
            Some("abc"),
        ),
        (
            "trailers that end nothing",
            post("", &[abc, &trailers(END_HEADERS, "x")]),
            MALFORMED,
            None,
        ),
        ("padding", post("", &[&padded(2)]), ok, Some("abc")),
        ("more padding than frame", post("", &[&padded(9)]), Ended, None),
    ]
}

/// Heads: their frames, what becomes of stream 1 or of the connection, and the body that reaches the service.
fn heads() -> Vec<(&'static str, Vec<u8>, Became, Option<&'static str>)> {
    let whole = fields("GET", &[]);
    let (first, second) = whole.split_at(10);
    let begun = |next: Vec<u8>| [frame(HEADERS, END_STREAM, 1, first), next].concat();
    let large = fields("GET", &[("x", &"y".repeat(70_000))]);
    let (most, more) = large.split_at(16_000);
    let (last_part, parts) = (more.chunks(16_000).count() - 1, more.chunks(16_000).enumerate());
    let continued = parts.map(|(part, bytes)| {
        frame(CONTINUATION, if part == last_part { END_HEADERS } else { 0 }, 1, bytes)
    });
    let large: Vec<_> =
        [frame(HEADERS, END_STREAM, 1, most)].into_iter().chain(continued).collect();
    let block = |block: &[u8]| frame(HEADERS, LAST, 1, block);
    let depends = [&[0, 0, 0, 1, 16], &whole[..]].concat();
    vec![
        ("two frames", begun(frame(CONTINUATION, END_HEADERS, 1, second)), Answered(200), Some("")),
        ("a ping within a head", begun(frame(PING, 0, 0, &[0; 8])), Ended, None),
        ("data within a head", begun(last("abc")), Ended, None),
        (
            "a head that goes on elsewhere",
            begun(frame(CONTINUATION, END_HEADERS, 3, second)),
            Ended,
            None,
        ),
        ("a continuation of nothing", frame(CONTINUATION, END_HEADERS, 1, &whole), Ended, None),
        ("stream 0", frame(HEADERS, LAST, 0, &whole), Ended, None),
        ("an even stream", frame(HEADERS, LAST, 2, &whole), Ended, None),
        ("a stream that goes back", [frame(HEADERS, LAST, 3, &whole), get()].concat(), Ended, None),
        ("a stream of itself", frame(HEADERS, LAST | 0x20, 1, &depends), MALFORMED, None),
        ("a block that cannot be read", block(&[0xff; 5]), Ended, None),
        ("half a literal", block(&[0, 9, b'x']), Ended, None),
        ("an entry that is not there", block(&[0xc5]), Ended, None),
        ("entry 0", block(&[0x80]), Ended, None),
        ("a table that is too large", block(&[0x3f, 0xff, 0xff, 0x03]), Ended, None),
        ("a head that is too large", large.concat(), Answered(431), None),
        ("a promise", frame(PUSH_PROMISE, END_HEADERS, 1, &depends), Ended, None),
    ]
}

/// Other frames: what becomes of stream 1 or of the connection; a request follows those that are harmless.
fn others() -> Vec<(&'static str, Vec<u8>, Became, Option<&'static str>)> {
    let alone = |kind, stream, payload: &[u8]| frame(kind, 0, stream, payload);
    let within = |kind, payload: &[u8]| post("", &[&frame(kind, 0, 1, payload)]);
    let before = |kind, payload: &[u8]| [frame(kind, 0, 0, payload), get()].concat();
    let most = &[0x7f, 0xff, 0xff, 0xff];
    vec![
        ("data on stream 0", alone(DATA, 0, b"abc"), Ended, None),
        ("data without a head", alone(DATA, 1, b"abc"), Ended, None),
        ("a frame that is too large", alone(DATA, 1, &[0; 17_000]), Ended, None),
        ("a reset without a head", alone(RST_STREAM, 1, &[0, 0, 0, 8]), Ended, None),
        ("a reset of stream 0", alone(RST_STREAM, 0, &[0, 0, 0, 8]), Ended, None),
        ("a short reset", within(RST_STREAM, &[0, 0, 8]), Ended, None),
        ("a window that grows by 0", within(WINDOW_UPDATE, &[0; 4]), Ended, None),
        ("a window that is too large", within(WINDOW_UPDATE, most), FLOW, None),
        ("all windows grow by 0", alone(WINDOW_UPDATE, 0, &[0; 4]), Ended, None),
        ("all windows are too large", alone(WINDOW_UPDATE, 0, most), Ended, None),
        ("a short window", alone(WINDOW_UPDATE, 0, &[0; 3]), Ended, None),
        ("settings of a stream", alone(SETTINGS, 1, &[]), Ended, None),
        ("short settings", alone(SETTINGS, 0, &[0; 5]), Ended, None),
        ("an acknowledgement with content", frame(SETTINGS, 1, 0, &[0; 6]), Ended, None),
        ("a window of 2^31", alone(SETTINGS, 0, &[0, 4, 0x80, 0, 0, 0]), Ended, None),
        ("frames of 1 byte", alone(SETTINGS, 0, &[0, 5, 0, 0, 0, 1]), Ended, None),
        ("frames of 2^24 bytes", alone(SETTINGS, 0, &[0, 5, 1, 0, 0, 0]), Ended, None),
        ("a push of 2", alone(SETTINGS, 0, &[0, 2, 0, 0, 0, 2]), Ended, None),
        ("an unknown setting", before(SETTINGS, &[0xff, 0, 0, 0, 0, 1]), Answered(200), Some("")),
        ("a short ping", alone(PING, 0, &[0; 7]), Ended, None),
        ("a ping of a stream", alone(PING, 1, &[0; 8]), Ended, None),
        ("a ping", before(PING, &[0; 8]), Answered(200), Some("")),
        ("a short priority", within(PRIORITY, &[0; 4]), Ended, None),
        ("an unknown frame", before(0xfa, b"x"), Answered(200), Some("")),
        ("a farewell of a stream", alone(GOAWAY, 1, &[0; 8]), Ended, None),
    ]
}

#[tokio::test]
async fn frames_that_break_the_protocol_end_their_stream_or_connection() {
    let recorder = Recorder::start().await;
    let (mut all, mut count) = (String::new(), 0);
    for (name, frames, must, body) in bodies().into_iter().chain(heads()).chain(others()) {
        count += 1;
        all.extend(wrong(&recorder, name, &frames, must, body).await);
    }
    assert!(recorder.take().is_empty(), "a request came late");
    assert!(all.is_empty(), "\n{all}");
    println!("{count} cases");
}
