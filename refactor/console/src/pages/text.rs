//! Texts that others wrote, and figures in words.

use std::fmt::Display;

use maud::{Markup, html};

/// A text that others wrote: its direction does not spread, and characters that cannot be seen are shown as their codes.
pub(crate) fn foreign(text: &str) -> Markup {
    let mut parts: Vec<(bool, String)> = Vec::new();
    for character in text.chars() {
        let hidden = is_hidden(character);
        let shown =
            if hidden { format!("U+{:04X}", u32::from(character)) } else { character.into() };
        match parts.last_mut() {
            Some((false, part)) if !hidden => part.push_str(&shown),
            _ => parts.push((hidden, shown)),
        }
    }
    html! {
        bdi {
            @for (hidden, part) in &parts {
                @if *hidden { span class="code-point" { (part) } } @else { (part) }
            }
            @if parts.is_empty() { span class="quiet" { "(empty)" } }
        }
    }
}

/// Whether a character leaves no ink, or changes how others are read (Unicode: Default_Ignorable_Code_Point, Bidi_Control,
/// controls and separators), but for the space.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || (character.is_whitespace() && character != ' ')
        || matches!(u32::from(character),
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x202A..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFE00..=0xFE0E | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// The first characters of a text that is too long for a picture.
pub(crate) fn clipped(text: &str, most: usize) -> String {
    let hidden = |character: char| if is_hidden(character) { '\u{fffd}' } else { character };
    if text.chars().count() <= most {
        return text.chars().map(hidden).collect();
    }
    text.chars().take(most.saturating_sub(1)).map(hidden).chain(['…']).collect()
}

/// So many a second.
pub(crate) fn rate(rate: f64) -> String {
    match rate {
        rate if rate <= 0.0 => "0".to_owned(),
        rate if rate < 9.95 => format!("{rate:.1}"),
        rate => number(rate.round() as u64),
    }
}

/// A number with its thousands apart.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time of so many milliseconds.
pub(crate) fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 60_000.0 => format!("{:.1} s", ms / 1_000.0),
        ms if ms < 7_200_000.0 => format!("{:.0} min", ms / 60_000.0),
        ms => format!("{:.0} h", ms / 3_600_000.0),
    }
}

/// How long ago, in words that do not change each second.
pub(crate) fn age(ms: i64) -> String {
    match ms / 1_000 {
        ..=9 => "just now".to_owned(),
        seconds @ ..=119 => format!("{} s ago", seconds / 10 * 10),
        seconds @ ..=7_199 => format!("{} min ago", seconds / 60),
        seconds @ ..=172_799 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

/// A share from 0 to 1, in percent.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent <= 0.0 => "0 %".to_owned(),
        percent if percent < 0.1 => "< 0.1 %".to_owned(),
        percent if percent < 10.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// A time of day, with its date for machines.
pub(crate) fn time(ms: i64) -> Markup {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(time) => html! {
            time datetime=(time.strftime("%Y-%m-%dT%H:%M:%SZ")) {
                (time.strftime("%Y-%m-%d %H:%M:%S")) " UTC"
            }
        },
        Err(_) => html! { "at an unknown time" },
    }
}

/// A number with its noun.
pub(crate) fn count(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// A figure, or a dash for what is not known.
pub(crate) fn or_dash(figure: Option<impl Display>) -> Markup {
    match figure {
        Some(figure) => html! { (figure.to_string()) },
        None => {
            html! { span class="none" { span class="unseen" { "not known" } span aria-hidden="true" { "–" } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{age, clipped, duration, foreign, number, percent, rate};

    /// Texts that would like to be more than texts.
    const HOSTILE: [&str; 20] = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'><svg onload=alert(1)>",
        "</title><script>alert(1)</script>",
        "</textarea><script>alert(1)</script>",
        "<iframe src=javascript:alert(1)>",
        "javascript:alert(1)",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<style>*{display:none}</style>",
        "<base href=//evil.example>",
        "<meta http-equiv=refresh content=0;url=//evil.example>",
        "<form action=//evil.example><button>Sign in",
        "--><script>alert(1)</script><!--",
        "]]><script>alert(1)</script>",
        "{{7*7}}${7*7}<%= 7*7 %>",
        "\\u003cscript\\u003e",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<bdi></bdi></bdi><b>",
        "\0<script>\0alert(1)</script>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    ];

    #[test]
    fn hostile_texts_stay_texts() {
        for text in HOSTILE {
            let shown = foreign(text).into_string();
            let inside = shown.strip_prefix("<bdi>").unwrap().strip_suffix("</bdi>").unwrap();
            let code_point = "<span class=\"code-point\">";
            let rest = inside.replace(code_point, "").replace("</span>", "");
            assert!(!rest.contains(['<', '>', '"']), "{text}: {shown}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_shown_as_its_code() {
        for (text, code) in [
            ("admin\u{202e}nimda", "U+202E"),
            ("\u{200b}\u{200b}", "U+200B"),
            ("a\u{2066}b", "U+2066"),
            ("a\u{feff}", "U+FEFF"),
            ("\u{e0041}", "U+E0041"),
            ("a\nb", "U+000A"),
            ("\u{3164}", "U+3164"),
            ("a\u{a0}b", "U+00A0"),
        ] {
            assert!(foreign(text).into_string().contains(code), "{text:?}");
        }
        assert!(foreign("").into_string().contains("empty"));
        assert_eq!(foreign("Zoë 😀 日本").into_string(), "<bdi>Zoë 😀 日本</bdi>");
        assert_eq!(clipped("ab\u{202e}cdef", 5), "ab\u{fffd}c…");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [rate(0.0), rate(1.25), rate(12.4), rate(1_234_567.0)],
            ["0", "1.2", "12", "1,234,567"]
        );
        assert_eq!([number(0), number(999), number(1_000)], ["0", "999", "1,000"]);
        assert_eq!(
            [duration(1.24), duration(80.4), duration(2_500.0)],
            ["1.2 ms", "80 ms", "2.5 s"]
        );
        assert_eq!(
            [percent(0.0), percent(0.0001), percent(0.021), percent(1.0)],
            ["0 %", "< 0.1 %", "2.1 %", "100 %"]
        );
        assert_eq!([age(3_000), age(75_000), age(600_000)], ["just now", "70 s ago", "10 min ago"]);
    }
}
