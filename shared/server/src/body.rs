//! Bodies: bounded in size and time, JSON, and what is wrong with them by name.

use std::marker::PhantomData;

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use actix_web::web::{BytesMut, Payload};
use futures_util::StreamExt;
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_path_to_error::{Path, Segment, Track};
use tokio::time::{Instant, timeout_at};

use crate::limits::{BODY_BYTES, BODY_TIME};
use crate::problem::{Fault, Problem};

/// The media type of a body that describes a whole member.
pub(crate) const JSON: &str = "application/json";
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

/// What clients call UTF-8 in `charset`. ASCII is a part of it; the body must be UTF-8 whatever they say.
const UTF_8: [&str; 3] = ["utf-8", "utf8", "us-ascii"];

/// Reads the body as JSON of a type.
///
/// # Errors
/// Those of [`read_as`].
pub(crate) async fn read<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    accepted: &[&str],
) -> Result<T, Problem> {
    read_as(PhantomData, request, payload, accepted).await
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
    let unsupported = |name, detail: String| {
        let faults = vec![Fault::header(name, detail)];
        let problem =
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is of another type");
        Err(problem.with(faults))
    };
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let (essence, parameters) = match header(header::CONTENT_TYPE) {
        Some(value) => value.split_once(';').unwrap_or((value, "")),
        None => ("", ""),
    };
    let essence = essence.trim();
    if !accepted.iter().any(|accepted| accepted.eq_ignore_ascii_case(essence)) {
        return unsupported("Content-Type", format!("takes {}", accepted.join(" or ")));
    }
    let charset = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    for (name, value) in charset {
        let value = value.trim().trim_matches('"');
        let utf_8 = UTF_8.iter().any(|known| known.eq_ignore_ascii_case(value));
        if name.trim().eq_ignore_ascii_case("charset") && !utf_8 {
            return unsupported("Content-Type", "takes the charset utf-8".into());
        }
    }
    match header(header::CONTENT_ENCODING) {
        None | Some("identity" | "") => Ok(()),
        Some(_) => unsupported("Content-Encoding", "takes a body that is not compressed".into()),
    }
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
    // serde would also read a struct from an array of its fields' values.
    if body.trim_ascii_start().first() != Some(&b'{') {
        let fault = Fault::pointer("#".into(), "takes a JSON object");
        return Err(Problem::malformed("the body cannot be read", vec![fault]));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = Track::new();
    let value = form.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    let value = value.map_err(|error| unreadable(pointer(&track.path()), &error))?;
    json.end().map_err(|error| unreadable("#".into(), &error))?;
    Ok(value)
}

fn unreadable(pointer: String, error: &serde_json::Error) -> Problem {
    let detail = if error.is_data() { "the body cannot be read" } else { "the body is no JSON" };
    Problem::malformed(detail, vec![Fault::pointer(pointer, error.to_string())])
}

/// The path as a JSON Pointer in a URI fragment (RFC 6901, 6).
fn pointer(path: &Path) -> String {
    path.iter().fold("#".to_owned(), |mut pointer, segment| {
        if let Segment::Map { key } = segment {
            let key = key.replace('~', "~0").replace('/', "~1");
            let key = url::form_urlencoded::byte_serialize(key.as_bytes());
            pointer.push('/');
            pointer.extend(key.map(|part| part.replace('+', "%20").replace("%7E", "~")));
        }
        pointer
    })
}

#[cfg(test)]
mod tests;
