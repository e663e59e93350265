//! What a YAML scalar without quotes is, by YAML 1.1 as CloudFormation reads it: `yes` is true and `010` is eight.
//!
//! Not all of YAML 1.1: `y` and `n` stay text, as do dates and numbers with a fraction or an exponent.

use serde_json::Number;

use super::node::Data;

/// The value of a scalar without quotes.
pub(super) fn plain(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Data::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Data::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            Data::Bool(false)
        }
        _ => match integer(text) {
            Some(number) => Data::Number(Number::from(number)),
            None => Data::Text(text.to_owned()),
        },
    }
}

/// An integer in base 2, 8, 10, 16 or 60 (<https://yaml.org/type/int.html>); `None` for anything else, and for what 64
/// bits do not hold.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let value = if let Some(digits) = digits.strip_prefix("0b") {
        number(digits, 2)
    } else if let Some(digits) = digits.strip_prefix("0x") {
        number(digits, 16)
    } else if let Some(octal) = digits.strip_prefix('0').filter(|octal| !octal.is_empty()) {
        number(octal, 8)
    } else if digits.starts_with(|first: char| first.is_ascii_digit()) {
        sexagesimal(digits)
    } else {
        None
    }?;
    Some(if text.starts_with('-') { -value } else { value })
}

fn number(digits: &str, base: u32) -> Option<i64> {
    let digits = digits.replace('_', "");
    // A sign within would be read, too.
    digits.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(())?;
    i64::from_str_radix(&digits, base).ok()
}

/// `1:30` is 90; without a colon a decimal number.
fn sexagesimal(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let first = number(parts.next()?, 10)?;
    parts.try_fold(first, |value, part| {
        let part: i64 = match part.as_bytes() {
            [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'] => part.parse().ok()?,
            _ => return None,
        };
        value.checked_mul(60)?.checked_add(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_and_integers_without_quotes_are_those_of_yaml_1_1() {
        for text in ["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"] {
            assert_eq!(plain(text), Data::Bool(true), "{text}");
        }
        for text in ["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"] {
            assert_eq!(plain(text), Data::Bool(false), "{text}");
        }
        let integers = [
            ("0", 0),
            ("10", 10),
            ("+10", 10),
            ("-10", -10),
            ("0300", 192),
            ("-010", -8),
            ("0x10", 16),
            ("0xFf", 255),
            ("0b101", 5),
            ("1_000", 1_000),
            ("012345670123", 1_402_433_619),
            ("1:30", 90),
            ("190:20:30", 685_230),
            ("9223372036854775807", i64::MAX),
        ];
        for (text, number) in integers {
            assert_eq!(plain(text), Data::Number(Number::from(number)), "{text}");
        }
    }

    #[test]
    fn everything_else_without_quotes_stays_the_text_that_was_written() {
        let texts = [
            "y",
            "Y",
            "n",
            "N",
            "yEs",
            "oN",
            "tRUE",
            "2010-09-09",
            "012345678901",
            "0o17",
            "0x",
            "0x-1",
            "0b2",
            "1:60",
            "1:",
            ":1",
            "1:-1",
            "01:30",
            "10.0.0.0/16",
            "1.10",
            "1e3",
            "-",
            "+",
            "_1",
            "9223372036854775808",
            "vpc-1",
        ];
        for text in texts {
            assert_eq!(plain(text), Data::Text(text.to_owned()), "{text}");
        }
    }
}
