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
        None => {
            let digits = hex::<32>(fastrand::u128(..));
            Cow::Owned(std::str::from_utf8(&digits).unwrap_or_default().to_owned())
        }
    }
}

/// The last hexadecimal digits of a number; the formatter of the standard library takes several times as long.
pub fn hex<const DIGITS: usize>(mut number: u128) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        let value = (number & 15) as u8;
        *digit = value + if value < 10 { b'0' } else { b'a' - 10 };
        number >>= 4;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, hex, request_id};

    #[test]
    fn a_number_has_the_digits_that_the_formatter_gives_it() {
        for number in [0, 1, 15, 16, 0x0123_4567_89ab_cdef, u128::MAX, fastrand::u128(..)] {
            assert_eq!(hex::<32>(number).as_slice(), format!("{number:032x}").as_bytes());
            let last = number & 0xffff;
            assert_eq!(hex::<4>(number).as_slice(), format!("{last:04x}").as_bytes());
        }
    }

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
