//! Durations as Go writes them (`time.ParseDuration`), always with a unit.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// Whole seconds or minutes: `10s`, `2m`, `1m30s`. Copilot would take `10` for nothing at all.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| {
        de::Error::custom(format!("{text:?} is no duration; write a unit, such as 10s or 2m"))
    })
}

fn parse(text: &str) -> Option<Duration> {
    let (minutes, seconds) = match text.split_once('m') {
        Some((minutes, "")) => (minutes, None),
        Some((minutes, seconds)) => (minutes, Some(seconds)),
        None => ("0", Some(text)),
    };
    let seconds = seconds.map_or(Some(0), |seconds| number(seconds.strip_suffix('s')?))?;
    Some(Duration::from_secs(number(minutes)? * 60 + seconds))
}

/// A number of digits alone: Rust would take a sign too.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<u32>().ok().filter(|_| digits).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_duration_has_a_unit() {
        let seconds = |text| parse(text).map(|duration| duration.as_secs());
        for (text, expected) in [("10s", 10), ("2m", 120), ("1m30s", 90), ("0s", 0), ("90s", 90)] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in
            ["", "10", "s", "m", "m5s", "5sm", "-5s", "+5s", "1.5s", "5 s", "10ms", "99999999999s"]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
