//! A share of requests, as a tag says it.

/// A part of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(u8);

impl Percent {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// What the value of a tag must be.
    pub const TAKES: &str = "a whole number from 0 to 100";

    /// The value of a tag; none: it is not what it must be.
    pub fn parse(value: &str) -> Option<Self> {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        value.parse().ok().filter(|number| digits && *number <= 100).map(Self)
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }

    /// Whether one of many is among them, by a number below 100.
    pub fn takes(self, lot: u8) -> bool {
        lot < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Percent;

    #[test]
    fn a_percentage_is_a_whole_number_up_to_a_hundred() {
        for value in ["0", "1", "100", "050"] {
            assert!(Percent::parse(value).is_some(), "{value}");
        }
        for value in ["", "101", "-1", "+1", "1.5", "10%", "ten", " 1", "256"] {
            assert_eq!(Percent::parse(value), None, "{value}");
        }
    }

    #[test]
    fn a_hundred_takes_all_and_zero_none() {
        assert!((0..100).all(|lot| Percent(100).takes(lot) && !Percent(0).takes(lot)));
    }
}
