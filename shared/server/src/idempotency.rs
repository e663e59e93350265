//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a repeated `POST` happens once.

use actix_web::HttpRequest;
use auth::Caller;
use runtime::RequestFault;
use serde::Serialize;
use store::Idempotency;
use xxhash_rust::xxh3::xxh3_128;

use crate::problem::{IDEMPOTENCY_KEY, Problem};

/// The longest key, in characters.
const LONGEST: usize = 255;

/// What the header takes, as a regular expression: [`key`] in other words.
pub(crate) fn pattern() -> String {
    let key = format!("[!#-~]{{1,{LONGEST}}}");
    format!("^({key}|\"{key}\")$")
}

/// The request's key, if it has one, which is the caller's own if there is a caller; with the fingerprint of what it wants stored.
///
/// # Errors
/// 400 for a key that is empty, too long, given twice, or holds what no key does.
pub(crate) fn read(
    request: &HttpRequest,
    content: &impl Serialize,
    caller: Option<&Caller>,
) -> Result<Option<Idempotency>, Problem> {
    let malformed = |detail: String| {
        Problem::malformed(
            "a header cannot be read",
            vec![RequestFault::header(IDEMPOTENCY_KEY, detail)],
        )
    };
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed("was given more than once".into()));
    }
    let key = key(value.to_str().unwrap_or_default()).ok_or_else(|| {
        malformed(format!(
            "takes 1 to {LONGEST} visible ASCII characters, without a space or a double quote among \
             them; all of them may stand within one pair of double quotes"
        ))
    })?;
    let content = serde_json::to_vec(content)
        .map_err(|error| malformed(format!("cannot be kept: {error}")))?;
    let fingerprint = format!("{:032x}", xxh3_128(&content));
    let key = caller.map_or_else(|| key.to_owned(), |caller| caller.scoped(key));
    Ok(Some(Idempotency { key, fingerprint }))
}

/// The key in the header's value. The draft writes it as a quoted string (RFC 9651, 3.3.3); most clients
/// leave the quotes out.
fn key(value: &str) -> Option<&str> {
    let key = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?;
    let taken = |byte: u8| byte.is_ascii_graphic() && byte != b'"';
    ((1..=LONGEST).contains(&key.len()) && key.bytes().all(taken)).then_some(key)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use regex::Regex;

    use super::{key, pattern, read};

    #[test]
    fn a_key_is_taken_with_or_without_quotes_and_bounded() {
        let key = |value: &str| {
            let request = TestRequest::default().insert_header(("idempotency-key", value));
            read(&request.to_http_request(), &1, None).map(|sent| sent.map(|sent| sent.key))
        };
        assert_eq!(key("abc").unwrap().as_deref(), Some("abc"));
        assert_eq!(key("\"abc\"").unwrap().as_deref(), Some("abc"));
        for bad in ["", "a b", "\"a"] {
            assert!(key(bad).is_err(), "{bad:?}");
        }
        assert!(read(&TestRequest::default().to_http_request(), &1, None).unwrap().is_none());
    }

    #[test]
    fn the_described_pattern_takes_what_the_server_takes() {
        let described = Regex::new(&pattern()).unwrap();
        let bytes = (0..=127u8).map(|byte| format!("a{}b", char::from(byte)));
        let quoted = (0..=127u8).map(|byte| format!("\"{}\"", char::from(byte)));
        let lengths = [0, 1, 255, 256].map(|length| "x".repeat(length));
        let lengths = lengths.iter().flat_map(|key| [key.clone(), format!("\"{key}\"")]);
        let quotes = ["\"", "\"\"\"", "\"a", "a\"", "\"a\"b", "\u{e9}"].map(str::to_owned);
        let mut taken = 0;
        for value in bytes.chain(quoted).chain(lengths).chain(quotes) {
            assert_eq!(key(&value).is_some(), described.is_match(&value), "{value:?}");
            taken += usize::from(key(&value).is_some());
        }
        assert_eq!(taken, 2 * 93 + 4);
    }

    #[test]
    fn another_content_has_another_fingerprint() {
        let request = TestRequest::default().insert_header(("idempotency-key", "k"));
        let request = request.to_http_request();
        let print = |content| read(&request, &content, None).unwrap().unwrap().fingerprint;
        assert_eq!(print("a"), print("a"));
        assert_ne!(print("a"), print("b"));
    }
}
