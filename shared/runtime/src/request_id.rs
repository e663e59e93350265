//! What names a request in answers and logs: `X-Request-Id`.

use std::borrow::Cow;

/// The longest id that is taken from a client, in characters.
const LONGEST: usize = 128;

/// The id that a client gave, if it can be written anywhere, else a new one: 32 hexadecimal digits.
pub fn request_id(given: Option<&[u8]>) -> Cow<'_, str> {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    let given = given.filter(|id| (1..=LONGEST).contains(&id.len()) && id.iter().all(safe));
    match given.and_then(|id| std::str::from_utf8(id).ok()) {
        Some(id) => Cow::Borrowed(id),
        None => Cow::Owned(format!("{:032x}", fastrand::u128(..))),
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, request_id};

    #[test]
    fn an_id_that_is_safe_to_write_is_kept() {
        assert_eq!(request_id(Some(b"a-1")), "a-1");
        let long = "a".repeat(LONGEST);
        assert_eq!(request_id(Some(long.as_bytes())), long);
        for given in ["", "a b", "\"a\"", "\u{e4}", "a\n", &(long + "a")] {
            assert_eq!(request_id(Some(given.as_bytes())).len(), 32, "{given}");
        }
        assert_ne!(request_id(None), request_id(None));
    }
}
