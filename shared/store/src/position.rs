//! Places in a store's feed, as numbers that can be compared.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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

/// Up to where a reader knows a feed: `1842.7` is everything before the place 1842, and of that place
/// everything up to row 7.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(into = "String", try_from = "String")]
pub struct FeedCursor {
    /// The place in the feed.
    pub position: u64,
    /// The last row that is known at that place; 0 for a mark, which comes before the rows.
    pub id: u64,
}

impl FeedCursor {
    /// Nothing is known: the feed from here is the snapshot.
    pub const START: Self = Self { position: 0, id: 0 };
}

/// Why a text is no [`Position`] or [`FeedCursor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTwoNumbers;

impl fmt::Display for NotTwoNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("takes two whole numbers with a dot between them, such as 3.1842")
    }
}

impl Error for NotTwoNumbers {}

/// Reads two numbers with a dot between them.
fn pair(text: &str) -> Result<(u64, u64), NotTwoNumbers> {
    let number = |digits: &str| {
        // `parse` alone would take a sign as well.
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    };
    let (one, other) = text.split_once('.').ok_or(NotTwoNumbers)?;
    number(one).zip(number(other)).ok_or(NotTwoNumbers)
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.at)
    }
}

impl FromStr for Position {
    type Err = NotTwoNumbers;

    fn from_str(text: &str) -> Result<Self, NotTwoNumbers> {
        pair(text).map(|(epoch, at)| Self { epoch, at })
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
        write!(f, "{}.{}", self.position, self.id)
    }
}

impl FromStr for FeedCursor {
    type Err = NotTwoNumbers;

    fn from_str(text: &str) -> Result<Self, NotTwoNumbers> {
        pair(text).map(|(position, id)| Self { position, id })
    }
}

impl From<FeedCursor> for String {
    fn from(cursor: FeedCursor) -> Self {
        cursor.to_string()
    }
}

impl TryFrom<String> for FeedCursor {
    type Error = NotTwoNumbers;

    fn try_from(text: String) -> Result<Self, NotTwoNumbers> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::{FeedCursor, NotTwoNumbers, Position};

    #[test]
    fn a_position_is_compared_as_a_pair_of_numbers() {
        let position = |text: &str| text.parse::<Position>().unwrap();
        assert!(position("2.0") > position("1.999"));
        assert!(position("2.10") > position("2.9"));
        assert_eq!(position("3.1842").to_string(), "3.1842");
        assert_eq!(serde_json::to_string(&position("3.1842")).unwrap(), r#""3.1842""#);
    }

    #[test]
    fn what_is_no_pair_of_numbers_is_refused() {
        for text in ["", "1", "1.", ".1", "1.2.3", "-1.2", "+1.2", "1.+2", "1,2", " 1.2"] {
            assert_eq!(text.parse::<Position>(), Err(NotTwoNumbers), "{text}");
            assert_eq!(text.parse::<FeedCursor>(), Err(NotTwoNumbers), "{text}");
        }
        assert_eq!("0.0".parse(), Ok(FeedCursor::START));
        assert!(serde_json::from_str::<FeedCursor>(r#""1""#).is_err());
    }
}
