//! Places in a store's feed, which can be compared.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Key;

/// How far a store is: `3.1842` is the place 1842 of the epoch 3.
///
/// Compared as a pair: the primary of an epoch has everything of the epochs before it. A primary's own
/// place goes on with each of its writes; a follower's is the place of its source up to which it has
/// every change.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(into = "String", try_from = "String")]
pub struct Position {
    /// The number of the ownership in which the place was given.
    pub epoch: u64,
    /// The place in the feed of that epoch's primary.
    pub at: u64,
}

/// Up to where a reader knows a feed, written `1842:b42`: everything before the place 1842, and of that place everything
/// up to the row with the key `b42`. `1842:` is the place's mark without its rows, and `1842` is all of the place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FeedCursor {
    /// The place in the feed.
    pub position: u64,
    /// What is known of that place.
    pub within: Within,
}

/// What a reader knows of one place in a feed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Within {
    /// The mark, which comes before the rows.
    Mark,
    /// The rows up to this one.
    Row(Key),
    /// All that there is.
    All,
}

impl FeedCursor {
    /// Nothing is known: the feed from here is the snapshot.
    pub const START: Self = Self { position: 0, within: Within::Mark };

    /// Everything up to a place, and all of that place.
    pub fn all(position: u64) -> Self {
        Self { position, within: Within::All }
    }
}

impl Default for FeedCursor {
    fn default() -> Self {
        Self::START
    }
}

/// A text that is no [`Position`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("takes two whole numbers with a dot between them, such as 3.1842")]
pub struct NotTwoNumbers;

/// A text that is no [`FeedCursor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("takes a place, or a place and a key with a colon between them, such as 1842:b42")]
pub struct NotACursor;

fn number(digits: &str) -> Option<u64> {
    // `parse` alone would take a sign as well.
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.at)
    }
}

impl FromStr for Position {
    type Err = NotTwoNumbers;

    fn from_str(text: &str) -> Result<Self, NotTwoNumbers> {
        let (epoch, at) = text.split_once('.').ok_or(NotTwoNumbers)?;
        let both = number(epoch).zip(number(at)).ok_or(NotTwoNumbers)?;
        Ok(Self { epoch: both.0, at: both.1 })
    }
}

impl From<Position> for String {
    fn from(position: Position) -> Self {
        position.to_string()
    }
}

impl TryFrom<String> for Position {
    type Error = NotTwoNumbers;

    fn try_from(text: String) -> Result<Self, NotTwoNumbers> {
        text.parse()
    }
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.position)?;
        match &self.within {
            Within::Mark => f.write_str(":"),
            Within::Row(key) => write!(f, ":{}", key.as_str()),
            Within::All => Ok(()),
        }
    }
}

impl FromStr for FeedCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (position, key) = match text.split_once(':') {
            Some((position, key)) => (position, Some(key)),
            None => (text, None),
        };
        let position = number(position).ok_or(NotACursor)?;
        let within = match key {
            None => Within::All,
            Some("") => Within::Mark,
            Some(key) => {
                Within::Row(Key::try_from(key.to_owned()).map_err(|_not_a_key| NotACursor)?)
            }
        };
        Ok(Self { position, within })
    }
}

impl From<FeedCursor> for String {
    fn from(cursor: FeedCursor) -> Self {
        cursor.to_string()
    }
}

impl TryFrom<String> for FeedCursor {
    type Error = NotACursor;

    fn try_from(text: String) -> Result<Self, NotACursor> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::{FeedCursor, NotTwoNumbers, Position, Within};
    use crate::Key;

    #[test]
    fn a_position_is_compared_as_a_pair_of_numbers() {
        let position = |text: &str| text.parse::<Position>().unwrap();
        assert!(position("2.0") > position("1.999"));
        assert!(position("2.0") > position("1.18446744073709551615"));
        assert!(position("2.10") > position("2.9"));
        assert_eq!(position("3.1842").to_string(), "3.1842");
        assert_eq!(serde_json::to_string(&position("3.1842")).unwrap(), r#""3.1842""#);
    }

    #[test]
    fn what_is_no_pair_of_numbers_is_refused() {
        for text in [
            "",
            ".",
            "1",
            "1.",
            ".1",
            "1.2.3",
            "-1.2",
            "+1.2",
            "1.+2",
            "1,2",
            " 1.2",
            "1.x",
            "\u{e9}.1",
            "1.18446744073709551616",
        ] {
            assert_eq!(text.parse::<Position>(), Err(NotTwoNumbers), "{text}");
        }
    }

    #[test]
    fn a_cursor_knows_a_place_by_its_mark_its_rows_or_all_of_it() {
        let cursor = |text: &str| text.parse::<FeedCursor>().unwrap();
        let rows = ["7:", "7:a3", "7:b42", "7:x:y", "7", "8:"];
        assert!(rows.map(cursor).is_sorted());
        assert_eq!(rows.map(|text| cursor(text).to_string()), rows);
        assert_eq!(cursor("7:a3").within, Within::Row(Key::number(3)));
        assert_eq!((cursor("0:"), cursor("7")), (FeedCursor::START, FeedCursor::all(7)));
        for text in ["", ":", ":a3", "x", "-1", "+1:", "1.2"] {
            assert!(text.parse::<FeedCursor>().is_err(), "{text}");
        }
    }
}
