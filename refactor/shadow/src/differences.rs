//! The last differences, for people to look at.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::capture::Capture;
use super::report::{AnswerReport, DifferenceReport, RequestReport};

/// The most differences that are kept.
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

/// The last differences of all routes, at most 100 together. One more takes the place of the oldest of the route that
/// has most, so that a route with many leaves the others theirs.
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
        if kept.len() >= DIFFERENCES {
            let of = |route: &str| kept.iter().filter(|one| one.route == route).count();
            let most = kept.iter().map(|one| of(&one.route)).max();
            if let Some(oldest) = kept.iter().position(|one| Some(of(&one.route)) == most) {
                kept.remove(oldest);
            }
        }
        kept.push_back(Arc::new(difference));
    }

    /// Those of a route since this time, the newest first.
    pub fn of(&self, route: &str, since: Timestamp) -> Vec<DifferenceReport> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ours = kept.iter().rev().filter(|one| one.route == route && one.time >= since);
        ours.map(|difference| difference.report()).collect()
    }
}

impl Difference {
    fn report(&self) -> DifferenceReport {
        DifferenceReport {
            time: self.time,
            differs: self.places.clone(),
            request: RequestReport {
                id: self.asked.id.clone(),
                method: self.method.clone(),
                target: self.asked.target.clone(),
                headers: headers(&self.request),
            },
            answer: self.answer.report(),
            copy: self.copy.report(),
        }
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

    fn report(&self) -> AnswerReport {
        let Capture { status, head, body, cut, undecoded, .. } = &self.capture;
        AnswerReport {
            service: self.service.clone(),
            status: *status,
            headers: headers(head),
            body: String::from_utf8_lossy(body).into_owned(),
            body_is_cut: cut | undecoded,
        }
    }
}

/// The fields of a head, without secrets; repeated ones as one list (RFC 9110, 5.3).
fn headers(head: &[u8]) -> BTreeMap<String, String> {
    let head = String::from_utf8_lossy(head);
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(':')) {
        let name = name.to_ascii_lowercase();
        let value = if SECRET.contains(&name.as_str()) { "(redacted)" } else { value.trim() };
        let given = headers.entry(name).or_default();
        if !given.is_empty() {
            given.push_str(", ");
        }
        given.push_str(value);
    }
    headers
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::capture::Capture;
    use super::{AskedRequest, DIFFERENCES, Difference, DifferenceLog, ServiceAnswer, headers};

    fn difference(route: &str, second: i64) -> Difference {
        let side = || ServiceAnswer::new("users", Capture::default());
        Difference {
            time: Timestamp::from_second(second).unwrap(),
            route: route.to_owned(),
            method: "GET".to_owned(),
            asked: AskedRequest { id: String::new(), target: "/".to_owned() },
            request: Vec::new(),
            places: Vec::new(),
            answer: side(),
            copy: side(),
        }
    }

    #[test]
    fn a_route_with_many_differences_leaves_the_others_theirs() {
        let log = DifferenceLog::default();
        let start = Timestamp::UNIX_EPOCH;
        (0..3).for_each(|second| log.keep(difference("calm", second)));
        (3..500).for_each(|second| log.keep(difference("busy", second)));
        let times = |route, since: Timestamp| -> Vec<_> {
            log.of(route, since).iter().map(|one| one.time.as_second()).collect()
        };
        assert_eq!(times("calm", start), [2, 1, 0]);
        assert_eq!(times("calm", Timestamp::from_second(1).unwrap()), [2, 1]);
        let busy = times("busy", start);
        assert_eq!((busy.len(), busy[0]), (DIFFERENCES - 3, 499));
        assert!(times("none", start).is_empty());
    }

    #[test]
    fn secrets_are_not_shown() {
        let head =
            b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nCOOKIE: a=1\r\nX-A: 1\r\n\
                     Set-Cookie: a\r\nSet-Cookie: b\r\nx-a:2\r\nX-Api-Key: k\r\n\r\n";
        let redacted = "(redacted)";
        let expected = [
            ("authorization", redacted),
            ("cookie", redacted),
            ("host", "x"),
            ("set-cookie", "(redacted), (redacted)"),
            ("x-a", "1, 2"),
            ("x-api-key", redacted),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(headers(head), expected.into());
    }
}
