//! The token in a request (RFC 6750, 2.1).

use crate::refusal::Refusal;

/// The largest token, in bytes. An issuer that lists many groups makes some of 4 KB.
const MOST_BYTES: usize = 8 * 1024;
const SCHEME: &[u8] = b"bearer";

/// The token in the values of `Authorization`.
///
/// # Errors
/// If there is none, more than one, or one that is too large or has other characters than a token.
pub(crate) fn token<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<&'a str, Refusal> {
    let mut values = values.into_iter();
    let value = values.next().ok_or(Refusal::Absent)?;
    if values.next().is_some() {
        return Err(Refusal::Malformed("Authorization was given more than once"));
    }
    let value = value.trim_ascii();
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (scheme, token) = value.split_at(end);
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Err(Refusal::Absent);
    }
    let token = token.trim_ascii();
    if token.len() > MOST_BYTES {
        return Err(Refusal::Invalid("the token is too large"));
    }
    // The characters of a compact JWS (RFC 7515, 7.1).
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let text = std::str::from_utf8(token).ok().filter(|_| token.iter().all(known));
    match text {
        Some(text) if text.split('.').filter(|part| !part.is_empty()).count() == 3 => Ok(text),
        _ => Err(Refusal::Invalid("the token is no signed JWT")),
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, token};
    use crate::refusal::Refusal;

    #[test]
    fn a_request_has_one_token_or_none() {
        let one = |value: &'static str| token([value.as_bytes()]);
        assert_eq!(one("Bearer a.b.c"), Ok("a.b.c"));
        assert_eq!(one("bearer   a.b.c "), Ok("a.b.c"));
        for absent in ["", "Basic YTpi", "Bearerx a.b.c"] {
            assert_eq!(one(absent), Err(Refusal::Absent), "{absent}");
        }
        assert_eq!(token([]), Err(Refusal::Absent));
        let two = token([b"Bearer a.b.c".as_slice(), b"Bearer a.b.c".as_slice()]);
        assert!(matches!(two, Err(Refusal::Malformed(_))), "{two:?}");
    }

    #[test]
    fn what_is_no_jwt_is_refused_before_it_is_read() {
        let large = format!("Bearer {}.b.c", "a".repeat(MOST_BYTES));
        for wrong in ["Bearer", "Bearer a", "Bearer a.b.", "Bearer a.b.c.d", "Bearer a.b c", &large]
        {
            let refused = token([wrong.as_bytes()]);
            assert!(matches!(refused, Err(Refusal::Invalid(_))), "{wrong}: {refused:?}");
        }
        assert!(token([b"Bearer \xff.b.c".as_slice()]).is_err());
    }
}
