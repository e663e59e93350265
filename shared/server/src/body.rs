//! Bodies: bounded in size and time, JSON, and what is wrong with them by name.

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use actix_web::web::{BytesMut, Payload};
use futures_util::StreamExt;
use runtime::{JSON, UnreadableBody};
use serde::de::DeserializeSeed;
use tokio::time::{Instant, timeout_at};

use crate::limits::{BODY_BYTES, BODY_TIME};
use crate::problem::Problem;

/// The media type of a body that changes some fields (RFC 7396).
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Everything that a client may write.
    Whole,
    /// Some of it (RFC 7396).
    Patch,
}

impl Body {
    /// What the body may call itself.
    pub(crate) fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::Whole => &[JSON],
            Self::Patch => &[MERGE_PATCH, JSON],
        }
    }
}

/// The bytes of a body that says it is JSON.
///
/// # Errors
/// Those of [`read_as`], but 400 only for a body that breaks off.
pub(crate) async fn json(request: &HttpRequest, payload: Payload) -> Result<BytesMut, Problem> {
    check_media_type(request, &[JSON])?;
    collect(request, payload).await
}

/// Reads the body as JSON of what `form` describes: a type, or a collection.
///
/// # Errors
/// 415 if the media type is none of `accepted`; 413 over the size limit; 408 over the time limit; 400 if it is no
/// JSON, or has a field that does not exist or is of another type.
pub(crate) async fn read_as<T>(
    form: impl for<'de> DeserializeSeed<'de, Value = T>,
    request: &HttpRequest,
    payload: Payload,
    accepted: &[&str],
) -> Result<T, Problem> {
    check_media_type(request, accepted)?;
    let body = collect(request, payload).await?;
    parse(form, &body)
}

fn check_media_type(request: &HttpRequest, accepted: &[&str]) -> Result<(), Problem> {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let checked = runtime::check_media_type(
        header(header::CONTENT_TYPE),
        header(header::CONTENT_ENCODING),
        accepted,
    );
    checked.map_err(|fault| {
        let problem =
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is of another type");
        problem.with(vec![fault])
    })
}

async fn collect(request: &HttpRequest, mut payload: Payload) -> Result<BytesMut, Problem> {
    let too_large = || {
        let detail = format!("the body is over {BODY_BYTES} bytes");
        Problem::closing(StatusCode::PAYLOAD_TOO_LARGE, detail)
    };
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > BODY_BYTES) {
        return Err(too_large());
    }
    let end = Instant::now() + BODY_TIME;
    let mut body = BytesMut::with_capacity(length.unwrap_or(0));
    loop {
        let chunk = timeout_at(end, payload.next()).await.map_err(|_elapsed| {
            let detail = format!("the body did not arrive within {} s", BODY_TIME.as_secs());
            Problem::closing(StatusCode::REQUEST_TIMEOUT, detail)
        })?;
        let Some(chunk) = chunk else { return Ok(body) };
        let chunk = chunk.map_err(|error| {
            log::debug!("a body broke off: {error}");
            Problem::malformed("the body broke off", Vec::new())
        })?;
        if body.len() + chunk.len() > BODY_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
}

fn parse<'de, S: DeserializeSeed<'de>>(form: S, body: &'de [u8]) -> Result<S::Value, Problem> {
    let read = runtime::read_object(form, body);
    read.map_err(|UnreadableBody { detail, fault }| Problem::malformed(detail, vec![fault]))
}

#[cfg(test)]
mod tests;
