//! A share of requests, as a tag says it.

use std::collections::BTreeMap;

/// A part of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Percent(u8);

impl Percent {
    pub(crate) const NONE: Self = Self(0);

    /// The value of a tag, if it is there.
    ///
    /// # Errors
    /// The rule, if the value breaks it.
    pub(crate) fn tagged(
        tags: &BTreeMap<String, String>,
        tag: &str,
    ) -> Result<Option<Self>, String> {
        let Some(value) = tags.get(tag) else { return Ok(None) };
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse().ok().filter(|number| digits && *number <= 100);
        match number {
            Some(number) => Ok(Some(Self(number))),
            None => Err(format!("{tag} must be a whole number from 0 to 100, not {value:?}")),
        }
    }

    /// Whether one of many is among them: by lot.
    pub(crate) fn takes(self) -> bool {
        self.0 == 100 || (self.0 > 0 && fastrand::u8(..100) < self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Percent;

    #[test]
    fn a_hundred_takes_all_and_zero_none() {
        assert!((0..10_000).all(|_| Percent(100).takes() && !Percent(0).takes()));
    }
}
