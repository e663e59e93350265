//! How far a store has come, as services say it in `Banyan-Position`.

use std::fmt;

/// A place in the history of a collection: `<epoch>.<position>`. A later primary knows all of the earlier ones, so an
/// epoch counts for more than any position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    epoch: u64,
    at: u64,
}

impl Position {
    /// The beginning of an epoch: a store that has reached it has everything of the epochs before.
    pub(crate) fn begin(epoch: u64) -> Self {
        Self { epoch, at: 0 }
    }

    pub(crate) fn epoch(self) -> u64 {
        self.epoch
    }

    /// Reads the value of a field; nothing if it is none.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let (epoch, at) = std::str::from_utf8(value).ok()?.split_once('.')?;
        Some(Self { epoch: number(epoch)?, at: number(at)? })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.at)
    }
}

fn number(digits: &str) -> Option<u64> {
    let digits_only = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| digits_only)
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn an_epoch_counts_for_more_than_a_position() {
        let parsed = |value: &str| Position::parse(value.as_bytes()).unwrap();
        assert!(parsed("2.0") > parsed("1.18446744073709551615"));
        assert!(parsed("1.10") > parsed("1.9"));
        assert_eq!(parsed("3.1842").to_string(), "3.1842");
    }

    #[test]
    fn what_is_no_position_is_none() {
        for value in [
            "",
            ".",
            "1",
            "1.",
            ".1",
            "1.2.3",
            "-1.2",
            "+1.2",
            "1.x",
            "1.18446744073709551616",
            " 1.2",
            "\u{e9}.1",
        ] {
            assert_eq!(Position::parse(value.as_bytes()), None, "{value:?}");
        }
        assert_eq!(Position::parse(b"\xff.1"), None);
    }
}
