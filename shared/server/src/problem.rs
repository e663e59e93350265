//! Errors as clients see them: `application/problem+json` (RFC 9457).

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use log::Level;
use models::FieldErrors;
use replication::ErrorCode;
use replication::calls::{CallRefusal, Denied};
use replication::headers::{MISSING, PRIMARY};
use runtime::{PROBLEM_JSON, ProblemDocument, RequestFault, chain};
use store::{Late, StoreError};

use crate::limits::RETRY_AFTER_SECONDS;

/// Names a `POST`, so that it happens once, as clients write it.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The path segment of members by their unique field, and what a 404 there names.
pub(crate) const NAMED: &str = "named";

/// What a client is told to do after a write of which it is not known whether it was stored. Without
/// `Retry-After`: a POST that is sent again without its key would be stored twice.
const PERHAPS: &str = "this write may be stored, or not. POST: send it again with the same Idempotency-Key; \
    without a key, look with GET first. PUT, PATCH and DELETE: look with GET, or send it again; if it was done, \
    DELETE then answers 404, and If-Match 412";

/// One error, as [`ProblemDocument`] shows it.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: Cow<'static, str>,
    code: Option<ErrorCode>,
    faults: Vec<RequestFault>,
    retry: bool,
    close: bool,
    /// Header fields of the answer.
    fields: Vec<(&'static str, Box<str>)>,
    cause: Option<(Level, String)>,
}

