//! Bodies of requests as JSON: which are taken, and what is wrong with one that cannot be read.

use serde::de::DeserializeSeed;
use serde_path_to_error::{Path, Segment, Track};

use crate::problem::RequestFault;

/// The media type of a JSON document.
pub const JSON: &str = "application/json";
/// What clients call UTF-8 in `charset`. ASCII is a part of it; the body must be UTF-8 whatever they say.
const UTF_8: [&str; 3] = ["utf-8", "utf8", "us-ascii"];

/// A body that cannot be read.
#[derive(Debug)]
pub struct UnreadableBody {
    /// What is wrong with it.
    pub detail: &'static str,
    /// The same, and where.
    pub fault: RequestFault,
}

/// Checks what a body is said to be: of one of the `accepted` media types, in UTF-8, and not compressed.
///
/// # Errors
/// The header that says otherwise.
pub fn check_media_type(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    accepted: &[&str],
) -> Result<(), RequestFault> {
    let value = content_type.unwrap_or_default();
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let essence = essence.trim();
    if !accepted.iter().any(|accepted| accepted.eq_ignore_ascii_case(essence)) {
        return Err(RequestFault::header(
            "Content-Type",
            format!("takes {}", accepted.join(" or ")),
        ));
    }
    let charset = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    for (name, value) in charset {
        let value = value.trim().trim_matches('"');
        let utf_8 = UTF_8.iter().any(|known| known.eq_ignore_ascii_case(value));
        if name.trim().eq_ignore_ascii_case("charset") && !utf_8 {
            return Err(RequestFault::header("Content-Type", "takes the charset utf-8"));
        }
    }
    match content_encoding {
        None | Some("identity" | "") => Ok(()),
        Some(_) => {
            Err(RequestFault::header("Content-Encoding", "takes a body that is not compressed"))
        }
    }
}

/// Reads a body as a JSON object of what `form` describes: a type, or something like one.
///
/// # Errors
/// If it is no JSON object, or has a member that does not exist or is of another type.
pub fn read_object<'de, S: DeserializeSeed<'de>>(
    form: S,
    body: &'de [u8],
) -> Result<S::Value, UnreadableBody> {
    // serde would also read a struct from an array of its fields' values.
    if body.trim_ascii_start().first() != Some(&b'{') {
        let fault = RequestFault::pointer("#".into(), "takes a JSON object");
        return Err(UnreadableBody { detail: UNREADABLE, fault });
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = Track::new();
    let value = form.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    let value = value.map_err(|error| unreadable(pointer(&track.path()), &error))?;
    json.end().map_err(|error| unreadable("#".into(), &error))?;
    Ok(value)
}

const UNREADABLE: &str = "the body cannot be read";

fn unreadable(pointer: String, error: &serde_json::Error) -> UnreadableBody {
    let detail = if error.is_data() { UNREADABLE } else { "the body is no JSON" };
    UnreadableBody { detail, fault: RequestFault::pointer(pointer, error.to_string()) }
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
mod tests {
    use super::{JSON, check_media_type};

    #[test]
    fn only_json_in_utf_8_and_uncompressed_is_taken() {
        let check = |media_type, encoding| check_media_type(media_type, encoding, &[JSON]).is_ok();
        assert!(check(Some("application/json"), None));
        assert!(check(Some("Application/JSON; charset=\"UTF-8\""), None));
        assert!(check(Some("application/json"), Some("identity")));
        assert!(!check(None, None));
        for wrong in ["text/plain", "application/jsonx", "application/json; charset=latin1"] {
            assert!(!check(Some(wrong), None), "{wrong}");
        }
        assert!(!check(Some("application/json"), Some("gzip")));
    }
}
