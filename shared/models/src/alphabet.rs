//! Which characters a text may hold, by Unicode's own properties, and what becomes of its line ends.

use std::fmt::{self, Write};

/// The characters that a text field may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// `a-z 0-9 _ . -`
    Handle,
    /// A name: something that can be seen, on one line, in the order in which it is written.
    Line,
    /// A text of any number of lines.
    Lines,
}

/// Characters from the first to the last, both included.
type Range = (char, char);

/// Letters of a handle.
const HANDLE: &[Range] = &[('a', 'z'), ('0', '9'), ('_', '_'), ('.', '.'), ('-', '-')];
/// General category Cc, without newline, tab and what stands for a newline.
const CONTROLS: &[Range] = &[
    ('\0', '\u{8}'),
    ('\u{b}', '\u{c}'),
    ('\u{e}', '\u{1f}'),
    ('\u{7f}', '\u{84}'),
    ('\u{86}', '\u{9f}'),
];
/// What ends a line (Unicode, 5.8), and the tab.
const LINE_ENDS: &[Range] =
    &[('\t', '\n'), ('\r', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')];
/// Property `Bidi_Control`: shows text in another order than it has.
const BIDI: &[Range] = &[
    ('\u{61c}', '\u{61c}'),
    ('\u{200e}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2066}', '\u{2069}'),
];
/// Properties `White_Space` and `Default_Ignorable_Code_Point`, the blank of Braille, and the blocks of combining
/// marks: none of them shows anything by itself. Characters that are unassigned, or private, may be shown by some program.
const UNSEEN: &[Range] = &[
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{300}', '\u{36f}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{1ab0}', '\u{1aff}'),
    ('\u{1dc0}', '\u{1dff}'),
    ('\u{2000}', '\u{200d}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{2065}'),
    ('\u{206a}', '\u{206f}'),
    ('\u{20d0}', '\u{20ff}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{fe20}', '\u{fe2f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

impl Alphabet {
    /// Whether this is a text in it. Its line ends are newlines already.
    pub(crate) fn has(self, text: &str) -> bool {
        let all = |allowed: &dyn Fn(char) -> bool| text.chars().all(allowed);
        match self {
            Self::Handle => all(&|character| is_in(&[HANDLE], character)),
            Self::Line => {
                all(&|character| !is_in(&[CONTROLS, LINE_ENDS, BIDI], character))
                    && text.chars().any(|character| !is_in(&[UNSEEN], character))
            }
            Self::Lines => all(&|character| !is_in(&[CONTROLS], character)),
        }
    }

    /// The text as it is stored: in lines, each end of a line is a newline, as HTML forms have it.
    pub(crate) fn store(self, text: String) -> String {
        let ends = ['\r', '\u{85}', '\u{2028}', '\u{2029}'];
        if self != Self::Lines || !text.contains(ends) {
            return text;
        }
        text.replace("\r\n", "\n").replace(ends, "\n")
    }

    /// The alphabet as a regular expression over a whole string that a client sends: ECMA-262 with Unicode, which others read too.
    pub fn pattern(self) -> String {
        match self {
            Self::Handle => format!("^[{}]*$", class(&[HANDLE])),
            Self::Line => {
                let no = class(&[CONTROLS, LINE_ENDS, BIDI]);
                let unseen = class(&[UNSEEN]);
                format!("^[^{no}]*[^{no}{unseen}][^{no}]*$")
            }
            Self::Lines => format!("^[^{}]*$", class(&[CONTROLS])),
        }
    }

    /// How it is said in the documentation, as a sentence.
    pub fn about(self) -> String {
        let stored = match self {
            Self::Lines => {
                " Each line end (CRLF, CR, U+0085, U+2028, U+2029) is stored as a newline, and counts as one character."
            }
            Self::Handle | Self::Line => "",
        };
        format!("Takes {self}.{stored}")
    }
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handle => "only a-z, 0-9, `_`, `.` and `-`",
            Self::Line => {
                "a character that can be seen, and no control characters, line ends or bidirectional controls"
            }
            Self::Lines => "no control characters but line ends and tab",
        })
    }
}

fn is_in(ranges: &[&[Range]], character: char) -> bool {
    let mut ranges = ranges.iter().copied().flatten();
    ranges.any(|(first, last)| (*first..=*last).contains(&character))
}

/// The ranges as they stand in a class of a regular expression. Beyond the first plane a character stands for itself:
/// there is no escape that all readers have.
fn class(ranges: &[&[Range]]) -> String {
    let mut class = String::new();
    for (first, last) in ranges.iter().copied().flatten() {
        put(&mut class, *first);
        if first < last {
            class.push('-');
            put(&mut class, *last);
        }
    }
    class
}

fn put(class: &mut String, character: char) {
    match u32::from(character) {
        0x30..=0x39 | 0x5f | 0x61..=0x7a | 0x1_0000.. => class.push(character),
        // Writing to a string does not fail.
        code => drop(write!(class, "\\u{code:04x}")),
    }
}