impl Problem {
    /// A problem that has no more to say than its status and one sentence.
    pub(crate) fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: detail.into(),
            code: None,
            faults: Vec::new(),
            retry: false,
            close: false,
            fields: Vec::new(),
            cause: None,
        }
    }

    /// The same problem, as what is asked under `/-/` is answered: with the code of its status if it has none and
    /// there is one.
    pub(crate) fn coded(self) -> Self {
        if self.code.is_some() {
            return self;
        }
        let code = match self.status.as_u16() {
            400 => ErrorCode::Unreadable,
            408 => ErrorCode::BodyLate,
            413 => ErrorCode::BodyTooLarge,
            415 => ErrorCode::OtherMediaType,
            500 => ErrorCode::Internal,
            502 => ErrorCode::OutcomeUnknown,
            503 => ErrorCode::Unavailable,
            504 => ErrorCode::OutcomeLate,
            507 => ErrorCode::NoSpace,
            _ => return self,
        };
        Self { code: Some(code), ..self }
    }

    /// A problem with a body that is not read to its end, so that nothing can follow it.
    pub(crate) fn closing(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { close: true, ..Self::new(status, detail) }
    }

    /// Writes what brought this about, and is none of the client's business, to the log.
    pub(crate) fn log_cause(&self, request_id: &str) {
        if let Some((level, cause)) = &self.cause {
            log::log!(*level, "{cause} (request {request_id})");
        }
    }

    fn because(self, level: Level, cause: &dyn Error) -> Self {
        Self { cause: Some((level, chain(cause))), ..self }
    }

    /// The same problem, with what is wrong and where.
    pub(crate) fn with(self, faults: Vec<RequestFault>) -> Self {
        Self { faults, ..self }
    }

    /// 400 for a request that cannot be read.
    pub(crate) fn malformed(detail: &'static str, faults: Vec<RequestFault>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail).with(faults)
    }

    /// 422 for a body that can be read and breaks rules.
    pub(crate) fn invalid(errors: FieldErrors) -> Self {
        let faults = errors.0.into_iter();
        let faults =
            faults.map(|error| RequestFault::pointer(format!("#/{}", error.field), error.detail));
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "fields break rules; nothing was stored")
            .with(faults.collect())
    }

    /// 503 with `Retry-After`.
    pub(crate) fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { retry: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// The answer to work that was given up after `limit`: 503 if nothing was stored for certain, 504 if that is
    /// not known.
    pub(crate) fn late(late: Late, limit: Duration) -> Self {
        let seconds = limit.as_secs();
        match late {
            Late::NotBegun => Self::unavailable(format!(
                "the store takes longer than {seconds} s; the request was given up, and nothing was stored; \
                 ask again"
            )),
            Late::Unknown => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                format!("the store takes longer than {seconds} s to commit; {PERHAPS}"),
            ),
        }
    }

    /// The same problem, with what a token must be (RFC 9110, 11.6.1).
    pub(crate) fn challenge(self, challenge: String) -> Self {
        self.with_field("www-authenticate", challenge)
    }

    /// The same problem, which passes by itself after this time.
    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        self.with_field("retry-after", seconds(wait))
    }

    /// The same problem, with the limit that was reached: `most` in each `window`
    /// (draft-ietf-httpapi-ratelimit-headers-10).
    pub(crate) fn limited(self, of: &str, most: u32, window: Duration, wait: Duration) -> Self {
        let policy = format!("\"{of}\";q={most};w={}", window.as_secs());
        let left = format!("\"{of}\";r=0;t={}", seconds(wait));
        self.with_field("ratelimit-policy", policy).with_field("ratelimit", left)
    }

    fn with_field(mut self, name: &'static str, value: String) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// 404 for a member that is not there, by its name.
    pub(crate) fn no_such_named(name: &str) -> Self {
        let detail = format!("no {name} has this name");
        Self::new(StatusCode::NOT_FOUND, detail).with_field(MISSING, format!("{name} {NAMED}"))
    }

    /// 404 for a member that is not there.
    pub(crate) fn no_such(name: &str, id: u64) -> Self {
        let detail = format!("no {name} has the id {id}");
        Self::new(StatusCode::NOT_FOUND, detail).with_field(MISSING, format!("{name} {id}"))
    }

    /// 421 for what only the collection's primary does. None is named while that is being settled.
    pub(crate) fn misdirected(primary: Option<String>) -> Self {
        let detail = match primary {
            Some(_) => Denied::<StoreError>::ELSEWHERE,
            None => Denied::<StoreError>::NOWHERE,
        };
        Self::new(StatusCode::MISDIRECTED_REQUEST, detail).with_primary(primary)
    }

    /// 421: this copy is too far behind to be read.
    pub(crate) fn stale(primary: Option<String>) -> Self {
        Self::new(StatusCode::MISDIRECTED_REQUEST, Denied::<StoreError>::STALE)
            .with_primary(primary)
    }

    /// The same problem, with the URL of the collection at its primary, which may know better.
    pub(crate) fn with_primary(self, primary: Option<String>) -> Self {
        match primary {
            Some(primary) => self.with_field(PRIMARY, primary),
            None => self,
        }
    }

    /// 500 for a fault of the service.
    pub(crate) fn internal() -> Self {
        let detail = "a fault of the service; its log has the cause under this X-Request-Id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// What a store's error means for a request for the member `id` of a collection whose members are called
    /// `name`.
    pub(crate) fn of_store(error: StoreError, name: &str, id: Option<u64>) -> Self {
        match error {
            StoreError::NotPrimary { primary } => Self::misdirected(primary),
            StoreError::NotFound => match id {
                Some(id) => Self::no_such(name, id),
                None => Self::new(StatusCode::NOT_FOUND, format!("no such {name}")),
            },
            StoreError::PreconditionFailed => Self::new(
                StatusCode::PRECONDITION_FAILED,
                format!("the {name} is not in the state that the request asks for; read it again"),
            ),
            StoreError::OtherAuthor => Self::new(
                StatusCode::FORBIDDEN,
                format!("this {name} belongs to another user; nothing was stored"),
            ),
            StoreError::Taken { field } => {
                Self::new(StatusCode::CONFLICT, format!("another {name} has this {field}"))
                    .with(vec![RequestFault::pointer(format!("#/{field}"), "is taken")])
            }
            StoreError::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "a new request needs a new Idempotency-Key; nothing was stored",
            )
            .with(vec![RequestFault::header(IDEMPOTENCY_KEY, "came before with another body")]),
            StoreError::Invalid(errors) => Self::invalid(errors),
            StoreError::Full(_) => {
                let detail = "the store has no space left; nothing was stored";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, detail).because(Level::Error, &error)
            }
            StoreError::Busy => {
                let detail = "too many requests wait for the store; nothing was stored";
                Self::unavailable(detail).because(Level::Warn, &error)
            }
            StoreError::Unavailable(_) => {
                let detail = "the store cannot be reached; nothing was stored; ask again";
                Self::unavailable(detail).because(Level::Warn, &error)
            }
            StoreError::OutcomeUnknown(_) => {
                let detail = format!("the store's answer was lost while it committed; {PERHAPS}");
                Self::new(StatusCode::BAD_GATEWAY, detail).because(Level::Error, &error)
            }
            StoreError::Failed(_) => Self::internal().because(Level::Error, &error),
        }
    }
}

/// Whole seconds, at least one.
fn seconds(wait: Duration) -> String {
    wait.as_secs_f64().ceil().max(1.0).to_string()
}

impl From<CallRefusal> for Problem {
    /// A refusal of what is asked under `/-/`.
    fn from(CallRefusal { code, detail, faults, cause }: CallRefusal) -> Self {
        let status = StatusCode::from_u16(code.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = status == StatusCode::SERVICE_UNAVAILABLE;
        Self { code: Some(code), faults, retry, cause, ..Self::new(status, detail) }
    }
}

impl From<Problem> for CallRefusal {
    fn from(problem: Problem) -> Self {
        let Problem { code, detail, faults, cause, .. } = problem.coded();
        Self { code: code.unwrap_or(ErrorCode::Internal), detail, faults, cause }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.content_type(PROBLEM_JSON);
        if self.retry {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        if self.close {
            response.force_close();
        }
        for (name, value) in &self.fields {
            response.insert_header((*name, &**value));
        }
        let document = ProblemDocument::new(self.status.as_u16(), &self.detail, &self.faults);
        response.json(document.with_code(self.code.map(ErrorCode::name)))
    }
}

#[cfg(test)]
mod tests;
