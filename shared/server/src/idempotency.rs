//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a repeated `POST` happens once.

use actix_web::HttpRequest;
use serde::Serialize;
use store::Idempotency;
use xxhash_rust::xxh3::xxh3_128;

use crate::problem::{Fault, Problem};

/// The header, as clients write it.
pub(crate) const HEADER: &str = "Idempotency-Key";
/// The longest key, in characters.
pub(crate) const LONGEST: usize = 255;

/// The request's key, if it has one, with the fingerprint of what it wants stored.
///
/// # Errors
/// 400 for a key that is empty, too long, given twice, or not visible ASCII.
pub(crate) fn read(
    request: &HttpRequest,
    content: &impl Serialize,
) -> Result<Option<Idempotency>, Problem> {
    let malformed = |detail: String| {
        Problem::malformed("a header cannot be read", vec![Fault::header(HEADER, detail)])
    };
    let mut values = request.headers().get_all(HEADER);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed("was given more than once".into()));
    }
    let text = value.to_str().unwrap_or_default();
    // The draft writes it as a quoted string (RFC 9651, 3.3.3); most clients leave the quotes out.
    let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if key.is_empty() || key.len() > LONGEST || !key.bytes().all(visible) {
        return Err(malformed(format!("takes 1 to {LONGEST} visible ASCII characters")));
    }
    let content = serde_json::to_vec(content)
        .map_err(|error| malformed(format!("cannot be kept: {error}")))?;
    let fingerprint = format!("{:032x}", xxh3_128(&content));
    Ok(Some(Idempotency { key: key.to_owned(), fingerprint }))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::read;

    #[test]
    fn a_key_is_taken_with_or_without_quotes_and_bounded() {
        let key = |value: &str| {
            let request = TestRequest::default().insert_header(("idempotency-key", value));
            read(&request.to_http_request(), &1).map(|sent| sent.map(|sent| sent.key))
        };
        assert_eq!(key("abc").unwrap().as_deref(), Some("abc"));
        assert_eq!(key("\"abc\"").unwrap().as_deref(), Some("abc"));
        assert!(key(&"x".repeat(255)).is_ok());
        for bad in ["", "\"\"", "a\tb", &"x".repeat(256)] {
            assert!(key(bad).is_err(), "{bad:?}");
        }
        assert!(read(&TestRequest::default().to_http_request(), &1).unwrap().is_none());
    }

    #[test]
    fn another_content_has_another_fingerprint() {
        let request = TestRequest::default().insert_header(("idempotency-key", "k"));
        let request = request.to_http_request();
        let print = |content| read(&request, &content).unwrap().unwrap().fingerprint;
        assert_eq!(print("a"), print("a"));
        assert_ne!(print("a"), print("b"));
    }
}
