//! The head of an answer.

use std::mem::MaybeUninit;

use http::Method;

use super::{FieldKind, HeaderField, classify, connection_has, decimal, list};
use crate::framing::{Framing, Malformed};
use crate::limits::FIELDS;

/// A status code (RFC 9110, 15).
pub type Status = u16;

/// The head of an answer.
#[derive(Clone, Debug)]
pub struct ResponseHead<'a> {
    /// From 100 to 599.
    pub status: Status,
    /// All fields, in order.
    pub fields: Vec<HeaderField<'a>>,
    /// How its body follows; none after `HEAD`, whatever its length says.
    pub body: Framing,
    /// What `Content-Length` says.
    pub length: Option<u64>,
    /// Whether the connection can be used again.
    pub keep_alive: bool,
    /// For how many seconds the service keeps an idle connection, if it says so.
    pub keep_alive_seconds: Option<u64>,
}

impl<'a> ResponseHead<'a> {
    /// Reads the head of the answer to a request, whose lines are known to end in CR LF.
    ///
    /// # Errors
    /// If it is no answer, or its end could be read in two ways.
    pub fn parse(bytes: &'a [u8], method: &Method) -> Result<Self, Malformed> {
        if !bytes.starts_with(b"HTTP/") {
            // An empty line would be skipped, and what comes then be taken for something else than it is.
            return Err(Malformed("the head of the answer does not begin with HTTP/"));
        }
        let mut headers = [const { MaybeUninit::uninit() }; FIELDS];
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            bytes,
            &mut headers,
        );
        if parsed == Err(httparse::Error::TooManyHeaders) {
            return Err(Malformed("the answer has more than 100 fields, which no setting changes"));
        }
        let (Ok(httparse::Status::Complete(_)), Some(status), Some(version)) =
            (parsed, response.code, response.version)
        else {
            return Err(Malformed("the head of the answer cannot be read"));
        };
        if !(100..=599).contains(&status) {
            return Err(Malformed("the status of the answer is none"));
        }
        let fields = classify(response.headers.iter().map(|header| (header.name, header.value)));
        let length = single(&fields, FieldKind::ContentLength)?;
        let coding = single(&fields, FieldKind::TransferEncoding)?;
        let length = match length {
            None => None,
            Some(value) => {
                Some(decimal(value).ok_or(Malformed("the answer's Content-Length is no number"))?)
            }
        };
        let bodiless = *method == Method::HEAD || matches!(status, 100..=199 | 204 | 205 | 304);
        let body = match (length, coding) {
            (Some(_), Some(_)) => {
                return Err(Malformed("the answer has a length and a transfer encoding"));
            }
            // What follows it may be that body or the answer.
            _ if status < 200 && contradicts(status, length, coding) => {
                return Err(Malformed("an interim answer announces a body"));
            }
            _ if bodiless => Framing::NONE,
            (Some(length), None) => Framing::Length(length),
            (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") => Framing::CHUNKED,
            (None, Some(_)) => return Err(Malformed("the answer's transfer encoding is unknown")),
            (None, None) => Framing::UntilClose,
        };
        let keep_alive = version == 1
            && body != Framing::UntilClose
            && !connection_has(&fields, b"close")
            && !contradicts(status, length, coding);
        let keep_alive_seconds = fields
            .iter()
            .filter(|field| field.kind == FieldKind::KeepAlive)
            .flat_map(|field| list(field.value))
            .find_map(|parameter| decimal(parameter.strip_prefix(b"timeout=")?));
        Ok(Self { status, fields, body, length, keep_alive, keep_alive_seconds })
    }

    /// Reads the head of the answer that ends the exchange. `upgrade`: the protocols that the request asked for.
    ///
    /// # Errors
    /// As [`ResponseHead::parse`], and if another answer would have to follow, or a protocol does that was not asked
    /// for.
    pub fn parse_final(
        bytes: &'a [u8],
        method: &Method,
        upgrade: Option<&[u8]>,
    ) -> Result<Self, Malformed> {
        let answer = Self::parse(bytes, method)?;
        match answer.status {
            101 if upgrade.is_some_and(|asked| answer.switches_to_one_of(asked)) => Ok(answer),
            101 => Err(Malformed("the service switches protocols without being asked to")),
            100..=199 => Err(Malformed("an interim answer that HTTP/1.1 does not know")),
            _ => Ok(answer),
        }
    }

    /// Gives the field in this place another value.
    pub fn set(&mut self, place: usize, value: &'a [u8]) {
        if let Some(field) = self.fields.get_mut(place) {
            field.value = value;
        }
    }

    /// Whether it goes on with one of the protocols that were asked for (RFC 9110, 7.8).
    fn switches_to_one_of(&self, asked: &[u8]) -> bool {
        let Ok(Some(chosen)) = single(&self.fields, FieldKind::Upgrade) else { return false };
        list(asked).any(|protocol| protocol.eq_ignore_ascii_case(chosen))
            && connection_has(&self.fields, b"upgrade")
    }

    /// The value of the first field of a kind.
    pub fn first(&self, kind: FieldKind) -> Option<&'a [u8]> {
        self.fields.iter().find(|field| field.kind == kind).map(|field| field.value)
    }
}

