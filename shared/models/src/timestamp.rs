//! Points in time, as the wire shows them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

/// A point in time in milliseconds since 1970-01-01T00:00:00Z; RFC 3339 in UTC on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Milliseconds since the Unix epoch.
    pub unix_ms: i64,
}

impl Timestamp {
    /// Now, by this machine's clock.
    pub fn now() -> Self {
        Self { unix_ms: jiff::Timestamp::now().as_millisecond() }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only a damaged store holds a number that is no time; it must still be possible to show it.
        let time = jiff::Timestamp::from_millisecond(self.unix_ms).unwrap_or(jiff::Timestamp::MIN);
        write!(f, "{time:.3}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(Self { unix_ms: time.as_millisecond() })
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_time_has_three_decimals_and_a_z() {
        let shown = Timestamp { unix_ms: 1_760_000_000_000 }.to_string();
        assert_eq!(shown, "2025-10-09T08:53:20.000Z");
        let parsed: Timestamp = serde_json::from_value(shown.into()).unwrap();
        assert_eq!(parsed.unix_ms, 1_760_000_000_000);
    }
}
