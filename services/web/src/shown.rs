//! Texts that others wrote, as a page shows them: no markup, no influence on the text around them, nothing unseen.

use maud::{Markup, html};

/// Characters that nothing shows, and that could make one name look like another, or change the order of the text
/// around it: Unicode's `Default_Ignorable_Code_Point`, `Bidi_Control`, controls, line ends, and blanks that look like none.
const UNSEEN: &[(char, char)] = &[
    ('\0', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];
/// What is seen only together with another character: spaces, combining marks, variation selectors.
const ALONE_UNSEEN: &[(char, char)] = &[
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{300}', '\u{36f}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{1ab0}', '\u{1aff}'),
    ('\u{1dc0}', '\u{1dff}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{20d0}', '\u{20ff}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{fe20}', '\u{fe2f}'),
];

/// A part of a text on one line.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Seen(String),
    /// The code of a character that could not be seen: `U+202E`.
    Code(String),
}

/// A text on one line, isolated from the text around it. Characters that could not be seen are shown as their codes.
pub(crate) fn line(text: &str) -> Markup {
    html! {
        bdi {
            @for part in parts(text) {
                @match part {
                    Part::Seen(text) => (text),
                    Part::Code(code) => span.code { (code) },
                }
            }
        }
    }
}

/// The same where there is no markup, as in the title of a page.
pub(crate) fn plain(text: &str) -> String {
    let shown = parts(text).into_iter().map(|part| match part {
        Part::Seen(text) => text,
        Part::Code(code) => format!("[{code}]"),
    });
    shown.collect()
}

fn parts(text: &str) -> Vec<Part> {
    let characters: Vec<char> = text.chars().collect();
    let seen = |character: &char| !is_in(UNSEEN, *character) && !is_in(ALONE_UNSEEN, *character);
    let any_seen = characters.iter().any(seen);
    let mut parts = Vec::new();
    for (index, &character) in characters.iter().enumerate() {
        let beside = [index.checked_sub(1), index.checked_add(1)];
        let beside = beside.map(|index| index.and_then(|index| characters.get(index)));
        let unseen = is_in(UNSEEN, character) && !joins(character, beside);
        if unseen || !any_seen {
            parts.push(Part::Code(format!("U+{:04X}", u32::from(character))));
        } else if let Some(Part::Seen(text)) = parts.last_mut() {
            text.push(character);
        } else {
            parts.push(Part::Seen(character.to_string()));
        }
    }
    parts
}

/// Whether this joins two characters, or keeps them apart, of a script that needs that, or of an emoji.
fn joins(character: char, beside: [Option<&char>; 2]) -> bool {
    let foreign = |beside: Option<&char>| {
        beside.is_some_and(|beside| !beside.is_ascii() && !is_in(UNSEEN, *beside))
    };
    matches!(character, '\u{200c}' | '\u{200d}') && beside.into_iter().all(foreign)
}

fn is_in(ranges: &[(char, char)], character: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

#[cfg(test)]
mod tests {
    use super::{line, plain};

    #[test]
    fn what_cannot_be_seen_is_shown_as_a_code() {
        assert_eq!(plain("Finn"), "Finn");
        assert_eq!(plain("Fi\u{200b}nn"), "Fi[U+200B]nn");
        assert_eq!(plain("Finn\u{200d}"), "Finn[U+200D]");
        assert_eq!(plain("\u{202e}nniF"), "[U+202E]nniF");
        assert_eq!(plain("\u{200b}\u{2060}"), "[U+200B][U+2060]");
        assert_eq!(plain(" \u{301}"), "[U+0020][U+0301]");
        assert_eq!(plain("a\nb"), "a[U+000A]b");
    }

    #[test]
    fn names_of_all_scripts_are_left_as_they_are() {
        for name in [
            "Zoë",
            "عبد الله",
            "نیم\u{200c}فاصله",
            "👩\u{200d}🚀",
            "क\u{94d}\u{200d}ष",
            "❤\u{fe0f}",
            "李小龍",
        ] {
            assert_eq!(plain(name), name);
        }
    }

    #[test]
    fn markup_is_text_and_isolated() {
        let shown = line("<script>\u{202e}").into_string();
        assert_eq!(shown, "<bdi>&lt;script&gt;<span class=\"code\">U+202E</span></bdi>");
    }
}