/// Whether an answer that has no body by its status announces one (RFC 9110, 8.6 and 15; RFC 9112, 6.1): what
/// follows it may be that body, or the next answer. A 304 has the length of what it stands for, and so has an
/// answer to `HEAD`.
fn contradicts(status: Status, length: Option<u64>, coding: Option<&[u8]>) -> bool {
    let announced = length.is_some_and(|length| length > 0) || coding.is_some();
    match status {
        100..=199 | 204 => announced,
        // Its end must be said: by a length of 0, or by the end of the connection.
        205 => announced || length.is_none(),
        _ => false,
    }
}

/// The answer before the answer (RFC 9110, 15.2) that has this head, if its status says that it is one. A change of
/// protocols is none: nothing follows it.
///
/// # Errors
/// An interim answer that cannot be read, or that announces a body.
pub fn interim(head: &[u8]) -> Result<Option<ResponseHead<'_>>, Malformed> {
    begins_interim(head).then(|| ResponseHead::parse(head, &Method::GET)).transpose()
}

fn begins_interim(head: &[u8]) -> bool {
    match head.get(b"HTTP/1.1 ".len()..) {
        Some([b'1', b'0', b'1', ..]) => false,
        Some([b'1', ..]) => head.starts_with(b"HTTP/1.1 "),
        _ => false,
    }
}

fn single<'a>(fields: &[HeaderField<'a>], kind: FieldKind) -> Result<Option<&'a [u8]>, Malformed> {
    let mut values = fields.iter().filter(|field| field.kind == kind).map(|field| field.value);
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Malformed("the answer repeats its length or transfer encoding")),
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::{Framing, ResponseHead};

    fn body(method: &Method, head: &str) -> Option<(Framing, bool)> {
        let answer = ResponseHead::parse(head.as_bytes(), method).ok()?;
        Some((answer.body, answer.keep_alive))
    }

    #[test]
    fn the_end_of_an_answer_has_one_reading_or_none() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", Some((Framing::Length(3), true))),
            ("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", Some((Framing::CHUNKED, true))),
            ("HTTP/1.1 200 OK\r\n\r\n", Some((Framing::UntilClose, false))),
            ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", Some((Framing::Length(3), false))),
            ("HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n", Some((Framing::NONE, false))),
            ("HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", Some((Framing::NONE, true))),
            ("HTTP/1.1 204 No\r\n\r\n", Some((Framing::NONE, true))),
            ("HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", Some((Framing::NONE, false))),
            ("HTTP/1.1 205 No\r\nContent-Length: 3\r\n\r\n", Some((Framing::NONE, false))),
            ("HTTP/1.1 205 No\r\nContent-Length: 0\r\n\r\n", Some((Framing::NONE, true))),
            ("HTTP/1.1 205 No\r\n\r\n", Some((Framing::NONE, false))),
            ("HTTP/1.1 205 No\r\nTransfer-Encoding: chunked\r\n\r\n", Some((Framing::NONE, false))),
            ("HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\n", Some((Framing::NONE, true))),
            ("HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n", Some((Framing::NONE, true))),
            ("HTTP/1.1 304 No\r\nConnection: close\r\n\r\n", Some((Framing::NONE, false))),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", None),
            ("HTTP/1.1 999 OK\r\n\r\n", None),
            ("HTTP/2 200 OK\r\n\r\n", None),
            ("SSH-2.0-x\r\n\r\n", None),
        ] {
            assert_eq!(body(&Method::GET, head), expected, "{head}");
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(body(&Method::HEAD, head), Some((Framing::NONE, true)));
    }

    #[test]
    fn what_is_no_final_answer_ends_no_exchange() {
        for (head, expected) in [
            ("HTTP/1.1 204 No\r\n\r\n", true),
            ("\r\nHTTP/1.1 204 No\r\n\r\n", false),
            ("\r\nHTTP/1.1 100 Continue\r\n\r\n", false),
            ("HTTP/1.1 101 Switching\r\n\r\n", false),
            ("HTTP/1.1 101 No\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n", true),
            ("HTTP/1.1 101 No\r\nConnection: upgrade\r\nUpgrade: chat/1\r\n\r\n", true),
            ("HTTP/1.1 101 No\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n", false),
            ("HTTP/1.1 101 No\r\nUpgrade: websocket\r\n\r\n", false),
            ("HTTP/1.0 100 Continue\r\n\r\n", false),
        ] {
            let asked = Some(&b"chat/1, websocket"[..]);
            let read = ResponseHead::parse_final(head.as_bytes(), &Method::GET, asked);
            assert_eq!(read.is_ok(), expected, "{head:?}");
            let unasked = ResponseHead::parse_final(head.as_bytes(), &Method::GET, None);
            assert_eq!(unasked.is_ok(), expected && !head.contains(" 101 "), "{head:?}");
        }
    }

    #[test]
    fn a_service_may_say_how_long_it_keeps_connections() {
        let head = b"HTTP/1.1 204 No\r\nKeep-Alive: timeout=5, max=100\r\n\r\n";
        assert_eq!(ResponseHead::parse(head, &Method::GET).unwrap().keep_alive_seconds, Some(5));
    }
}
