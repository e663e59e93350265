//! Keys of rows.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 1_024;

/// Names a row of a collection: text that is not looked into, and that is compared byte by byte.
///
/// Both sides of a move walk a collection in the order of its keys, so both must write a key in the same way. A program
/// whose keys are numbers writes them as [`Key::number`] does: one letter for the count of digits, then the digits. `7`
/// is `a7`, `42` is `b42`, and the order of the texts is the order of the numbers.
///
/// ```
/// use replication::Key;
///
/// assert!(Key::number(9) < Key::number(10));
/// assert_eq!(Key::number(42).as_str(), "b42");
/// assert_eq!(Key::number(42).to_number(), Ok(42));
/// assert_eq!(Key::number(42).shown(), "42");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// The key of a row whose key is a number.
    pub fn number(number: u64) -> Self {
        let digits = number.to_string();
        // A u64 has at most 20 digits.
        let count = b'a' + digits.len() as u8 - 1;
        Self(format!("{}{digits}", char::from(count)))
    }

    /// The number that [`Key::number`] wrote.
    ///
    /// # Errors
    /// [`NotANumber`] for any other key.
    pub fn to_number(&self) -> Result<u64, NotANumber> {
        let number = || {
            let (count, digits) = self.0.split_at_checked(1)?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.parse().ok().filter(|_| plain)?;
            let counted = usize::from(count.as_bytes()[0].wrapping_sub(b'a')) + 1;
            let canonical = digits.len() == counted && (counted == 1 || !digits.starts_with('0'));
            canonical.then_some(number)
        };
        number().ok_or_else(|| NotANumber { key: self.clone() })
    }

    /// The text, as it goes over the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key as people write it: the number, or else the text. It is also the row's segment in the collection's paths.
    pub fn shown(&self) -> Cow<'_, str> {
        match self.to_number() {
            Ok(number) => Cow::Owned(number.to_string()),
            Err(NotANumber { .. }) => Cow::Borrowed(&self.0),
        }
    }
}

impl TryFrom<String> for Key {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        if (1..=MAX_KEY_BYTES).contains(&text.len()) { Ok(Self(text)) } else { Err(NotAKey) }
    }
}

impl<'de> Deserialize<'de> for Key {
    /// A text; or a number, as control planes of version 0.1 kept their keys.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
                Key::try_from(text.to_owned()).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Key, E> {
                Ok(Key::number(number))
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// A text that is no [`Key`]: it is empty, or longer than [`MAX_KEY_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key has 1 to {MAX_KEY_BYTES} bytes")]
pub struct NotAKey;

/// A key that [`Key::number`] did not write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key {:?} is no number, as in \"b42\" for 42", .key.0)]
pub struct NotANumber {
    /// The key.
    pub key: Key,
}

#[cfg(test)]
mod tests {
    use super::{Key, MAX_KEY_BYTES};

    fn key(text: &str) -> Key {
        Key::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn numbers_keep_their_order() {
        let numbers = [0, 1, 9, 10, 99, 100, 9_999, 10_000, i64::MAX as u64, u64::MAX];
        let keys = numbers.map(Key::number);
        assert!(keys.is_sorted());
        assert_eq!(keys.map(|key| key.to_number().unwrap()), numbers);
    }

    #[test]
    fn a_key_that_is_no_number_is_named() {
        for text in ["42", "a42", "b07", "b4x", "b+4", "A7", "é7", "t99999999999999999999", "-"] {
            let refused = key(text).to_number().unwrap_err();
            assert!(refused.to_string().contains(text), "{refused}");
            assert_eq!(key(text).shown(), text);
        }
    }

    #[test]
    fn any_text_of_a_bounded_length_is_a_key() {
        assert!(key("Zürich/3") > key("Zurich"), "by bytes");
        assert!(Key::try_from(String::new()).is_err());
        assert!(Key::try_from("x".repeat(MAX_KEY_BYTES + 1)).is_err());
        assert_eq!(serde_json::from_str::<Key>("\"a,b\"").unwrap(), key("a,b"));
        assert_eq!(serde_json::from_str::<Key>("42").unwrap(), Key::number(42), "of version 0.1");
    }
}
