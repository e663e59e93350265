//! The last differences, for people to look at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::capture::Capture;
/// The most differences that are kept; the oldest go first.
const DIFFERENCES: usize = 100;
/// How much is kept of each body of a difference, in bytes.
const KEPT_BODY_BYTES: usize = 64 * 1024;

/// Fields with a client's credentials: their values are never shown.
const SECRET: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-amz-security-token",
];

/// What the client asked.
#[derive(Clone, Debug)]
pub struct AskedRequest {
    /// Its `X-Request-Id`, as in the log.
    pub id: String,
    /// The target as it was sent.
    pub target: String,
}

/// The last 100 differences of all routes.
#[derive(Debug, Default)]
pub struct DifferenceLog(Mutex<VecDeque<Arc<Difference>>>);

/// Two answers to one read that are not the same.
#[derive(Debug)]
pub struct Difference {
    /// When it was found.
    pub time: Timestamp,
    /// The id of the route whose tags asked for the copy.
    pub route: String,
    /// The method.
    pub method: String,
    /// What the client asked.
    pub asked: AskedRequest,
    /// The head of the copy; it shows what the client sent.
    pub request: Vec<u8>,
    /// The places that differ.
    pub places: Vec<String>,
    /// What the client got.
    pub answer: ServiceAnswer,
    /// What the copy got.
    pub copy: ServiceAnswer,
}

/// An answer, and the service that gave it.
#[derive(Debug)]
pub struct ServiceAnswer {
    service: String,
    capture: Capture,
}

impl DifferenceLog {
    /// Keeps one more.
    pub fn keep(&self, difference: Difference) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == DIFFERENCES {
            kept.pop_front();
        }
        kept.push_back(Arc::new(difference));
    }

    /// One JSON document a line, the oldest first.
    pub fn lines(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        kept.iter().map(|difference| format!("{}\n", difference.document())).collect()
    }
}

impl Difference {
    fn document(&self) -> Value {
        json!({
            "time": self.time.to_string(),
            "route": self.route,
            "differs": self.places,
            "request": {
                "id": self.asked.id,
                "method": self.method,
                "target": self.asked.target,
                "headers": headers(&self.request),
            },
            "answer": self.answer.document(),
            "copy": self.copy.document(),
        })
    }
}

impl ServiceAnswer {
    /// Keeps at most 64 KiB of the body.
    pub fn new(service: &str, mut capture: Capture) -> Self {
        capture.cut |= capture.body.len() > KEPT_BODY_BYTES;
        capture.body.truncate(KEPT_BODY_BYTES);
        capture.body.shrink_to_fit();
        Self { service: service.to_owned(), capture }
    }

    fn document(&self) -> Value {
        let Capture { status, head, body, cut, undecoded, .. } = &self.capture;
        json!({
            "service": self.service,
            "status": status,
            "headers": headers(head),
            "body": String::from_utf8_lossy(body),
            "bodyIsCut": cut | undecoded,
        })
    }
}

/// The fields of a head, without secrets; repeated ones as one list (RFC 9110, 5.3).
fn headers(head: &[u8]) -> Map<String, Value> {
    let head = String::from_utf8_lossy(head);
    let mut headers = Map::new();
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(':')) {
        let name = name.to_ascii_lowercase();
        let value = if SECRET.contains(&name.as_str()) { "(redacted)" } else { value.trim() };
        match headers.get_mut(&name) {
            Some(Value::String(given)) => {
                given.push_str(", ");
                given.push_str(value);
            }
            _ => {
                headers.insert(name, value.into());
            }
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::headers;

    #[test]
    fn secrets_are_not_shown() {
        let head =
            b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nCOOKIE: a=1\r\nX-A: 1\r\n\
                     Set-Cookie: a\r\nSet-Cookie: b\r\nx-a:2\r\nX-Api-Key: k\r\n\r\n";
        let redacted = "(redacted)";
        let expected = json!({
            "host": "x", "authorization": redacted, "cookie": redacted, "x-a": "1, 2",
            "set-cookie": "(redacted), (redacted)", "x-api-key": redacted,
        });
        assert_eq!(serde_json::Value::from(headers(head)), expected);
    }
}
